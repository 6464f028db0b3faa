// What a worker counts. Workers share nothing: results are added up when they have ended, and
// snapshots are copied out a few times a second.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "loadgen/truth/histogram.h"

namespace parley::loadgen {

struct Counters {
  std::uint64_t connects = 0;     // Members that became live.
  std::uint64_t disconnects = 0;  // Not of our doing.
  std::uint64_t publications = 0;
  std::uint64_t deliveries = 0;       // Good ones, each once.
  std::uint64_t slow_deliveries = 0;  // To members that read slowly: they prove nothing.
  std::uint64_t other_frames = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t reordered = 0;
  std::uint64_t leaks = 0;    // Of another room.
  std::uint64_t damaged = 0;  // Stamps or fill that are not what was sent.
  std::uint64_t foreign = 0;  // Of another run, or from before the member came.
  std::uint64_t lost = 0;     // Filled in when all is over.
  std::uint64_t skipped = 0;  // Publications that were due while no publisher was live.
  std::uint64_t overdue = 0;  // Publications that were due in time and had not gone out in the end.
  std::uint64_t sends = 0;
  std::uint64_t receives = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_unsent = 0;  // Of messages that were still waiting here in the end.

  void add(const Counters& other);
};

// One second of the run, from the start of connecting.
struct Second {
  std::uint64_t connects = 0;
  std::uint64_t publications = 0;
  std::uint64_t deliveries = 0;
  std::uint64_t errors = 0;
  CoarseHistogram latency;

  void add(const Second& other);
};

struct Results {
  Counters total;
  Counters steady;       // Of the steady window.
  Histogram latency;     // Of messages that were due in the steady window.
  Histogram lag;         // Of sending behind the schedule, in the steady window.
  Histogram connecting;  // From connect to live.
  std::vector<Second> seconds;
  std::map<std::string, std::uint64_t> errors;  // By kind.
  Duration busy;  // Of the steady window: time at work, whether or not it slept otherwise.
  Duration cpu;   // Processor time of the worker's thread in the steady window.
  std::uint64_t rss_bytes = 0;  // Of the generator, before connections were closed.
  Duration ramp;                // From the first connect until all were live.
  Duration drained_after;       // From the end of the load to the last delivery.
  Duration recovery;            // From a storm until all were live again.

  // Exact: what one worker would have counted.
  void add(const Results& other);
  // Of kinds beyond kinds_max, which only a server's own texts can bring about, one total.
  void count_error(const std::string& kind) {
    const bool known = errors.size() < kinds_max || errors.contains(kind);
    errors[known ? kind : "others"] += 1;
  }

  static constexpr std::size_t kinds_max = 100;
};

}  // namespace parley::loadgen
