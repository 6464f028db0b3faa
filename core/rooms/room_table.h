// Finds a room's index by its id: open addressing with linear probing. Ids are already hashes, so
// their low bits choose the bucket.
//
// Memory  Doubles when three quarters full, which only a new room can cause. Threading: one worker.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/types.h"

namespace parley::core {

class RoomTable {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  [[nodiscard]] std::uint32_t find(RoomId id) const;
  // find() of this id will soon be wanted: brings what it reads into the cache meanwhile.
  void expect(RoomId id) const {
    if (!entries_.empty()) __builtin_prefetch(&entries_[home_of(id)]);
  }
  // REQUIRES: `id` is not in the table.
  void insert(RoomId id, std::uint32_t index);
  // REQUIRES: `id` is in the table.
  void erase(RoomId id);
  [[nodiscard]] std::uint32_t size() const { return size_; }

 private:
  struct Entry {
    RoomId id;
    std::uint32_t index = none;
  };

  [[nodiscard]] std::size_t home_of(RoomId id) const { return id.low & (entries_.size() - 1); }
  void grow();

  std::vector<Entry> entries_;
  std::uint32_t size_ = 0;
};

}  // namespace parley::core
