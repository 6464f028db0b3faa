#include "tests/sim/sim_worker.h"

namespace parley::sim {
namespace {

constexpr std::uint64_t payload_idle_bytes_max = 0;  // Freed at once: a late use is a heap error.

// For mail under way when the last connection has gone: a process would not wait for it, but what
// it settles must add up in the end.
constexpr Duration mail_time = seconds(3);

// As Transport adds to the sockets of its ring.
constexpr std::uint32_t spare_slots = 256;

server::Config config_of(const Scenario& scenario) {
  server::Config config;
  config.workers = scenario.workers;
  config.outbox_bytes_max = scenario.outbox_bytes_max;
  config.slow_reader = scenario.slow_reader;
  config.history_count_max = scenario.history_count_max;
  config.rooms_per_connection_max = scenario.rooms_per_connection_max;
  config.mailbox_capacity = scenario.mailbox_capacity;
  return config;
}

core::HubConfig hub_config_of(const Scenario& scenario) {
  core::HubConfig hub;
  hub.hash_key.fill(7);
  hub.epoch_seed = 11;
  hub.connections_max = scenario.sockets_max + spare_slots;
  hub.rooms_max = 1'000;
  hub.rooms_homed_max = 1'000;
  hub.rooms_per_connection_max = scenario.rooms_per_connection_max;
  hub.presence_members_max = scenario.presence_members_max;
  hub.history_count_max = scenario.history_count_max;
  hub.user_messages = {scenario.rate_user.count, milliseconds(scenario.rate_user.window_ms)};
  hub.connection_commands = {scenario.rate_connection.count,
                             milliseconds(scenario.rate_connection.window_ms)};
  hub.address_messages = {scenario.rate_address.count,
                          milliseconds(scenario.rate_address.window_ms)};
  hub.joins = {};
  return hub;
}

}  // namespace

Cluster::Cluster(const Scenario& scenario)
    : config(config_of(scenario)),
      hub(hub_config_of(scenario)),
      worker_count(scenario.workers),
      sockets_max(scenario.sockets_max),
      office(scenario.workers, scenario.mailbox_capacity),
      metrics(scenario.workers) {
  for (std::uint16_t i = 0; i < scenario.workers; ++i) {
    payloads.push_back(std::make_unique<core::PayloadPool>(payload_idle_bytes_max));
  }
}

SimWorker::SimWorker(WorkerId self, Cluster& cluster, SimRing& ring)
    : cluster_(cluster),
      ring_(ring),
      worker_({.config = cluster.config,
               .hub_config = cluster.hub,
               .self = self,
               .worker_count = cluster.worker_count,
               .connections_max = cluster.sockets_max,
               .random_seed = 13,
               .payloads = *cluster.payloads[self.value],
               .office = cluster.office,
               .metrics = cluster.metrics,
               .tokens = nullptr,
               .ring = ring}) {}

void SimWorker::run() {
  bool draining = false;
  bool drained = false;
  while (cluster_.workers_drained < cluster_.worker_count || ring_.now() < cluster_.end) {
    worker_.turn();
    if (cluster_.stop_requested && !draining) {
      draining = true;
      worker_.start_draining();
    }
    if (!drained && worker_.drained()) {
      drained = true;
      ++cluster_.workers_drained;
      cluster_.end = ring_.now() + mail_time;
    }
  }
}

std::string SimWorker::leftovers() const {
  const core::HubCounts counts = worker_.hub().counts();
  if (worker_.connections() > 0) return "a connection was not released";
  if (counts.sessions > 0) return "a session was not closed";
  if (counts.memberships > 0) return "a membership was not ended";
  if (counts.rooms_edge > 0) return "a room without members was not forgotten";
  return {};
}

}  // namespace parley::sim
