// The record of a room's messages: kept up to date, and read back by who was away.
#include <array>
#include <cstring>

#include "bench/micro/micro.h"
#include "core/base/check.h"
#include "core/payload/payload_pool.h"
#include "core/rooms/history.h"

namespace {

using namespace parley;

constexpr std::uint32_t frame_bytes = 200;
constexpr std::uint32_t messages_per_room_max = 100;
constexpr core::HistoryLimits limits{.count_max = messages_per_room_max,
                                     .room_bytes_max = 1 << 20,
                                     .bytes_max = 1ull << 30,
                                     .age_max = seconds(3600)};
constexpr UnixMillis time{1'732'150'000'000};

core::PayloadRef message(core::PayloadPool& pool, Sequence sequence) {
  core::PayloadRef frame = pool.allocate(frame_bytes);
  std::memset(frame->bytes() + frame->end, 'x', frame_bytes);
  frame->end += frame_bytes;
  frame->first_sequence = frame->last_sequence = sequence;
  return frame;
}

// Rooms in turn get a message each; every record is full, so each drops its oldest.
class Rooms {
 public:
  explicit Rooms(std::int64_t count) : count_(static_cast<std::uint32_t>(count)) {
    for (std::uint32_t i = 0; i < count_ * messages_per_room_max; ++i) append_next();
  }

  void append_next() {
    if (room_ == 0) ++sequence_;
    history.append(room_, message(pool_, sequence_), time);
    room_ = room_ + 1 < count_ ? room_ + 1 : 0;
  }

  // Of room 0, which gets each number first.
  [[nodiscard]] Sequence last() const { return sequence_; }

  void check_full() const {
    CHECK(history.messages() == std::uint64_t{count_} * messages_per_room_max);
    CHECK(history.oldest(0) == last() - messages_per_room_max + 1);
  }

 private:
  core::PayloadPool pool_{256 << 20};  // Outlives the history, which gives its blocks back.

 public:
  core::History history{limits};

 private:
  const std::uint32_t count_;
  std::uint32_t room_ = 0;
  Sequence sequence_ = 0;
};

// range(0): rooms.
void append(benchmark::State& state) {
  Rooms rooms(state.range(0));
  for (auto _ : state) rooms.append_next();
  rooms.check_full();
  bench::report(state, 1);
}
BENCHMARK(append)->Arg(1)->Arg(1000);

// range(0): how many messages one missed.
void read_since(benchmark::State& state) {
  Rooms rooms(1);
  const auto missed = static_cast<std::uint32_t>(state.range(0));
  std::array<core::PayloadBlock*, messages_per_room_max> out{};
  std::uint64_t sum = 0;
  for (auto _ : state) {
    CHECK(rooms.history.since(0, rooms.last() - missed, out) == missed);
    for (std::uint32_t i = 0; i < missed; ++i) sum += out[i]->last_sequence;
  }
  const std::uint64_t once = missed * (2 * rooms.last() - missed + 1) / 2;
  CHECK(sum == once * static_cast<std::uint64_t>(state.iterations()));
  bench::report(state, missed);
}
BENCHMARK(read_since)->Arg(1)->Arg(50)->Arg(100);

// A page of older messages, from the middle of the record.
void read_before(benchmark::State& state) {
  constexpr std::uint32_t page = 20;
  Rooms rooms(1);
  std::array<core::PayloadBlock*, page> out{};
  const Sequence before = rooms.last() - messages_per_room_max / 2;
  for (auto _ : state) {
    CHECK(rooms.history.before(0, before, out) == page);
    benchmark::DoNotOptimize(out);
  }
  CHECK(out.back()->last_sequence == before - 1);
  bench::report(state, page);
}
BENCHMARK(read_before);

}  // namespace
