// Timers of connections: one per connection, set and reset at no more than a store; fires late by
// at most a tick, never early.
//
// Threading  The owning worker alone. Memory: an array of entries by slot, taken at construction,
//            touched when first used.
// Cost       set(), cancel(): O(1). expire(): O(expired + ticks passed).
#pragma once

#include <cstdint>
#include <memory>

#include "core/base/time.h"

namespace parley::core {

class TimerWheel {
 public:
  // Slots are 0 .. slots_max - 1; tick is the resolution.
  TimerWheel(std::uint32_t slots_max, Duration tick, Instant now);
  ~TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Replaces what was set. A deadline in the past fires at the next expire().
  void set(std::uint32_t slot, Instant deadline);
  void cancel(std::uint32_t slot);

  // One slot whose deadline has passed at `now`, no longer set; false when there is none (left).
  [[nodiscard]] bool expire(Instant now, std::uint32_t& slot);

  // Not later than the earliest deadline, not earlier than the last expire(); never() when no
  // timer is set. A caller that waits until then and finds nothing simply waits again.
  [[nodiscard]] Instant next() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace parley::core
