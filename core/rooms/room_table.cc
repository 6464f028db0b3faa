#include "core/rooms/room_table.h"

#include <utility>

#include "core/base/check.h"

namespace parley::core {

std::uint32_t RoomTable::find(RoomId id) const {
  if (entries_.empty()) return none;
  for (std::size_t at = home_of(id);; at = (at + 1) & (entries_.size() - 1)) {
    const Entry& entry = entries_[at];
    if (entry.index == none) return none;
    if (entry.id == id) return entry.index;
  }
}

void RoomTable::insert(RoomId id, std::uint32_t index) {
  CHECK(index != none);
  DCHECK(find(id) == none);
  if ((size_ + 1) * 4ull > entries_.size() * 3ull) grow();
  std::size_t at = home_of(id);
  while (entries_[at].index != none) at = (at + 1) & (entries_.size() - 1);
  entries_[at] = {id, index};
  ++size_;
}

void RoomTable::erase(RoomId id) {
  CHECK(find(id) != none);
  const std::size_t mask = entries_.size() - 1;
  std::size_t hole = home_of(id);
  while (!(entries_[hole].id == id)) hole = (hole + 1) & mask;
  // Move back what probed past the hole, so that no tombstones are needed.
  for (std::size_t at = (hole + 1) & mask; entries_[at].index != none; at = (at + 1) & mask) {
    const std::size_t distance_from_home = (at - home_of(entries_[at].id)) & mask;
    const std::size_t distance_from_hole = (at - hole) & mask;
    if (distance_from_home < distance_from_hole) continue;
    entries_[hole] = entries_[at];
    hole = at;
  }
  entries_[hole] = Entry{};
  --size_;
}

void RoomTable::grow() {
  std::vector<Entry> old = std::exchange(
      entries_, std::vector<Entry>(entries_.empty() ? std::size_t{16} : entries_.size() * 2));
  size_ = 0;
  for (const Entry& entry : old) {
    if (entry.index != none) insert(entry.id, entry.index);
  }
}

}  // namespace parley::core
