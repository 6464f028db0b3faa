// Timers of connections: one per connection; fires late by at most a tick, never early.
//
// Threading  The owning worker alone.
// Memory     16 bytes a slot, taken at construction, touched when first used.
// Cost       set(), cancel(), next(): O(1). Setting a timer that is set to a later deadline is a
//            store: the wheel finds out when it gets there. expire(): O(expired + buckets passed
//            that hold something).
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

  // Replaces what was set; never() cancels it. A deadline not after the last expire() fires at the
  // next one. A deadline more than 2^30 ticks ahead (124 days of 10 ms) fires after those.
  void set(std::uint32_t slot, Instant deadline);
  void cancel(std::uint32_t slot);

  // One slot whose deadline has passed at `now`, no longer set; false when there is none (left).
  [[nodiscard]] bool expire(Instant now, std::uint32_t& slot);

  // When expire() has something to do again: at most a tick after the earliest deadline, perhaps
  // before it; never() when no timer is set. Later than the `now` of an expire() that returned
  // false, so a caller that waits until then and finds nothing simply waits again.
  [[nodiscard]] Instant next() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace parley::core
