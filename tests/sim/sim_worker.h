// A production worker and what a process gives its workers, made from a scenario instead of from a
// command line.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/chat/hub_config.h"
#include "core/mail/post_office.h"
#include "core/payload/payload_pool.h"
#include "server/config/config.h"
#include "server/metrics/metrics.h"
#include "server/worker/worker.h"
#include "tests/sim/scenario.h"
#include "tests/sim/sim_ring.h"

namespace parley::sim {

// Shared by all workers of a run, and outlives them.
struct Cluster {
  explicit Cluster(const Scenario& scenario);

  server::Config config;
  core::HubConfig hub;
  std::uint16_t worker_count;
  std::uint32_t sockets_max;
  std::vector<std::unique_ptr<core::PayloadPool>> payloads;  // By worker.
  core::PostOffice office;
  server::MetricBoard metrics;
  bool stop_requested = false;
  std::uint32_t workers_drained = 0;
  Instant end{};  // Of the run, once all are drained.
};

class SimWorker {
 public:
  SimWorker(WorkerId self, Cluster& cluster, SimRing& ring);

  // Takes turns until all workers are drained and their mail is settled: the body of a fiber.
  void run();

  void check_invariants() const { worker_.check_invariants(); }
  // What it still holds, in words; empty when it holds nothing.
  [[nodiscard]] std::string leftovers() const;

 private:
  Cluster& cluster_;
  SimRing& ring_;
  server::Worker worker_;
};

}  // namespace parley::sim
