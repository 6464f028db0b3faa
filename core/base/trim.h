// Vectors that live long and grow in bursts: gives back what they no longer need. A steady flow
// pays nothing for that, the next burst pays for growing again.
#pragma once

#include <cstddef>
#include <iterator>
#include <vector>

namespace parley {

// Leaves room for twice as many as are wanted, once that is half of what there is room for.
// Invalidates iterators. REQUIRES: at least as many are wanted as there are.
template <class Item>
void trim(std::vector<Item>& items, std::size_t wanted) {
  constexpr std::size_t items_kept_min = 16;
  if (items.capacity() <= items_kept_min || wanted > items.capacity() / 4) return;
  std::vector<Item> kept;
  kept.reserve(wanted * 2);
  kept.assign(std::make_move_iterator(items.begin()), std::make_move_iterator(items.end()));
  items.swap(kept);
}

// The same for one that shrinks as slowly as it grows: as many are wanted as there are.
template <class Item>
void trim(std::vector<Item>& items) {
  trim(items, items.size());
}

// How many a vector that fills and empties all the time should have room for: the most there were
// of late.
class RecentPeak {
 public:
  void see(std::size_t items) {
    if (items > peak_) peak_ = items;
  }

  // Called a few times a second: a peak is half forgotten after 22 calls.
  [[nodiscard]] std::size_t fade() {
    constexpr std::size_t part = 32;
    peak_ -= (peak_ + part - 1) / part;
    return peak_;
  }

 private:
  std::size_t peak_ = 0;
};

}  // namespace parley
