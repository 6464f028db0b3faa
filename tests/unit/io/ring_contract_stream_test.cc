// The contract of io/ring.h, second part: what happens on a connection.

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "tests/unit/io/ring_harness.h"

namespace parley::io {
namespace {

// More than the buffers between a server and a client that does not read can hold.
constexpr std::size_t flood_bytes = std::size_t{8} << 20;

TEST_P(RingContract, RecvDeliversBytesThenEndOfFile) {
  open({});
  const Pair pair = connect_and_accept();
  ring().recv(pair.conn, pair.socket);
  client_send(pair.client, pattern(100));
  EXPECT_EQ(receive_bytes(100), pattern(100));
  harness().shut_down(pair.client);
  const Completion end = take(Op::recv, 1).front();
  EXPECT_EQ(end.conn, pair.conn);
  EXPECT_EQ(end.result, 0);
  EXPECT_FALSE(end.more);
  EXPECT_FALSE(end.has_buffer);
}

TEST_P(RingContract, RecvNeverExceedsABufferAndKeepsTheOrder) {
  open({.recv_buffer_bytes = 64});
  const Pair pair = connect_and_accept();
  ring().recv(pair.conn, pair.socket);
  const std::vector<std::byte> sent = pattern(600);
  client_send(pair.client, sent);
  std::vector<std::byte> received;
  while (received.size() < sent.size()) {
    const Completion completion = take(Op::recv, 1).front();
    ASSERT_GT(completion.result, 0);
    ASSERT_LE(completion.result, 64);
    const MutableBytes bytes =
        ring().buffer(completion.buffer, static_cast<std::uint32_t>(completion.result));
    received.insert(received.end(), bytes.begin(), bytes.end());
    ring().recycle(completion.buffer);
    if (!completion.more) ring().recv(pair.conn, pair.socket);
  }
  EXPECT_EQ(received, sent);
}

TEST_P(RingContract, RecvAfterResetGivesConnectionReset) {
  open({});
  const Pair pair = connect_and_accept();
  ring().recv(pair.conn, pair.socket);
  settle();
  harness().reset(pair.client);
  const Completion end = take(Op::recv, 1).front();
  EXPECT_EQ(end.result, -ECONNRESET);
  EXPECT_FALSE(end.more);
  EXPECT_FALSE(end.has_buffer);
  close(pair);
}

TEST_P(RingContract, BuffersAreLentUntilRecycled) {
  open({.recv_buffer_bytes = 64, .recv_buffers = 8});
  const Pair pair = connect_and_accept();
  ring().recv(pair.conn, pair.socket);
  std::vector<Completion> lent;
  for (std::uint8_t i = 0; i < 4; ++i) {
    const std::vector<std::byte> sent(50, std::byte{i});
    client_send(pair.client, sent);
    lent.push_back(take(Op::recv, 1).front());
    ASSERT_EQ(lent.back().result, 50);
  }
  for (std::uint8_t i = 0; i < 4; ++i) {
    const MutableBytes bytes = ring().buffer(lent[i].buffer, 50);
    for (std::byte& byte : bytes) {
      ASSERT_EQ(byte, std::byte{i});
      byte = std::byte{0xff};  // A received buffer is the caller's to write to.
    }
  }
  for (const Completion& completion : lent) ring().recycle(completion.buffer);
}

TEST_P(RingContract, RecvWithoutBuffersEndsWithEnobufsAndNoByteIsLost) {
  constexpr std::uint32_t buffers = 4;
  open({.recv_buffer_bytes = 64, .recv_buffers = buffers});
  const Pair pair = connect_and_accept();
  ring().recv(pair.conn, pair.socket);
  const std::vector<std::byte> sent = pattern(1'000);
  client_send(pair.client, sent);
  std::vector<std::byte> received;
  std::uint32_t times_without = 0;
  while (received.size() < sent.size()) {
    const std::vector<Completion> batch = take_until_end(Op::recv);
    EXPECT_EQ(batch.back().result, -ENOBUFS);
    EXPECT_FALSE(batch.back().has_buffer);
    EXPECT_EQ(batch.size(), buffers + 1);
    times_without += 1;
    for (const Completion& completion : batch) {
      if (!completion.has_buffer) continue;
      const MutableBytes bytes =
          ring().buffer(completion.buffer, static_cast<std::uint32_t>(completion.result));
      received.insert(received.end(), bytes.begin(), bytes.end());
      ring().recycle(completion.buffer);
    }
    ring().recv(pair.conn, pair.socket);
    if (received.size() + buffers * 64 > sent.size()) {  // The rest fits the buffers.
      const std::vector<std::byte> rest = receive_bytes(sent.size() - received.size());
      received.insert(received.end(), rest.begin(), rest.end());
    }
  }
  EXPECT_EQ(received, sent);
  EXPECT_GE(times_without, 2u);
}

TEST_P(RingContract, SendDeliversOnePiece) {
  open({});
  const Pair pair = connect_and_accept();
  const std::vector<std::byte> sent = pattern(300);
  const Bytes piece = sent;
  ring().send(pair.conn, pair.socket, {&piece, 1});
  const Completion done = take(Op::send, 1).front();
  EXPECT_EQ(done.conn, pair.conn);
  EXPECT_EQ(done.result, 300);
  EXPECT_FALSE(done.more);
  EXPECT_EQ(client_receive(pair.client, 300), sent);
}

TEST_P(RingContract, SendDeliversTheMostPiecesInOrder) {
  open({});
  const Pair pair = connect_and_accept();
  const std::vector<std::byte> sent = pattern(Ring::send_pieces_max * 5);
  {
    std::vector<Bytes> pieces;  // Gone before the ring submits: only the bytes are borrowed.
    for (std::uint32_t i = 0; i < Ring::send_pieces_max; ++i) {
      pieces.push_back(Bytes(sent).subspan(i * 5, 5));
    }
    ring().send(pair.conn, pair.socket, pieces);
  }
  EXPECT_EQ(take(Op::send, 1).front().result, static_cast<std::int32_t>(sent.size()));
  EXPECT_EQ(client_receive(pair.client, sent.size()), sent);
}

TEST_P(RingContract, SendIsShortWhenThePeerDoesNotReadAndGoesOnWhenItDoes) {
  open({});
  const Pair pair = connect_and_accept();
  const std::vector<std::byte> sent = pattern(flood_bytes);
  const Bytes all = sent;
  std::size_t taken = 0;
  bool in_flight = false;
  std::size_t shorts = 0;
  for (int i = 0; i < 1'000; ++i) {  // Until a send is stuck because the peer reads nothing.
    if (!in_flight) {
      const std::array<Bytes, 2> pieces = {all.subspan(taken, 1'000), all.subspan(taken + 1'000)};
      ring().send(pair.conn, pair.socket, pieces);
      in_flight = true;
    }
    settle();
    if (untaken(Op::send) == 0) break;
    const Completion done = take(Op::send, 1).front();
    ASSERT_GT(done.result, 0);
    taken += static_cast<std::size_t>(done.result);
    shorts += 1;
    in_flight = false;
  }
  ASSERT_TRUE(in_flight);
  EXPECT_GE(shorts, 1u);
  EXPECT_LT(taken, sent.size());

  std::vector<std::byte> received;  // And it goes on when the peer reads.
  while (received.size() < taken + 1) {
    const std::vector<std::byte> some = client_receive(pair.client, 1);
    received.insert(received.end(), some.begin(), some.end());
    const std::vector<std::byte> more = harness().receive(pair.client, 65'536);
    received.insert(received.end(), more.begin(), more.end());
    if (untaken(Op::send) == 0) continue;
    taken += static_cast<std::size_t>(take(Op::send, 1).front().result);
    in_flight = false;
    break;
  }
  EXPECT_FALSE(in_flight);
  const std::vector<std::byte> rest = client_receive(pair.client, taken - received.size());
  received.insert(received.end(), rest.begin(), rest.end());
  EXPECT_TRUE(std::ranges::equal(received, all.first(taken)));
}

TEST_P(RingContract, SendAfterResetGivesAnErrorAndNoSignal) {
  open({});
  const Pair pair = connect_and_accept();
  harness().reset(pair.client);
  settle();
  const std::vector<std::byte> sent = pattern(10);
  const Bytes piece = sent;
  std::int32_t result = 0;
  for (int i = 0; i < 3 && result >= 0; ++i) {  // The first may still be taken.
    ring().send(pair.conn, pair.socket, {&piece, 1});
    result = take(Op::send, 1).front().result;
    settle();
  }
  EXPECT_TRUE(result == -ECONNRESET || result == -EPIPE) << result;
  close(pair);
}

TEST_P(RingContract, ShutdownGivesThePeerEndOfFileWhileWeStillReceive) {
  open({});
  const Pair pair = connect_and_accept();
  ring().recv(pair.conn, pair.socket);
  const std::vector<std::byte> sent = pattern(77);
  const Bytes piece = sent;
  ring().send(pair.conn, pair.socket, {&piece, 1});
  EXPECT_EQ(take(Op::send, 1).front().result, 77);
  ring().shutdown(pair.conn, pair.socket);
  const Completion done = take(Op::shutdown, 1).front();
  EXPECT_EQ(done.conn, pair.conn);
  EXPECT_EQ(done.result, 0);
  EXPECT_FALSE(done.more);
  EXPECT_EQ(client_receive(pair.client, 77), sent);
  expect_client_state(pair.client, ClientState::ended);
  client_send(pair.client, pattern(60));
  EXPECT_EQ(receive_bytes(60), pattern(60));
}

TEST_P(RingContract, CancelEndsARecvThatWaits) {
  open({});
  const Pair pair = connect_and_accept();
  ring().recv(pair.conn, pair.socket);
  settle();
  ring().cancel(pair.conn, pair.socket);
  const Completion end = take(Op::recv, 1).front();
  EXPECT_EQ(end.conn, pair.conn);
  EXPECT_EQ(end.result, -ECANCELED);
  EXPECT_FALSE(end.more);
  const Completion cancel = take(Op::cancel, 1).front();
  EXPECT_EQ(cancel.conn, pair.conn);
  EXPECT_FALSE(cancel.more);

  ring().recv(pair.conn, pair.socket);  // The connection itself goes on.
  client_send(pair.client, pattern(5));
  EXPECT_EQ(receive_bytes(5), pattern(5));
}

TEST_P(RingContract, CancelOfARecvQueuedInTheSameTurnEndsIt) {
  open({});
  const Pair pair = connect_and_accept();
  ring().recv(pair.conn, pair.socket);
  ring().cancel(pair.conn, pair.socket);
  EXPECT_FALSE(take(Op::recv, 1).front().more);
  EXPECT_FALSE(take(Op::cancel, 1).front().more);
  close(pair);
}

TEST_P(RingContract, CancelWithNothingUnderWayCompletes) {
  open({});
  const Pair pair = connect_and_accept();
  ring().cancel(pair.conn, pair.socket);
  EXPECT_FALSE(take(Op::cancel, 1).front().more);
  settle();
  EXPECT_EQ(untaken(Op::recv) + untaken(Op::send), 0u);
  close(pair);
}

TEST_P(RingContract, CancelEndsASendThatIsStuckAndARecvWithIt) {
  open({});
  const Pair pair = connect_and_accept();
  ring().recv(pair.conn, pair.socket);
  const std::vector<std::byte> sent = pattern(flood_bytes);
  const Bytes all = sent;
  for (int i = 0; i < 1'000; ++i) {
    ring().send(pair.conn, pair.socket, {&all, 1});
    settle();
    if (untaken(Op::send) == 0) break;
    ASSERT_GT(take(Op::send, 1).front().result, 0);
  }
  ASSERT_EQ(untaken(Op::send), 0u);
  ring().cancel(pair.conn, pair.socket);
  EXPECT_FALSE(take(Op::send, 1).front().more);
  EXPECT_FALSE(take(Op::recv, 1).front().more);
  EXPECT_FALSE(take(Op::cancel, 1).front().more);
  close(pair);
}

TEST_P(RingContract, CloseEndsTheConnectionForThePeer) {
  open({});
  const Pair pair = connect_and_accept();
  close(pair);
  expect_client_state(pair.client, ClientState::ended);
  settle();
  EXPECT_EQ(untaken(Op::close), 0u) << "One completion for one close.";
}

TEST_P(RingContract, CompletionsCarryTheConnTheyWereSubmittedWith) {
  open({.connections_max = 1});
  ConnId conn{.slot = ConnId::slots_max - 1, .generation = 1};
  for (const std::uint32_t generation : {1u, 2u, UINT32_MAX}) {
    conn.generation = generation;
    const ClientId client = harness().connect(WorkerId{0});
    ring().accept(accept_conn);
    const Completion accepted = take(Op::accept, 1).front();
    ASSERT_GE(accepted.result, 0);
    EXPECT_FALSE(accepted.more) << "The table is full.";
    const SocketId socket{static_cast<std::uint32_t>(accepted.result)};
    ring().recv(conn, socket);
    const std::vector<std::byte> sent = pattern(30);
    const Bytes piece = sent;
    ring().send(conn, socket, {&piece, 1});
    client_send(client, pattern(8));
    const Completion received = take(Op::recv, 1).front();
    EXPECT_EQ(received.conn, conn);
    ring().recycle(received.buffer);
    ring().cancel(conn, socket);
    for (const Op op : {Op::send, Op::recv, Op::cancel}) {
      EXPECT_EQ(take(op, 1).front().conn, conn);
    }
    close({conn, socket, client});
  }
}

TEST_P(RingContract, ManyConnectionsEchoAtOnce) {
  constexpr std::size_t pairs_max = 32;
  open({.recv_buffer_bytes = 128, .recv_buffers = 64});
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < pairs_max; ++i) {
    pairs.push_back(connect_and_accept());
    ring().recv(pairs[i].conn, pairs[i].socket);
  }
  for (std::uint8_t round = 0; round < 5; ++round) {
    for (std::size_t i = 0; i < pairs_max; ++i) {
      client_send(pairs[i].client, std::vector<std::byte>(16, static_cast<std::byte>(i + round)));
    }
    std::vector<Completion> lent;
    for (std::size_t i = 0; i < pairs_max; ++i) {
      lent.push_back(take(Op::recv, 1).front());
      ASSERT_EQ(lent.back().result, 16);
      const Pair& pair = pairs[lent.back().conn.slot];
      if (!lent.back().more) ring().recv(pair.conn, pair.socket);  // It may always end by itself.
      const Bytes piece = ring().buffer(lent.back().buffer, 16);
      ring().send(pair.conn, pair.socket, {&piece, 1});
    }
    for (const Completion& done : take(Op::send, pairs_max)) EXPECT_EQ(done.result, 16);
    for (const Completion& completion : lent) ring().recycle(completion.buffer);
    for (std::size_t i = 0; i < pairs_max; ++i) {
      EXPECT_EQ(client_receive(pairs[i].client, 16),
                std::vector<std::byte>(16, static_cast<std::byte>(i + round)));
    }
  }
}

}  // namespace
}  // namespace parley::io
