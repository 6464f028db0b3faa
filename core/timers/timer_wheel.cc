#include "core/timers/timer_wheel.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>

#include "core/base/check.h"

namespace parley::core {
namespace {

// A hierarchy of wheels: level 0 has a bucket per tick, each next level one per 64 of the last.
constexpr std::uint32_t levels = 4;
constexpr std::uint32_t bucket_bits = 6;
constexpr std::uint32_t buckets_per_level = 1u << bucket_bits;
constexpr std::uint64_t horizon_ticks = 1ull << (bucket_bits * levels);

constexpr std::uint32_t due_list = levels * buckets_per_level;  // One list more than buckets.
constexpr std::uint32_t list_count = due_list + 1;

// Ticks are stored in 32 bits and compared as differences, so nothing happens when they wrap.
constexpr std::uint64_t ticks_ahead_max = 1ull << 30;

}  // namespace

struct TimerWheel::State {
  // Zeroed memory is an entry that is not set, so slots never used cost no page.
  struct Entry {
    std::uint32_t deadline;  // Tick; may be later than `queued`: a reset is only a store.
    std::uint32_t queued;    // Tick it is looked at next.
    std::uint32_t next;      // Slot + 1; 0: the end of the list.
    std::uint32_t previous;  // Slot + 1, or slots_max + 1 + list for the first; 0: not set.
  };
  static_assert(sizeof(Entry) == 16);

  struct Free {
    void operator()(Entry* memory) const { std::free(memory); }
  };

  std::uint32_t slots_max;
  Duration tick;
  Instant origin;  // Of tick 0.

  std::uint64_t current = 0;  // The tick of the last expire(); all up to it has been looked at.
  std::uint32_t set_count = 0;
  std::array<std::uint64_t, levels> occupied{};   // A bit per bucket that is not empty.
  std::array<std::uint32_t, list_count> first{};  // Slot + 1.
  std::unique_ptr<Entry[], Free> entries;

  [[nodiscard]] std::uint64_t tick_at_or_before(Instant instant) const;
  [[nodiscard]] std::uint64_t tick_at_or_after(Instant instant) const;
  [[nodiscard]] std::uint64_t widen(std::uint32_t stored) const;
  [[nodiscard]] std::uint32_t list_of(std::uint64_t at) const;
  void link(std::uint32_t slot, std::uint64_t deadline);
  void link_into(std::uint32_t slot, std::uint32_t list);
  void unlink(std::uint32_t slot);
  void relink_all(std::uint32_t list);
  [[nodiscard]] std::uint64_t next_tick() const;
  void advance_to(std::uint64_t target);
};

std::uint64_t TimerWheel::State::tick_at_or_before(Instant instant) const {
  if (instant <= origin) return 0;
  return static_cast<std::uint64_t>((instant - origin).ns / tick.ns);
}

std::uint64_t TimerWheel::State::tick_at_or_after(Instant instant) const {
  if (instant <= origin) return 0;
  const std::int64_t ns = (instant - origin).ns;
  return static_cast<std::uint64_t>(ns / tick.ns) + (ns % tick.ns != 0 ? 1 : 0);
}

std::uint64_t TimerWheel::State::widen(std::uint32_t stored) const {
  const auto ahead = static_cast<std::int32_t>(stored - static_cast<std::uint32_t>(current));
  return current + static_cast<std::uint64_t>(static_cast<std::int64_t>(ahead));
}

std::uint32_t TimerWheel::State::list_of(std::uint64_t at) const {
  if (at <= current) return due_list;
  const std::uint64_t ahead = at - current;
  CHECK(ahead < horizon_ticks);
  const auto level = static_cast<std::uint32_t>(std::bit_width(ahead) - 1) / bucket_bits;
  const auto bucket = static_cast<std::uint32_t>(at >> (level * bucket_bits)) % buckets_per_level;
  return level * buckets_per_level + bucket;
}

void TimerWheel::State::link(std::uint32_t slot, std::uint64_t deadline) {
  // What lies beyond the last wheel is looked at when the last wheel has turned.
  const std::uint64_t at = std::min(deadline, current + horizon_ticks - 1);
  entries[slot].deadline = static_cast<std::uint32_t>(deadline);
  entries[slot].queued = static_cast<std::uint32_t>(at);
  link_into(slot, list_of(at));
}

void TimerWheel::State::link_into(std::uint32_t slot, std::uint32_t list) {
  Entry& entry = entries[slot];
  entry.previous = slots_max + 1 + list;
  entry.next = first[list];
  if (entry.next != 0) entries[entry.next - 1].previous = slot + 1;
  first[list] = slot + 1;
  if (list != due_list) {
    occupied[list / buckets_per_level] |= 1ull << (list % buckets_per_level);
  }
}

void TimerWheel::State::unlink(std::uint32_t slot) {
  Entry& entry = entries[slot];
  CHECK(entry.previous != 0);
  if (entry.next != 0) entries[entry.next - 1].previous = entry.previous;
  if (entry.previous <= slots_max) {
    entries[entry.previous - 1].next = entry.next;
  } else {
    const std::uint32_t list = entry.previous - slots_max - 1;
    first[list] = entry.next;
    if (entry.next == 0 && list != due_list) {
      occupied[list / buckets_per_level] &= ~(1ull << (list % buckets_per_level));
    }
  }
  entry.previous = 0;
  entry.next = 0;
}

void TimerWheel::State::relink_all(std::uint32_t list) {
  std::uint32_t link_to_slot = first[list];
  first[list] = 0;
  occupied[list / buckets_per_level] &= ~(1ull << (list % buckets_per_level));
  while (link_to_slot != 0) {
    const std::uint32_t slot = link_to_slot - 1;
    link_to_slot = entries[slot].next;
    link(slot, widen(entries[slot].deadline));
  }
}

// The next tick at which a bucket must be looked at. REQUIRES: some bucket is occupied.
std::uint64_t TimerWheel::State::next_tick() const {
  std::uint64_t earliest = UINT64_MAX;
  for (std::uint32_t level = 0; level < levels; ++level) {
    if (occupied[level] == 0) continue;
    const std::uint64_t turn = current >> (level * bucket_bits);
    const auto bucket = static_cast<int>(turn % buckets_per_level);
    // The bucket of now is the last to come round: rotate so that the one after it is bit 0.
    const std::uint64_t ahead = std::rotr(occupied[level], bucket + 1);
    const auto turns = static_cast<std::uint64_t>(std::countr_zero(ahead)) + 1;
    earliest = std::min(earliest, (turn + turns) << (level * bucket_bits));
  }
  CHECK(earliest > current);
  return earliest;
}

void TimerWheel::State::advance_to(std::uint64_t target) {
  while (current < target && first[due_list] == 0) {
    const bool buckets_empty =
        std::all_of(occupied.begin(), occupied.end(), [](std::uint64_t bits) { return bits == 0; });
    const std::uint64_t next = buckets_empty ? UINT64_MAX : next_tick();
    if (next > target) {
      current = target;
      return;
    }
    current = next;
    // A bucket of a higher level begins only where one of the lower level does.
    for (std::uint32_t level = 0; level < levels; ++level) {
      const std::uint64_t turn = current >> (level * bucket_bits);
      if (turn << (level * bucket_bits) != current) break;
      relink_all(level * buckets_per_level + static_cast<std::uint32_t>(turn % buckets_per_level));
    }
  }
}

TimerWheel::TimerWheel(std::uint32_t slots_max, Duration tick, Instant now)
    : state_(std::make_unique<State>()) {
  CHECK(slots_max > 0);
  CHECK(slots_max <= UINT32_MAX - 1 - list_count);
  CHECK(tick.ns > 0);
  state_->slots_max = slots_max;
  state_->tick = tick;
  state_->origin = now;
  auto* entries = static_cast<State::Entry*>(std::calloc(slots_max, sizeof(State::Entry)));
  CHECK(entries != nullptr);
  state_->entries.reset(entries);
}

TimerWheel::~TimerWheel() = default;

void TimerWheel::set(std::uint32_t slot, Instant deadline) {
  State& state = *state_;
  CHECK(slot < state.slots_max);
  if (deadline == Instant::never()) return cancel(slot);
  const std::uint64_t at =
      std::min(state.tick_at_or_after(deadline), state.current + ticks_ahead_max);
  State::Entry& entry = state.entries[slot];
  if (entry.previous != 0) {
    if (at >= state.widen(entry.queued)) {
      entry.deadline = static_cast<std::uint32_t>(at);
      return;
    }
    state.unlink(slot);
    --state.set_count;
  }
  ++state.set_count;
  // A deadline long past is due as of now; so stored ticks never are far behind.
  state.link(slot, std::max(at, state.current));
}

void TimerWheel::cancel(std::uint32_t slot) {
  CHECK(slot < state_->slots_max);
  if (state_->entries[slot].previous == 0) return;
  state_->unlink(slot);
  --state_->set_count;
}

bool TimerWheel::expire(Instant now, std::uint32_t& slot) {
  State& state = *state_;
  const std::uint64_t target = std::max(state.tick_at_or_before(now), state.current);
  for (;;) {
    state.advance_to(target);
    if (state.first[due_list] == 0) return false;
    const std::uint32_t found = state.first[due_list] - 1;
    const std::uint64_t deadline = state.widen(state.entries[found].deadline);
    state.unlink(found);
    if (deadline > state.current) {
      state.link(found, deadline);
      continue;
    }
    --state.set_count;
    slot = found;
    return true;
  }
}

Instant TimerWheel::next() const {
  const State& state = *state_;
  if (state.set_count == 0) return Instant::never();
  const std::uint64_t at = state.first[due_list] != 0 ? state.current : state.next_tick();
  return state.origin + Duration{static_cast<std::int64_t>(at) * state.tick.ns};
}

}  // namespace parley::core
