// Vectors that live long and grow in bursts: gives back what they no longer need.
#pragma once

#include <cstddef>
#include <iterator>
#include <vector>

namespace parley {

// Leaves room for as much again as is in use, once that is a quarter of what there is room for: the
// next burst pays for growing again, a steady flow pays nothing. Invalidates iterators.
template <class Item>
void trim(std::vector<Item>& items) {
  constexpr std::size_t items_kept_min = 16;
  if (items.capacity() <= items_kept_min || items.size() > items.capacity() / 4) return;
  std::vector<Item> kept;
  kept.reserve(items.size() * 2);
  kept.assign(std::make_move_iterator(items.begin()), std::make_move_iterator(items.end()));
  items.swap(kept);
}

}  // namespace parley
