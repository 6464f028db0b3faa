// The contract of io/ring.h, third part: connecting. `near` is the ring that connects, the other
// one accepts.

#include <cerrno>
#include <set>
#include <vector>

#include "tests/unit/io/ring_harness.h"

namespace parley::io {
namespace {

constexpr IpAddress any_source{};

SocketId socket_of(const Completion& completion) {
  return {static_cast<std::uint32_t>(completion.result)};
}

// What the next receive of `ring` brings, recycled.
std::vector<std::byte> bytes_of(Ring& ring, const Completion& received) {
  EXPECT_GT(received.result, 0);
  if (received.result <= 0) return {};
  const MutableBytes bytes =
      ring.buffer(received.buffer, static_cast<std::uint32_t>(received.result));
  std::vector<std::byte> copy(bytes.begin(), bytes.end());
  ring.recycle(received.buffer);
  return copy;
}

TEST_P(RingContract, ConnectMakesASocketThatCarriesBytesBothWays) {
  open({.connects = true});
  const Link link = connect_and_accept_near();
  EXPECT_EQ(near_ring().peer(link.near), harness().listener(WorkerId{0}).ip);
  near_ring().recv(link.near_conn, link.near);
  ring().recv(link.far_conn, link.far);

  const std::vector<std::byte> question = pattern(100);
  const Bytes question_piece = question;
  near_ring().send(link.near_conn, link.near, {&question_piece, 1});
  EXPECT_EQ(take_near(Op::send, 1).front().result, 100);
  EXPECT_EQ(receive_bytes(100), question);

  const std::vector<std::byte> answer(60, std::byte{7});
  const Bytes answer_piece = answer;
  ring().send(link.far_conn, link.far, {&answer_piece, 1});
  const Completion received = take_near(Op::recv, 1).front();
  EXPECT_EQ(received.conn, link.near_conn);
  EXPECT_EQ(bytes_of(near_ring(), received), answer);
}

TEST_P(RingContract, ConnectedSocketsEndAsAcceptedOnesDo) {
  open({.connects = true});
  const Link link = connect_and_accept_near();
  near_ring().recv(link.near_conn, link.near);
  ring().shutdown(link.far_conn, link.far);
  const Completion end = take_near(Op::recv, 1).front();
  EXPECT_EQ(end.result, 0);
  EXPECT_FALSE(end.more);

  near_ring().shutdown(link.near_conn, link.near);
  EXPECT_EQ(take_near(Op::shutdown, 1).front().result, 0);
  near_ring().recv(link.near_conn, link.near);
  EXPECT_EQ(take_near(Op::recv, 1).front().result, 0);
  near_ring().close(link.near_conn, link.near);
  EXPECT_EQ(take_near(Op::close, 1).front().result, 0);
}

TEST_P(RingContract, ConnectIsRefusedWhereNobodyListens) {
  open({.connections_max = 1, .connects = true});
  ring().stop_listening();
  for (std::uint32_t i = 0; i < 3; ++i) {  // In a table of one: nothing is left behind.
    near_ring().connect({i, 5}, harness().listener(WorkerId{0}), any_source);
    const Completion refused = take_near(Op::connect, 1).front();
    EXPECT_EQ(refused.conn, (ConnId{i, 5}));
    EXPECT_EQ(refused.result, -ECONNREFUSED);
    EXPECT_FALSE(refused.more);
    EXPECT_FALSE(refused.has_buffer);
  }
  settle();
  EXPECT_EQ(untaken_near(Op::connect), 0u);
}

TEST_P(RingContract, ConnectComesFromTheSourceAddressThatWasAsked) {
  open({.connects = true});
  ring().accept(accept_conn);
  for (std::uint8_t i = 0; i < 5; ++i) {
    const IpAddress source = IpAddress::v4(127, 0, 3, static_cast<std::uint8_t>(10 + i));
    near_ring().connect({i, 1}, harness().listener(WorkerId{0}), source);
    EXPECT_GE(take_near(Op::connect, 1).front().result, 0);
    const Completion accepted = take(Op::accept, 1).front();
    ASSERT_GE(accepted.result, 0);
    EXPECT_EQ(ring().peer(socket_of(accepted)), source);
  }
}

TEST_P(RingContract, ConnectLeavesTheSourceToTheKernelWhenItIsUnspecified) {
  open({.connects = true});
  ring().accept(accept_conn);
  for (const IpAddress& source : {IpAddress{}, IpAddress::v4(0, 0, 0, 0)}) {
    near_ring().connect({1, 1}, harness().listener(WorkerId{0}), source);
    EXPECT_GE(take_near(Op::connect, 1).front().result, 0);
    const Completion accepted = take(Op::accept, 1).front();
    ASSERT_GE(accepted.result, 0);
    EXPECT_TRUE(ring().peer(socket_of(accepted)).is_v4());
    EXPECT_FALSE(ring().peer(socket_of(accepted)).is_unspecified());
  }
}

TEST_P(RingContract, ConnectBeyondTheTableEndsWithEnfileUntilASocketIsClosed) {
  open({.connections_max = 2, .connects = true});
  const SocketAddress to = harness().listener(WorkerId{0});
  for (std::uint32_t i = 0; i < 4; ++i) near_ring().connect({i, 1}, to, any_source);
  std::set<std::uint32_t> full;
  std::vector<Completion> connected;
  for (const Completion& completion : take_near(Op::connect, 4)) {
    EXPECT_FALSE(completion.more);
    if (completion.result >= 0) {
      connected.push_back(completion);
    } else {
      EXPECT_EQ(completion.result, -ENFILE);
      full.insert(completion.conn.slot);
    }
  }
  EXPECT_EQ(full, (std::set<std::uint32_t>{2, 3}));
  ASSERT_EQ(connected.size(), 2u);

  near_ring().close(connected[0].conn, socket_of(connected[0]));
  EXPECT_EQ(take_near(Op::close, 1).front().result, 0);
  near_ring().connect({2, 2}, to, any_source);
  const Completion again = take_near(Op::connect, 1).front();
  EXPECT_EQ(again.conn, (ConnId{2, 2}));
  EXPECT_EQ(again.result, connected[0].result);
}

TEST_P(RingContract, ConnectIntoAFullTableIsHeardOfWithoutSleeping) {
  open({.connections_max = 1, .connects = true});
  const SocketAddress to = harness().listener(WorkerId{0});
  near_ring().connect({0, 1}, to, any_source);
  EXPECT_GE(take_near(Op::connect, 1).front().result, 0);
  near_ring().connect({1, 1}, to, any_source);
  const Instant long_after = near_ring().now() + seconds(30);
  const auto heard = near_ring().wait(long_after, Ring::completion_batch_max);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].result, -ENFILE);
  EXPECT_LT(near_ring().now(), long_after);
}

TEST_P(RingContract, ConnectStaysUnderWayWhereNobodyAnswersAndCanBeCancelled) {
  open({.connections_max = 1, .connects = true});
  const SocketAddress silent = harness().silent_listener();
  near_ring().connect({3, 9}, silent, any_source);
  settle();
  ASSERT_EQ(untaken_near(Op::connect), 0u);
  near_ring().cancel_connect({3, 9});
  const Completion cancelled = take_near(Op::connect, 1).front();
  EXPECT_EQ(cancelled.conn, (ConnId{3, 9}));
  EXPECT_EQ(cancelled.result, -ECANCELED);
  EXPECT_FALSE(cancelled.more);
  settle();
  EXPECT_EQ(untaken_near(Op::cancel), 0u) << "The caller hears of the connect alone.";

  near_ring().connect({3, 10}, harness().listener(WorkerId{0}), any_source);  // The slot is free.
  EXPECT_GE(take_near(Op::connect, 1).front().result, 0);
}

TEST_P(RingContract, ConnectCancelledBeforeItWasSubmittedEndsAllTheSame) {
  open({.connects = true});
  const SocketAddress silent = harness().silent_listener();
  for (std::uint32_t i = 0; i < 8; ++i) {
    const IpAddress source = i % 2 == 0 ? any_source : IpAddress::v4(127, 0, 0, 9);
    near_ring().connect({i, 1}, silent, source);
    near_ring().cancel_connect({i, 1});
    near_ring().cancel_connect({i, 1});  // Twice is once.
  }
  std::set<std::uint32_t> ended;
  for (const Completion& cancelled : take_near(Op::connect, 8)) {
    EXPECT_EQ(cancelled.result, -ECANCELED);
    EXPECT_TRUE(ended.insert(cancelled.conn.slot).second);
  }
  settle();
  EXPECT_EQ(untaken_near(Op::connect), 0u);
}

TEST_P(RingContract, CancelConnectWithoutOneUnderWayIsNothing) {
  open({.connects = true});
  near_ring().cancel_connect({0, 1});
  const Link link = connect_and_accept_near();
  near_ring().cancel_connect(link.near_conn);
  near_ring().cancel_connect({link.near_conn.slot, 77});
  settle();
  EXPECT_EQ(untaken_near(Op::connect), 0u);
  EXPECT_EQ(untaken_near(Op::cancel), 0u);

  const std::vector<std::byte> sent = pattern(30);
  const Bytes piece = sent;
  near_ring().send(link.near_conn, link.near, {&piece, 1});
  ring().recv(link.far_conn, link.far);
  EXPECT_EQ(receive_bytes(30), sent);
}

TEST_P(RingContract, CancelConnectLeavesTheOthersAlone) {
  open({.connects = true});
  const SocketAddress silent = harness().silent_listener();
  for (std::uint32_t i = 0; i < 4; ++i) near_ring().connect({i * 1'024, 1}, silent, any_source);
  settle();
  near_ring().cancel_connect({2 * 1'024, 2});  // Of a generation that is not under way.
  near_ring().cancel_connect({1'024, 1});
  EXPECT_EQ(take_near(Op::connect, 1).front().conn, (ConnId{1'024, 1}));
  settle();
  EXPECT_EQ(untaken_near(Op::connect), 0u);
}

TEST_P(RingContract, ConnectManyAtOnceAndReuseTheirSockets) {
  constexpr std::uint32_t count = 64;
  open({.connections_max = count, .connects = true});
  const SocketAddress to = harness().listener(WorkerId{0});
  ring().accept(accept_conn);
  for (std::uint32_t round = 1; round <= 3; ++round) {
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto last = static_cast<std::uint8_t>(2 + i % 4);
      near_ring().connect({i, round}, to, i % 3 == 0 ? any_source : IpAddress::v4(127, 0, 4, last));
    }
    std::set<std::uint32_t> slots;
    std::vector<Completion> connected = take_near(Op::connect, count);
    for (const Completion& completion : connected) {
      EXPECT_EQ(completion.conn.generation, round);
      ASSERT_GE(completion.result, 0);
      EXPECT_LT(socket_of(completion).value, count);
      EXPECT_TRUE(slots.insert(completion.conn.slot).second);
      near_ring().close(completion.conn, socket_of(completion));
    }
    for (const Completion& closed : take_near(Op::close, count)) EXPECT_EQ(closed.result, 0);

    std::vector<Completion> accepted = take(Op::accept, count);
    for (const Completion& completion : accepted) {
      ASSERT_GE(completion.result, 0);
      ring().close({socket_of(completion).value, round}, socket_of(completion));
    }
    static_cast<void>(take(Op::close, count));
    if (!accepted.back().more) ring().accept(accept_conn);
  }
}

}  // namespace
}  // namespace parley::io
