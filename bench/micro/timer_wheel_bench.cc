// Timers of connections, a thousand and a million of them: put off, set and cancelled, expired.
#include <algorithm>
#include <numeric>
#include <vector>

#include "bench/micro/micro.h"
#include "core/base/check.h"
#include "core/timers/timer_wheel.h"

namespace {

using namespace parley;
using core::TimerWheel;

constexpr Duration tick = milliseconds(10);
constexpr std::int64_t ticks_per_turn = 1000;  // Timers are spread over so many: ten seconds.
constexpr Instant start{0};

Duration ticks(std::int64_t n) {
  return {tick.ns * n};
}

// Connections have something to say in no order.
std::vector<std::uint32_t> shuffled_slots(std::int64_t count) {
  std::vector<std::uint32_t> slots(static_cast<std::size_t>(count));
  std::iota(slots.begin(), slots.end(), 0u);
  std::shuffle(slots.begin(), slots.end(), bench::Random(bench::seed));
  return slots;
}

// range(0) of all: timers. As many of them are due in each tick of a turn.
class Timers {
 public:
  explicit Timers(const benchmark::State& state)
      : slots_(shuffled_slots(state.range(0))),
        wheel(static_cast<std::uint32_t>(state.range(0)), tick, start) {
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      wheel.set(next_slot(), start + ticks(1 + i % ticks_per_turn));
    }
  }

  // Every slot once, then again.
  [[nodiscard]] std::uint32_t next_slot() {
    at_ = at_ + 1 < slots_.size() ? at_ + 1 : 0;
    return slots_[at_];
  }

  void check_all_expire_at(Instant now) {
    std::size_t expired = 0;
    for (std::uint32_t slot = 0; wheel.expire(now, slot);) ++expired;
    CHECK(expired == slots_.size());
  }

 private:
  const std::vector<std::uint32_t> slots_;
  std::size_t at_ = 0;

 public:
  TimerWheel wheel;
};

// What every message does to the timer of its connection.
void put_off(benchmark::State& state) {
  Timers timers(state);
  Instant deadline = start + ticks(ticks_per_turn);
  for (auto _ : state) {
    deadline.ns += 1000;
    timers.wheel.set(timers.next_slot(), deadline);
  }
  timers.check_all_expire_at(deadline + tick);
  bench::report(state, 1);
}
BENCHMARK(put_off)->Arg(1000)->Arg(1'000'000);

void cancel_and_set(benchmark::State& state) {
  Timers timers(state);
  std::int64_t ahead = 0;
  for (auto _ : state) {
    const std::uint32_t slot = timers.next_slot();
    timers.wheel.cancel(slot);
    ahead = (ahead + 1) % ticks_per_turn;
    timers.wheel.set(slot, start + ticks(1 + ahead));
  }
  timers.check_all_expire_at(start + ticks(ticks_per_turn));
  bench::report(state, 1);
}
BENCHMARK(cancel_and_set)->Arg(1000)->Arg(1'000'000);

// A tick passes per round; what is due in it is set again for the next turn.
void expire_and_set(benchmark::State& state) {
  Timers timers(state);
  Instant now = start;
  std::int64_t expired = 0;
  for (auto _ : state) {
    now = now + tick;
    for (std::uint32_t slot = 0; timers.wheel.expire(now, slot); ++expired) {
      timers.wheel.set(slot, now + ticks(ticks_per_turn));
    }
  }
  const std::int64_t expired_per_tick = state.range(0) / ticks_per_turn;
  CHECK(expired == state.iterations() * expired_per_tick);
  timers.check_all_expire_at(now + ticks(ticks_per_turn));
  bench::report(state, expired_per_tick);
}
BENCHMARK(expire_and_set)->Arg(1000)->Arg(1'000'000);

}  // namespace
