// What the microbenchmarks share: the numbers they report, and data that is the same in every run.
#pragma once

#include <benchmark/benchmark.h>
#include <sched.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace parley::bench {

using Random = std::mt19937_64;
inline constexpr std::uint64_t seed = 20'241'121;

// Reports time per item (`each`) and items per second, whatever number of them a round has.
inline void report(benchmark::State& state, std::int64_t items_per_round) {
  const std::int64_t items = state.iterations() * items_per_round;
  state.SetItemsProcessed(items);
  state.counters["each"] = benchmark::Counter(
      static_cast<double>(items), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// The same with bytes per second, too.
inline void report(benchmark::State& state, std::int64_t items_per_round,
                   std::size_t bytes_per_round) {
  report(state, items_per_round);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes_per_round));
}

// Two threads that share a core measure the scheduler, so such benchmarks ask first.
inline bool has_two_cores() {
  cpu_set_t cores;
  return sched_getaffinity(0, sizeof(cores), &cores) == 0 && CPU_COUNT(&cores) >= 2;
}

inline std::string ascii_text(std::size_t bytes) {
  Random random(seed);
  std::string text(bytes, ' ');
  for (char& letter : text) letter = static_cast<char>('a' + random() % 26);
  return text;
}

// Code points of one to four bytes mixed; filled up with ASCII, so that none is cut.
inline std::string utf8_text(std::size_t bytes) {
  constexpr std::string_view points[] = {"e", "é", "ж", "語", "한", "🎉"};
  Random random(seed);
  std::string text;
  while (text.size() + 4 <= bytes) text += points[random() % std::size(points)];
  text.resize(bytes, '.');
  return text;
}

}  // namespace parley::bench
