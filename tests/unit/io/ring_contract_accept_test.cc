// The contract of io/ring.h, first part: listening, the table of sockets, time and wake-ups. The
// others are ring_contract_stream_test.cc and ring_contract_connect_test.cc.

#include <algorithm>
#include <cerrno>
#include <set>
#include <vector>

#include "tests/unit/io/ring_harness.h"

namespace parley::io {
namespace {

TEST_P(RingContract, AcceptDeliversEachSocketWithItsPeer) {
  open({});
  std::set<std::uint32_t> sockets;
  for (int i = 0; i < 5; ++i) {
    const Pair pair = connect_and_accept();
    EXPECT_TRUE(sockets.insert(pair.socket.value).second);
    EXPECT_EQ(ring().peer(pair.socket), harness().address(pair.client));
    EXPECT_EQ(harness().state(pair.client), ClientState::open);
  }
}

TEST_P(RingContract, AcceptGoesOnUntilToldOtherwise) {
  open({});
  ring().accept(accept_conn);
  for (int i = 0; i < 5; ++i) static_cast<void>(harness().connect(WorkerId{0}));
  for (const Completion& accepted : take(Op::accept, 5)) {
    EXPECT_EQ(accepted.conn, accept_conn);
    EXPECT_TRUE(accepted.more);
    EXPECT_FALSE(accepted.has_buffer);
    EXPECT_GE(accepted.result, 0);
  }
}

TEST_P(RingContract, AcceptDeliversAClientThatIsGoneAlready) {
  open({});
  const ClientId client = harness().connect(WorkerId{0});
  const std::vector<std::byte> sent = pattern(10);
  client_send(client, sent);
  harness().shut_down(client);
  ring().accept(accept_conn);
  const Completion accepted = take(Op::accept, 1).front();
  ASSERT_GE(accepted.result, 0);
  const SocketId socket{static_cast<std::uint32_t>(accepted.result)};
  EXPECT_EQ(ring().peer(socket), harness().address(client));
  ring().recv({3, 1}, socket);
  EXPECT_EQ(receive_bytes(10), sent);
  EXPECT_EQ(take(Op::recv, 1).front().result, 0);
}

TEST_P(RingContract, AcceptEndsNearAFullTableAndNoConnectionIsLost) {
  constexpr std::uint32_t clients_max = 10;
  open({.connections_max = 5, .accept_margin = 1});
  std::vector<ClientId> clients;
  for (std::uint32_t i = 0; i < clients_max; ++i) clients.push_back(harness().connect(WorkerId{0}));

  std::uint32_t served = 0;
  while (served < clients_max) {
    ring().accept(accept_conn);
    std::vector<SocketId> sockets;
    const std::size_t expected = std::min(4u, clients_max - served);
    for (const Completion& accepted : take(Op::accept, expected)) {
      ASSERT_GE(accepted.result, 0);
      sockets.push_back({static_cast<std::uint32_t>(accepted.result)});
      EXPECT_EQ(accepted.more, sockets.size() < 4) << "after " << served + sockets.size();
    }
    settle();
    EXPECT_EQ(untaken(Op::accept), 0u) << "More sockets than the table has room for.";
    for (const SocketId socket : sockets) {
      const std::vector<std::byte> greeting = pattern(9);
      const Bytes piece = greeting;
      ring().send({served, 1}, socket, {&piece, 1});
      EXPECT_EQ(take(Op::send, 1).front().result, 9);
      EXPECT_EQ(client_receive(clients[served], 9), greeting);
      close({{served, 1}, socket, clients[served]});
      ++served;
    }
  }
}

TEST_P(RingContract, AcceptIntoAFullTableEndsWithEnfileAndLosesNobody) {
  open({.connections_max = 2});
  ring().accept(accept_conn);
  const ClientId first = harness().connect(WorkerId{0});
  const ClientId second = harness().connect(WorkerId{0});
  const ClientId third = harness().connect(WorkerId{0});
  const std::vector<Completion> accepted = take_until_end(Op::accept);
  ASSERT_EQ(accepted.size(), 2u);
  ASSERT_GE(accepted[0].result, 0);
  ASSERT_GE(accepted[1].result, 0);

  ring().accept(accept_conn);
  const Completion full = take(Op::accept, 1).front();
  EXPECT_EQ(full.result, -ENFILE);
  EXPECT_FALSE(full.more);

  const SocketId freed{static_cast<std::uint32_t>(accepted[0].result)};
  close({{0, 1}, freed, first});
  ring().accept(accept_conn);
  const Completion again = take(Op::accept, 1).front();
  ASSERT_GE(again.result, 0);
  const SocketId socket{static_cast<std::uint32_t>(again.result)};
  EXPECT_EQ(ring().peer(socket), harness().address(third));
  EXPECT_EQ(harness().state(second), ClientState::open);
  EXPECT_EQ(harness().state(third), ClientState::open);
}

TEST_P(RingContract, StopListeningEndsAcceptAndRefusesNewConnections) {
  open({});
  const Pair pair = connect_and_accept();
  ring().stop_listening();
  const Completion last = take(Op::accept, 1).front();
  EXPECT_FALSE(last.more);
  EXPECT_LT(last.result, 0);
  EXPECT_EQ(last.conn, accept_conn);
  expect_client_state(harness().connect(WorkerId{0}), ClientState::refused);

  ring().recv(pair.conn, pair.socket);  // Those who came before are not affected.
  client_send(pair.client, pattern(20));
  EXPECT_EQ(receive_bytes(20), pattern(20));
}

TEST_P(RingContract, StopListeningWithoutAcceptUnderWayRefusesToo) {
  open({});
  ring().stop_listening();
  settle();
  EXPECT_EQ(untaken(Op::accept), 0u);
  expect_client_state(harness().connect(WorkerId{0}), ClientState::refused);
}

TEST_P(RingContract, WaitReturnsNothingOnceTheDeadlineHasPassed) {
  open({});
  const Instant deadline = ring().now() + milliseconds(20);
  EXPECT_TRUE(ring().wait(deadline, Ring::completion_batch_max).empty());
  EXPECT_GE(ring().now(), deadline);
}

TEST_P(RingContract, WaitPollsWhenTheDeadlineIsInThePast) {
  open({.rings = 2});
  EXPECT_TRUE(ring().wait(Instant{0}, Ring::completion_batch_max).empty());
  ring().accept(accept_conn);
  ring().wake(WorkerId{0});
  std::size_t wakes = 0;
  for (int i = 0; i < 1'000 && wakes == 0; ++i) {
    wakes = ring().wait(Instant{0}, Ring::completion_batch_max).size();
  }
  EXPECT_EQ(wakes, 1u);
}

TEST_P(RingContract, WaitHonoursCompletionsMaxAndLosesNothing) {
  open({});
  ring().accept(accept_conn);
  for (int i = 0; i < 7; ++i) static_cast<void>(harness().connect(WorkerId{0}));
  std::set<std::int32_t> sockets;
  for (int i = 0; i < 100 && sockets.size() < 7; ++i) {
    const std::span<const Completion> some = ring().wait(ring().now() + milliseconds(20), 2);
    EXPECT_LE(some.size(), 2u);
    for (const Completion& completion : some) {
      EXPECT_EQ(completion.op, Op::accept);
      EXPECT_TRUE(sockets.insert(completion.result).second);
    }
  }
  EXPECT_EQ(sockets.size(), 7u);
}

TEST_P(RingContract, WaitForNoCompletionsSubmitsAndSleepsUntilTheDeadline) {
  open({});
  const Pair pair = connect_and_accept();
  const std::vector<std::byte> sent = pattern(40);
  const Bytes piece = sent;
  ring().send(pair.conn, pair.socket, {&piece, 1});
  const Instant deadline = ring().now() + milliseconds(20);
  EXPECT_TRUE(ring().wait(deadline, 0).empty());
  EXPECT_GE(ring().now(), deadline);
  EXPECT_EQ(harness().receive(pair.client, 100), sent);
  EXPECT_EQ(take(Op::send, 1).front().result, 40);
}

TEST_P(RingContract, WakeMakesTheOtherRingReturnWithOneWake) {
  open({.rings = 2});
  Ring& target = harness().ring(WorkerId{1});
  EXPECT_TRUE(target.wait(Instant{0}, Ring::completion_batch_max).empty());
  ring().wake(WorkerId{1});
  settle();
  EXPECT_EQ(untaken(Op::wake), 0u) << "The waker sees no completion.";
  const std::span<const Completion> woken =
      target.wait(target.now() + seconds(10), Ring::completion_batch_max);
  ASSERT_EQ(woken.size(), 1u);
  EXPECT_EQ(woken[0].op, Op::wake);
  EXPECT_FALSE(woken[0].more);
  EXPECT_FALSE(woken[0].has_buffer);
  EXPECT_TRUE(target.wait(target.now() + milliseconds(5), Ring::completion_batch_max).empty());
}

TEST_P(RingContract, TimeDoesNotRunBackwards) {
  open({});
  Instant before = ring().now();
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(ring().wait(before + microseconds(i * 10), Ring::completion_batch_max));
    const Instant after = ring().now();
    EXPECT_GE(after, before);
    before = after;
  }
  EXPECT_GT(ring().wall_now().value, 0);
}

}  // namespace
}  // namespace parley::io
