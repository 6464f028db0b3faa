// One run: production workers and scripted clients on one thread, in an order that the seed
// decides.
//
// A worker runs on a fiber and is left alone until it sleeps in Ring::wait(); then a client or
// another worker gets its turn. When nobody has anything to do, the clock moves on to when somebody
// will. Nothing depends on the machine: the same seed gives the same digest.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/sim/fault_plan.h"
#include "tests/sim/oracle.h"
#include "tests/sim/scenario.h"
#include "tests/sim/sim_client.h"

namespace parley::sim {

struct RunOptions {
  std::uint64_t seed = 1;
  std::uint64_t steps_max = 2'000'000;  // Then the run fails: it should have come to its end.
  std::vector<Fault> disabled;          // To find the fault that a failure needs.
  bool broken_on_purpose = false;       // The oracle must notice: see canary in main.cc.
};

struct Outcome {
  std::string failure;  // Empty: all was well.
  std::uint64_t digest = 0;
  std::uint64_t steps = 0;
  std::uint64_t completions = 0;
  FaultStats faults;
  Oracle::Counts seen;
  SimClient::Counts clients;
};

[[nodiscard]] Outcome simulate(const Scenario& scenario, const RunOptions& options);

}  // namespace parley::sim
