#include "tests/sim/fault_plan.h"

#include <utility>

namespace parley::sim {
namespace {

struct FaultEntry {
  std::string_view name;
  std::uint32_t per_million_max;  // Chosen so that a run still gets something done.
};

constexpr std::array<FaultEntry, faults_count> entries{{
    {"recv_cut", 600'000},
    {"recv_no_buffers", 50'000},
    {"multishot_ended", 200'000},
    {"send_short", 400'000},
    {"send_failed", 3'000},
    {"completion_delayed", 100'000},
    {"completion_reordered", 500'000},
    {"cancel_too_late", 500'000},
    {"stale_completion", 300'000},
    {"accept_out_of_files", 100'000},
    {"accept_ended", 300'000},
    {"link_slow", 50'000},
    {"link_reset", 2'000},
    {"client_slow", 30'000},
    {"client_dies", 10'000},
    {"client_leaves", 10'000},
    {"client_half_closes", 10'000},
    {"worker_starved", 2'000},
    {"clock_jump", 2'000},
}};

}  // namespace

std::string_view name_of(Fault fault) {
  return entries[std::to_underlying(fault)].name;
}

std::optional<Fault> fault_named(std::string_view name) {
  for (std::uint8_t i = 0; i < faults_count; ++i) {
    if (entries[i].name == name) return static_cast<Fault>(i);
  }
  return std::nullopt;
}

void FaultStats::add(const FaultStats& other) {
  for (std::uint32_t i = 0; i < faults_count; ++i) {
    runs_enabled[i] += other.runs_enabled[i];
    fired[i] += other.fired[i];
  }
}

FaultPlan FaultPlan::swarm(Random& random) {
  FaultPlan plan;
  for (std::uint32_t i = 0; i < faults_count; ++i) {
    const bool enabled = random.chance(500'000);
    const std::uint32_t rate = random.between(1, entries[i].per_million_max);
    if (enabled) plan.per_million_[i] = rate;
  }
  return plan;
}

void FaultPlan::set_rate(Fault fault, std::uint32_t per_million) {
  CHECK(per_million <= 1'000'000);
  per_million_[std::to_underlying(fault)] = per_million;
}

void FaultPlan::disable(Fault fault) {
  set_rate(fault, 0);
}

bool FaultPlan::enabled(Fault fault) const {
  return per_million_[std::to_underlying(fault)] > 0;
}

bool FaultPlan::fires(Fault fault, Random& random) {
  const std::uint8_t index = std::to_underlying(fault);
  if (stopped_ || per_million_[index] == 0 || !random.chance(per_million_[index])) return false;
  ++fired_[index];
  return true;
}

FaultStats FaultPlan::stats() const {
  FaultStats stats;
  for (std::uint32_t i = 0; i < faults_count; ++i) {
    stats.runs_enabled[i] = per_million_[i] > 0 ? 1 : 0;
    stats.fired[i] = fired_[i];
  }
  return stats;
}

}  // namespace parley::sim
