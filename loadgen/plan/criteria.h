// What a run must reach to be called good: "p99 < 5ms", "loss == 0", "deliveries >= 100k/s".
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace parley::loadgen {

// What is judged, in the units of MetricKind: nanoseconds, a number, a number a second.
enum class Metric : std::uint8_t {
  p50,
  p90,
  p99,
  p999,
  max,
  loss,
  duplicates,
  reordered,
  leaks,
  damaged,
  errors,
  disconnects,
  connections,
  publications,
  deliveries,
  connects,
  lag_p99,
};
inline constexpr std::size_t metric_count = 17;

using Metrics = std::array<double, metric_count>;  // By Metric.

enum class MetricKind : std::uint8_t { duration, count, rate };

[[nodiscard]] std::string_view metric_name(Metric metric);
[[nodiscard]] MetricKind metric_kind(Metric metric);
[[nodiscard]] std::string metric_text(Metric metric, double value);

struct Criterion {
  enum class Compare : std::uint8_t { less, at_most, equal, at_least, greater };

  Metric metric{};
  Compare compare{};
  double value{};
  std::string text;  // As it was written.

  [[nodiscard]] bool holds(const Metrics& metrics) const;
};

// Separated by commas. Empty: none. `rate` is another name for `deliveries`.
[[nodiscard]] Result<std::vector<Criterion>> parse_criteria(std::string_view text);

}  // namespace parley::loadgen
