// The contract of io/ring.h, put to the simulated ring: as it is, and with completions
// of different operations out of order.
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "tests/sim/sim_net.h"
#include "tests/sim/sim_ring.h"
#include "tests/unit/io/ring_harness.h"

namespace parley::sim {
namespace {

using io::ClientId;
using io::ClientState;
using io::RingContract;
using io::RingHarness;
using io::RingHarnessOptions;

class SimHarness final : public RingHarness {
 public:
  SimHarness(const RingHarnessOptions& options, const FaultPlan& faults)
      : faults_(faults),
        net_(NetLimits{}, {.clock = clock_, .random = random_, .faults = faults_}) {
    const std::uint32_t rings = options.rings + (options.connects ? 1u : 0u);
    for (std::uint16_t i = 0; i < rings; ++i) {
      const SimRingConfig config{.self = WorkerId{i},
                                 .sockets_max = options.connections_max,
                                 .accept_margin = options.accept_margin,
                                 .recv_buffer_bytes = options.recv_buffer_bytes,
                                 .recv_buffers = options.recv_buffers,
                                 .listens = i < options.rings};
      rings_.push_back(std::make_unique<SimRing>(config, SimRing::Borrowed{.clock = clock_,
                                                                           .random = random_,
                                                                           .faults = faults_,
                                                                           .net = net_,
                                                                           .directory = directory_,
                                                                           .digest = digest_,
                                                                           .sleeper = nullptr}));
    }
  }

  io::Ring& ring(WorkerId worker) override { return *rings_[worker.value]; }

  ClientId connect(WorkerId worker) override {
    const ClientId client{static_cast<std::uint32_t>(links_.size())};
    links_.push_back(net_.connect(worker, address(client)));
    return client;
  }

  IpAddress address(ClientId client) override {
    return IpAddress::v4(10, 0, static_cast<std::uint8_t>(client.value >> 8),
                         static_cast<std::uint8_t>(client.value & 0xff));
  }

  ClientState state(ClientId client) override {
    const std::optional<LinkId> link = links_[client.value];
    if (!link.has_value()) return ClientState::refused;
    if (net_.is_reset(*link, Side::client)) {
      return net_.accepted(*link) ? ClientState::reset : ClientState::refused;
    }
    if (net_.at_end(*link, Side::client)) return ClientState::ended;
    return net_.established(*link) ? ClientState::open : ClientState::connecting;
  }

  SocketAddress listener(WorkerId worker) override { return SimNet::address(worker); }

  // One whose backlog is full.
  SocketAddress silent_listener() override {
    const WorkerId nobody{static_cast<std::uint16_t>(rings_.size())};
    net_.listen(nobody, deaf_);
    while (net_.connect(nobody, IpAddress::v4(10, 0, 0, 1)).has_value()) {
    }
    return SimNet::address(nobody);
  }

  std::size_t send(ClientId client, Bytes bytes) override {
    if (bytes.empty() || !open(client)) return 0;
    return net_.write(*links_[client.value], Side::client, bytes).bytes;
  }

  std::vector<std::byte> receive(ClientId client, std::size_t bytes_max) override {
    if (bytes_max == 0 || !open(client)) return {};
    std::vector<std::byte> bytes(bytes_max);
    bytes.resize(net_.read(*links_[client.value], Side::client, bytes).bytes);
    return bytes;
  }

  void shut_down(ClientId client) override { net_.shutdown(*links_[client.value], Side::client); }

  void reset(ClientId client) override { net_.reset(*links_[client.value], Side::client); }

 private:
  class Deaf final : public NetWatcher {
    void on_link(std::uint32_t, Instant) override {}
    void on_backlog(Instant) override {}
  };

  [[nodiscard]] bool open(ClientId client) const {
    const std::optional<LinkId> link = links_[client.value];
    return link.has_value() && !net_.closed(*link, Side::client);
  }

  SimClock clock_;
  Random random_{1};
  FaultPlan faults_;
  Digest digest_;
  Deaf deaf_;
  SimNet net_;
  RingDirectory directory_;
  std::vector<std::unique_ptr<SimRing>> rings_;
  std::vector<std::optional<LinkId>> links_;
};

std::unique_ptr<RingHarness> make_sim_harness(const RingHarnessOptions& options) {
  return std::make_unique<SimHarness>(options, FaultPlan::none());
}

std::unique_ptr<RingHarness> make_reordering_sim_harness(const RingHarnessOptions& options) {
  FaultPlan faults = FaultPlan::none();
  faults.set_rate(Fault::completion_reordered, 500'000);
  return std::make_unique<SimHarness>(options, faults);
}

using FactoryInfo = testing::TestParamInfo<io::RingHarnessFactory>;

INSTANTIATE_TEST_SUITE_P(SimRing, RingContract,
                         testing::Values(&make_sim_harness, &make_reordering_sim_harness),
                         [](const FactoryInfo& harness) {
                           return harness.index == 0 ? "in_order" : "reordered";
                         });

}  // namespace
}  // namespace parley::sim
