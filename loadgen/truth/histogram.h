// A histogram of durations with 3 significant digits, after Gil Tene's HdrHistogram: linear within
// each power of two, so that a percentile is off by at most 0.1 %, whatever its size.
//
// Memory  152 KiB, taken on construction. Values above value_max count as value_max, and as
//         `clipped`.
// Merge   Adding two histograms gives exactly what recording into one would have given.
// Unit    100 ns.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/time.h"

namespace parley::loadgen {

// Which bucket a value falls into, with `digits` bits of precision. Buckets of the first power of
// two are one unit wide; each further power of two has half as many buckets, twice as wide.
template <std::uint32_t digits>
struct BucketScale {
  static constexpr std::uint32_t linear = 1u << digits;

  [[nodiscard]] static constexpr std::uint32_t index(std::uint64_t value) {
    if (value < linear) return static_cast<std::uint32_t>(value);
    const auto shift = static_cast<std::uint32_t>(std::bit_width(value)) - digits;
    return shift * (linear / 2) + static_cast<std::uint32_t>(value >> shift);
  }
  // The largest value of a bucket.
  [[nodiscard]] static constexpr std::uint64_t top(std::uint32_t index) {
    if (index < linear) return index;
    const std::uint32_t shift = index / (linear / 2) - 1;
    const std::uint64_t first = std::uint64_t{index} - shift * (linear / 2);
    return ((first + 1) << shift) - 1;
  }
};

class Histogram {
 public:
  using Scale = BucketScale<11>;  // 2048 values: 3 significant digits.
  static constexpr std::int64_t unit_ns = 100;
  static constexpr std::uint64_t value_max = (std::uint64_t{1} << 26) * 64 - 1;  // 429 s.
  static constexpr std::uint32_t buckets = Scale::index(value_max) + 1;

  Histogram() : counts_(buckets) {}

  void record(Duration duration) { record_units(units_of(duration)); }
  [[nodiscard]] static std::uint64_t units_of(Duration duration) {
    return duration.ns <= 0 ? 0 : static_cast<std::uint64_t>(duration.ns) / unit_ns;
  }
  void record_units(std::uint64_t units) {
    if (units > value_max) {
      clipped_ += 1;
      units = value_max;
    }
    counts_[Scale::index(units)] += 1;
    count_ += 1;
    max_units_ = std::max(max_units_, units);
    sum_units_ += units;
  }

  void add(const Histogram& other);
  void clear();

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t clipped() const { return clipped_; }
  [[nodiscard]] Duration max() const { return in_time(max_units_); }
  [[nodiscard]] Duration mean() const { return in_time(count_ == 0 ? 0 : sum_units_ / count_); }
  // The least value that `percent` of all values do not pass; 0 when there are none.
  [[nodiscard]] Duration percentile(double percent) const;

  // For sending and storing: pairs of bucket and count where the count is not 0, and back.
  struct Filled {
    std::uint32_t bucket{};
    std::uint64_t count{};
  };
  [[nodiscard]] std::vector<Filled> filled() const;
  // False when a bucket does not exist.
  [[nodiscard]] bool add_filled(std::span<const Filled> filled, Duration max, std::uint64_t clipped,
                                std::uint64_t sum_units);
  [[nodiscard]] std::uint64_t sum_units() const { return sum_units_; }

  [[nodiscard]] static Duration in_time(std::uint64_t units) {
    return {static_cast<std::int64_t>(units) * unit_ns};
  }

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t clipped_ = 0;
  std::uint64_t max_units_ = 0;
  std::uint64_t sum_units_ = 0;
};

// The same with 2 buckets for each power of two: a column of the heat map, one for each second.
class CoarseHistogram {
 public:
  using Scale = BucketScale<2>;
  static constexpr std::uint32_t buckets = Scale::index(Histogram::value_max) + 1;

  void record_units(std::uint64_t units) {
    counts_[Scale::index(std::min(units, Histogram::value_max))] += 1;
  }
  void add(const CoarseHistogram& other) {
    for (std::uint32_t i = 0; i < buckets; ++i) counts_[i] += other.counts_[i];
  }
  [[nodiscard]] std::span<std::uint32_t> counts() { return counts_; }
  [[nodiscard]] std::span<const std::uint32_t> counts() const { return counts_; }

 private:
  std::array<std::uint32_t, buckets> counts_{};
};

}  // namespace parley::loadgen
