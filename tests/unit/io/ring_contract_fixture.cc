#include <algorithm>
#include <utility>

#include "tests/unit/io/ring_harness.h"

namespace parley::io {

namespace {

// 2,000 waits of 5 ms: far more than anything here takes, so that a slow machine fails nothing.
constexpr int waits_max = 2'000;
constexpr Duration wait_short = milliseconds(5);

std::size_t count_of(const std::vector<Completion>& completions, Op op) {
  return static_cast<std::size_t>(
      std::ranges::count_if(completions, [op](const Completion& c) { return c.op == op; }));
}

}  // namespace

std::vector<std::byte> pattern(std::size_t count) {
  std::vector<std::byte> bytes(count);
  for (std::size_t i = 0; i < count; ++i) {
    bytes[i] = static_cast<std::byte>((i * 31 + i / 251) & 0xff);
  }
  return bytes;
}

void RingContract::open(const RingHarnessOptions& options) {
  harness_ = GetParam()(options);
  near_worker_ = WorkerId{options.rings};
  has_near_ring_ = options.connects;
}

void RingContract::pump() {
  const Instant deadline = ring().now() + wait_short;
  const std::span<const Completion> some = ring().wait(deadline, Ring::completion_batch_max);
  untaken_.insert(untaken_.end(), some.begin(), some.end());
  if (!has_near_ring_) return;
  const std::span<const Completion> near = near_ring().wait(Instant{0}, Ring::completion_batch_max);
  untaken_near_.insert(untaken_near_.end(), near.begin(), near.end());
}

std::vector<Completion> RingContract::take(Op op, std::size_t count) {
  return take_from(untaken_, op, count);
}

std::vector<Completion> RingContract::take_near(Op op, std::size_t count) {
  return take_from(untaken_near_, op, count);
}

std::vector<Completion> RingContract::take_from(Completions& untaken, Op op, std::size_t count) {
  for (int i = 0; count_of(untaken, op) < count && i < waits_max; ++i) pump();
  EXPECT_GE(count_of(untaken, op), count) << "of op " << static_cast<int>(op);
  Completions taken;
  Completions rest;
  for (const Completion& completion : untaken) {
    const bool wanted = completion.op == op && taken.size() < count;
    (wanted ? taken : rest).push_back(completion);
  }
  untaken = std::move(rest);
  taken.resize(count);  // What did not come is a default completion: the test has failed already.
  return taken;
}

std::vector<Completion> RingContract::take_until_end(Op op) {
  std::vector<Completion> taken;
  do {
    taken.push_back(take(op, 1).front());
  } while (taken.back().more);
  return taken;
}

std::size_t RingContract::untaken(Op op) const {
  return count_of(untaken_, op);
}

std::size_t RingContract::untaken_near(Op op) const {
  return count_of(untaken_near_, op);
}

void RingContract::settle() {
  for (int i = 0; i < 4; ++i) pump();
}

RingContract::Pair RingContract::connect_and_accept() {
  if (!std::exchange(accepting_, true)) ring().accept(accept_conn);
  const ClientId client = harness().connect(WorkerId{0});
  const Completion accepted = take(Op::accept, 1).front();
  EXPECT_GE(accepted.result, 0);
  const SocketId socket{static_cast<std::uint32_t>(accepted.result)};
  return {{.slot = conns_++, .generation = 7}, socket, client};
}

RingContract::Link RingContract::connect_and_accept_near() {
  if (!std::exchange(accepting_, true)) ring().accept(accept_conn);
  const std::uint32_t number = conns_++;
  const ConnId near_conn{.slot = number, .generation = 11};
  near_ring().connect(near_conn, harness().listener(WorkerId{0}), IpAddress{});
  const Completion connected = take_near(Op::connect, 1).front();
  const Completion accepted = take(Op::accept, 1).front();
  EXPECT_EQ(connected.conn, near_conn);
  EXPECT_GE(connected.result, 0);
  EXPECT_GE(accepted.result, 0);
  return {near_conn, SocketId{static_cast<std::uint32_t>(connected.result)},
          ConnId{.slot = number, .generation = 7},
          SocketId{static_cast<std::uint32_t>(accepted.result)}};
}

std::vector<std::byte> RingContract::receive_bytes(std::size_t bytes) {
  std::vector<std::byte> received;
  while (received.size() < bytes) {
    const Completion completion = take(Op::recv, 1).front();
    EXPECT_GT(completion.result, 0);
    if (completion.result <= 0) break;
    EXPECT_TRUE(completion.has_buffer);
    const auto size = static_cast<std::uint32_t>(completion.result);
    const MutableBytes buffer = ring().buffer(completion.buffer, size);
    received.insert(received.end(), buffer.begin(), buffer.end());
    ring().recycle(completion.buffer);
  }
  return received;
}

std::vector<std::byte> RingContract::client_receive(ClientId client, std::size_t bytes) {
  std::vector<std::byte> received;
  for (int i = 0; received.size() < bytes && i < waits_max; ++i) {
    const std::vector<std::byte> some = harness().receive(client, bytes - received.size());
    received.insert(received.end(), some.begin(), some.end());
    if (some.empty()) pump();
  }
  EXPECT_EQ(received.size(), bytes);
  return received;
}

void RingContract::expect_client_state(ClientId client, ClientState state) {
  for (int i = 0; harness().state(client) != state && i < waits_max; ++i) pump();
  EXPECT_EQ(harness().state(client), state);
}

void RingContract::client_send(ClientId client, Bytes bytes) {
  for (int i = 0; !bytes.empty() && i < waits_max; ++i) {
    bytes = bytes.subspan(harness().send(client, bytes));
    if (!bytes.empty()) pump();
  }
  EXPECT_TRUE(bytes.empty());
}

void RingContract::close(const Pair& pair) {
  ring().close(pair.conn, pair.socket);
  const Completion closed = take(Op::close, 1).front();
  EXPECT_EQ(closed.conn, pair.conn);
  EXPECT_EQ(closed.result, 0);
  EXPECT_FALSE(closed.more);
}

}  // namespace parley::io
