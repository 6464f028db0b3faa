// What pairs of runs tell about two servers: the median of their ratios, and how sure it is.
#pragma once

#include <vector>

namespace parley::loadgen {

struct Ratio {
  double median{};
  double low{};   // With 95 % confidence the median of all such pairs is not below,
  double high{};  // and not above.
  // The interval does not hold 1, and there were pairs enough for one.
  bool conclusive{};
};

// Of b over a, pair by pair. The interval is that of the sign test: order statistics, which assume
// nothing of how noise is distributed. Fewer than 6 pairs have none, and conclude nothing.
[[nodiscard]] Ratio ratio_of(std::vector<double> ratios);

}  // namespace parley::loadgen
