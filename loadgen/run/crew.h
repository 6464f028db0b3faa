// Those who do the work of a run, as the conductor sees them: threads of this process, or agents on
// other machines.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/base/result.h"
#include "core/base/time.h"
#include "loadgen/engine/control.h"
#include "loadgen/engine/results.h"

namespace parley::loadgen {

// A look at a run under way; all numbers are of all workers.
struct Glance {
  std::uint64_t live = 0;
  bool at_work = false;  // Somebody still waits for deliveries.
  Counters counters;
  Second last;  // The second under way: its latencies are of deliveries of this second.
  std::map<std::string, std::uint64_t> errors;
};

class Crew {
 public:
  Crew() = default;
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  virtual ~Crew() = default;

  // An error means that the run cannot go on: an agent has gone.
  [[nodiscard]] virtual Result<Glance> look() = 0;
  // The load begins at `epoch` of this process's clock.
  [[nodiscard]] virtual Result<void> begin_load(Instant epoch) = 0;
  [[nodiscard]] virtual Result<void> begin_drain() = 0;
  // Closes all connections, waits until they are closed, and adds up what everybody counted.
  [[nodiscard]] virtual Result<Results> finish() = 0;

  [[nodiscard]] virtual std::uint32_t workers() const = 0;
};

}  // namespace parley::loadgen
