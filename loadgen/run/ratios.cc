#include "loadgen/run/ratios.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace parley::loadgen {

namespace {

// How many of the smallest, and of the largest, may be left out: the most for which a fair coin
// shows fewer heads than that with a probability of at most 2.5 %. 0: not even none.
std::size_t left_out(std::size_t count) {
  constexpr double tail_max = 0.025;
  const auto n = static_cast<double>(count);
  double probability = std::pow(0.5, n);  // Of exactly k heads.
  double tail = 0;
  std::size_t k = 0;
  while (k < count / 2) {
    tail += probability;
    if (tail > tail_max) break;
    probability *= (n - static_cast<double>(k)) / (static_cast<double>(k) + 1);
    k += 1;
  }
  return k;
}

}  // namespace

Ratio ratio_of(std::vector<double> ratios) {
  if (ratios.empty()) return {};
  std::sort(ratios.begin(), ratios.end());
  const std::size_t half = ratios.size() / 2;
  const double median =
      ratios.size() % 2 == 1 ? ratios[half] : (ratios[half - 1] + ratios[half]) / 2;
  const std::size_t out = left_out(ratios.size());
  Ratio ratio{.median = median, .low = ratios.front(), .high = ratios.back()};
  if (out == 0) return ratio;
  ratio.low = ratios[out - 1];
  ratio.high = ratios[ratios.size() - out];
  ratio.conclusive = ratio.low > 1 || ratio.high < 1;
  return ratio;
}

}  // namespace parley::loadgen
