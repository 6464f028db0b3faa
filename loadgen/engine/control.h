// What the runner tells its workers while they run, and they tell it.
//
// Threading  The runner writes phase and epoch, each worker its own row; everybody reads.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "loadgen/engine/results.h"

namespace parley::loadgen {

enum class Phase : std::uint8_t {
  ramp,   // Members connect and become live.
  load,   // From the epoch on: warm-up, then the steady window.
  drain,  // Nothing more is published; what is under way arrives.
  close,  // Connections close.
};

// How far a worker is. `at_work` becomes false in phase drain, when all it waited for has come.
struct WorkerProgress {
  std::atomic<std::uint64_t> live{0};
  std::atomic<bool> at_work{true};

  // For the live display: a copy that is a fraction of a second old.
  std::mutex mutex;
  Counters counters;
  Second last;  // The second under way.
  std::map<std::string, std::uint64_t> errors;
};

struct RunControl {
  explicit RunControl(std::size_t workers) : progress(workers) {}

  // Release and acquire: who sees a phase sees the epoch that goes with it.
  std::atomic<Phase> phase{Phase::ramp};
  std::atomic<std::int64_t> epoch_ns{0};  // Of the ring's clock: when the load begins.
  std::vector<WorkerProgress> progress;   // By worker.
};

}  // namespace parley::loadgen
