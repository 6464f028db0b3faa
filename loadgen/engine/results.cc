#include "loadgen/engine/results.h"

#include <algorithm>

namespace parley::loadgen {

void Counters::add(const Counters& other) {
  connects += other.connects;
  disconnects += other.disconnects;
  publications += other.publications;
  deliveries += other.deliveries;
  slow_deliveries += other.slow_deliveries;
  other_frames += other.other_frames;
  duplicates += other.duplicates;
  reordered += other.reordered;
  leaks += other.leaks;
  damaged += other.damaged;
  foreign += other.foreign;
  lost += other.lost;
  skipped += other.skipped;
  overdue += other.overdue;
  sends += other.sends;
  receives += other.receives;
  bytes_sent += other.bytes_sent;
  bytes_received += other.bytes_received;
  bytes_unsent += other.bytes_unsent;
}

void Second::add(const Second& other) {
  connects += other.connects;
  publications += other.publications;
  deliveries += other.deliveries;
  errors += other.errors;
  latency.add(other.latency);
}

void Results::add(const Results& other) {
  total.add(other.total);
  steady.add(other.steady);
  latency.add(other.latency);
  lag.add(other.lag);
  connecting.add(other.connecting);
  if (seconds.size() < other.seconds.size()) seconds.resize(other.seconds.size());
  for (std::size_t i = 0; i < other.seconds.size(); ++i) seconds[i].add(other.seconds[i]);
  for (const auto& [kind, count] : other.errors) errors[kind] += count;
  busy = busy + other.busy;
  cpu = cpu + other.cpu;
  rss_bytes += other.rss_bytes;
  ramp = std::max(ramp, other.ramp);
  drained_after = std::max(drained_after, other.drained_after);
  recovery = std::max(recovery, other.recovery);
}

}  // namespace parley::loadgen
