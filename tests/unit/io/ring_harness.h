// What the contract test needs of a ring: the ring itself, and clients at the other end of it.
//
// A program that holds the contract test lists ring_contract_*_test.cc among its sources and
// instantiates the suite with the harnesses it has:
//
//   INSTANTIATE_TEST_SUITE_P(Uring, RingContract, testing::Values(&make_uring_harness));
//
// Time  Nothing moves by itself: the test calls Ring::wait(), in which real clients' bytes arrive
//       and a simulated ring's next event happens. Client calls never wait.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "io/ring.h"

namespace parley::io {

struct RingHarnessOptions {
  std::uint16_t rings = 1;             // Workers 0 to rings - 1, all of the calling thread.
  std::uint32_t connections_max = 64;  // Of each ring's table of sockets.
  std::uint32_t accept_margin = 0;
  std::uint32_t recv_buffer_bytes = 256;
  std::uint32_t recv_buffers = 16;
  bool connects = false;  // One ring more, without a listener: worker `rings`.
};

// One end of a connection that the test plays itself. Never reused within a harness.
using ClientId = StrongId<struct ClientTag, std::uint32_t>;

enum class ClientState : std::uint8_t {
  connecting,
  open,
  ended,    // The server sent FIN and everything before it was received.
  reset,    // The server sent RST, or stopped listening before it accepted the connection.
  refused,  // Nobody listens.
};

class RingHarness {
 public:
  RingHarness() = default;
  RingHarness(const RingHarness&) = delete;
  RingHarness& operator=(const RingHarness&) = delete;
  virtual ~RingHarness() = default;

  [[nodiscard]] virtual Ring& ring(WorkerId worker) = 0;

  // Begins to connect to the listener of `worker`.
  [[nodiscard]] virtual ClientId connect(WorkerId worker) = 0;
  // The address that Ring::peer() should report for this client.
  [[nodiscard]] virtual IpAddress address(ClientId client) = 0;
  [[nodiscard]] virtual ClientState state(ClientId client) = 0;

  // Takes as many bytes as there is room for between client and server, and returns how many.
  [[nodiscard]] virtual std::size_t send(ClientId client, Bytes bytes) = 0;
  // At most `bytes_max` of what has arrived. A client that is not asked does not read, and the
  // server's sends come to a stop after a bounded number of bytes (1 MiB at most).
  [[nodiscard]] virtual std::vector<std::byte> receive(ClientId client, std::size_t bytes_max) = 0;

  // Where a ring may connect to: the listener of `worker`, and one that never answers.
  [[nodiscard]] virtual SocketAddress listener(WorkerId worker) = 0;
  [[nodiscard]] virtual SocketAddress silent_listener() = 0;

  virtual void shut_down(ClientId client) = 0;  // FIN behind what was sent; still receives.
  virtual void reset(ClientId client) = 0;      // RST; state() is then of no interest.
};

using RingHarnessFactory = std::unique_ptr<RingHarness> (*)(const RingHarnessOptions& options);

// The suite. Its helpers keep the tests short; they are defined in ring_contract_fixture.cc.
class RingContract : public testing::TestWithParam<RingHarnessFactory> {
 protected:
  // An accepted client: our name for it, its socket, and the client's end.
  struct Pair {
    ConnId conn;
    SocketId socket;
    ClientId client;
  };

  // Two sockets of one connection: that of the ring which connects, and the accepted one.
  struct Link {
    ConnId near_conn;
    SocketId near;
    ConnId far_conn;
    SocketId far;
  };

  void open(const RingHarnessOptions& options);
  [[nodiscard]] Ring& ring() { return harness_->ring(WorkerId{0}); }
  // REQUIRES: opened with `connects`.
  [[nodiscard]] Ring& near_ring() { return harness_->ring(near_worker_); }
  [[nodiscard]] RingHarness& harness() { return *harness_; }

  // Waits, a bounded number of times, until `count` completions of `op` have come (they are then
  // returned, oldest first, and the rest is kept for later calls). Fails the test otherwise.
  [[nodiscard]] std::vector<Completion> take(Op op, std::size_t count);
  // The same of the ring that connects.
  [[nodiscard]] std::vector<Completion> take_near(Op op, std::size_t count);
  // Collects until the last completion of `op` (more == false), which is the last one returned.
  [[nodiscard]] std::vector<Completion> take_until_end(Op op);
  // Completions of `op` that came without being taken.
  [[nodiscard]] std::size_t untaken(Op op) const;
  [[nodiscard]] std::size_t untaken_near(Op op) const;
  // Waits a little, for things that must not happen.
  void settle();

  // Connects one client and accepts it. Accepting is under way from the first call on.
  [[nodiscard]] Pair connect_and_accept();
  // Connects the two rings. Accepting is under way from the first call on.
  [[nodiscard]] Link connect_and_accept_near();
  // The bytes of `count` receive completions or more, until `bytes` of them are there; recycles.
  [[nodiscard]] std::vector<std::byte> receive_bytes(std::size_t bytes);
  // What the client receives until it has `bytes` of them.
  [[nodiscard]] std::vector<std::byte> client_receive(ClientId client, std::size_t bytes);
  // Waits until the client is in that state, receiving nothing; fails the test otherwise.
  void expect_client_state(ClientId client, ClientState state);
  // Has the client send all of `bytes`, waiting on the ring when the pipe is full.
  void client_send(ClientId client, Bytes bytes);
  void close(const Pair& pair);

  static constexpr ConnId accept_conn{0, 1};

 private:
  using Completions = std::vector<Completion>;

  void pump();  // One short wait; what it yields goes to untaken_ and untaken_near_.
  [[nodiscard]] Completions take_from(Completions& untaken, Op op, std::size_t count);

  std::unique_ptr<RingHarness> harness_;
  WorkerId near_worker_{};
  bool has_near_ring_ = false;
  Completions untaken_;
  Completions untaken_near_;
  std::uint32_t conns_ = 0;
  bool accepting_ = false;
};

// `count` bytes that differ from place to place, so that a shift or a swap shows.
[[nodiscard]] std::vector<std::byte> pattern(std::size_t count);

}  // namespace parley::io
