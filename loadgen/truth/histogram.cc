#include "loadgen/truth/histogram.h"

#include <cmath>

namespace parley::loadgen {

void Histogram::add(const Histogram& other) {
  for (std::uint32_t i = 0; i < buckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  clipped_ += other.clipped_;
  max_units_ = std::max(max_units_, other.max_units_);
  sum_units_ += other.sum_units_;
}

void Histogram::clear() {
  std::fill(counts_.begin(), counts_.end(), 0);
  count_ = clipped_ = max_units_ = sum_units_ = 0;
}

Duration Histogram::percentile(double percent) const {
  if (count_ == 0) return {};
  // 99.9 % of 1000 are 999, whatever the last bit of 99.9 says.
  constexpr double rounding = 1e-13;
  const double wanted = std::ceil(percent * static_cast<double>(count_) / 100 * (1 - rounding));
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, count_);
  std::uint64_t seen = 0;
  for (std::uint32_t i = 0; i < buckets; ++i) {
    seen += counts_[i];
    if (seen >= rank) return in_time(std::min(Scale::top(i), max_units_));
  }
  return max();
}

std::vector<Histogram::Filled> Histogram::filled() const {
  std::vector<Filled> filled;
  for (std::uint32_t i = 0; i < buckets; ++i) {
    if (counts_[i] != 0) filled.push_back({i, counts_[i]});
  }
  return filled;
}

bool Histogram::add_filled(std::span<const Filled> filled, Duration max, std::uint64_t clipped,
                           std::uint64_t sum_units) {
  for (const Filled& entry : filled) {
    if (entry.bucket >= buckets) return false;
  }
  for (const Filled& entry : filled) {
    counts_[entry.bucket] += entry.count;
    count_ += entry.count;
  }
  clipped_ += clipped;
  sum_units_ += sum_units;
  max_units_ = std::max(max_units_, units_of(max));
  return true;
}

}  // namespace parley::loadgen
