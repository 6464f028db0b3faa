// The contract test's harness over the kernel: UringRing and real sockets on loopback.
#pragma once

#include <memory>

#include "io/uring_ring.h"
#include "tests/unit/io/ring_harness.h"

namespace parley::io {

// As in production.
[[nodiscard]] std::unique_ptr<RingHarness> make_uring_harness(const RingHarnessOptions& options);

// Queues that are always full: entries are submitted early and completions overflow.
[[nodiscard]] std::unique_ptr<RingHarness> make_uring_harness_tiny(
    const RingHarnessOptions& options);

// What Linux 6.1 has and no more.
[[nodiscard]] std::unique_ptr<RingHarness> make_uring_harness_old(
    const RingHarnessOptions& options);

// Both at once.
[[nodiscard]] std::unique_ptr<RingHarness> make_uring_harness_old_tiny(
    const RingHarnessOptions& options);

class UringHarness final : public RingHarness {
 public:
  struct Kernel {
    std::uint32_t submissions{};
    std::uint32_t completions{};
    bool all_features{};
  };

  UringHarness(const RingHarnessOptions& options, Kernel kernel);
  ~UringHarness() override;

  [[nodiscard]] Ring& ring(WorkerId worker) override { return *rings_[worker.value]; }
  [[nodiscard]] ClientId connect(WorkerId worker) override;
  [[nodiscard]] IpAddress address(ClientId client) override;
  [[nodiscard]] ClientState state(ClientId client) override;
  [[nodiscard]] SocketAddress listener(WorkerId worker) override;
  [[nodiscard]] SocketAddress silent_listener() override;
  [[nodiscard]] std::size_t send(ClientId client, Bytes bytes) override;
  [[nodiscard]] std::vector<std::byte> receive(ClientId client, std::size_t bytes_max) override;
  void shut_down(ClientId client) override;
  void reset(ClientId client) override;

  [[nodiscard]] UringRing& uring(WorkerId worker) { return *rings_[worker.value]; }
  [[nodiscard]] RingDirectory& directory() { return directory_; }

 private:
  void add_ring(const RingHarnessOptions& options, Kernel kernel, int listener_fd);

  RingDirectory directory_;
  std::vector<std::unique_ptr<UringRing>> rings_;
  std::vector<std::uint16_t> ports_;  // By worker.
  std::vector<int> clients_;          // By ClientId; -1: reset.
  std::vector<bool> refused_;         // By ClientId.
  std::vector<int> silent_;           // A listener and who fills its backlog.
};

}  // namespace parley::io
