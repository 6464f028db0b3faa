// A hash table from 128-bit keys to small values, for the bookkeeping of limits: open addressing,
// linear probing, no tombstones.
//
// Threading  The owning worker alone.
// Memory     Grows by doubling at three quarters full. erase() shrinks it with what is in use;
//            sweep() does not, since what it forgets comes again: trim() does, with what was in use
//            of late. New, it owns nothing.
// Bounds     The caller's: size() tells how many entries there are.
// Purity     Positions depend on `secret`, which peers do not know and so cannot aim at.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/trim.h"

namespace parley::core {

struct TableKey {
  std::uint64_t high{};
  std::uint64_t low{};

  friend constexpr bool operator==(TableKey, TableKey) = default;
};

template <class Value>
class KeyTable {
 public:
  explicit KeyTable(TableKey secret) : secret_(secret) {}

  [[nodiscard]] std::uint32_t size() const { return size_; }

  // Null when there is none. Valid until the next insert(), erase() or sweep().
  [[nodiscard]] Value* find(TableKey key) {
    if (size_ == 0) return nullptr;
    const std::uint32_t tag = tag_of(key);
    for (std::uint32_t at = tag & mask();; at = (at + 1) & mask()) {
      Entry& entry = entries_[at];
      if (entry.tag == empty_tag) return nullptr;
      if (entry.tag == tag && entry.key == key) return &entry.value;
    }
  }

  // REQUIRES: the key is not in the table. Valid as for find().
  Value& insert(TableKey key) {
    if ((size_ + 1) * 4 > entries_.size() * 3) resize(std::max(entries_.size() * 2, entries_min));
    ++size_;
    recent_.see(size_);
    return place(Entry{.key = key, .value = {}, .tag = tag_of(key)}).value;
  }

  void erase(TableKey key) {
    Value* value = find(key);
    if (value == nullptr) return;
    const std::uint32_t tag = tag_of(key);
    std::uint32_t at = tag & mask();
    while (&entries_[at].value != value) at = (at + 1) & mask();
    erase_at(at);
    shrink(size_);
  }

  // Looks at the next `steps` places, round and round, and forgets the entries that are `idle`.
  template <class Idle>
  void sweep(std::uint32_t steps, Idle idle) {
    for (; steps > 0 && size_ > 0; --steps) {
      const std::uint32_t at = swept_ & mask();
      if (entries_[at].tag != empty_tag && idle(entries_[at].value)) {
        erase_at(at);  // Another entry may have moved here: look at this place again.
      } else {
        ++swept_;
      }
    }
  }

  // Called a few times a second.
  void trim() { shrink(std::max<std::size_t>(recent_.fade(), size_)); }

 private:
  static constexpr std::size_t entries_min = 16;
  static constexpr std::uint32_t empty_tag = 0;

  struct Entry {
    TableKey key;
    Value value{};
    std::uint32_t tag = empty_tag;  // Of the key's hash: where the entry would like to be.
  };

  [[nodiscard]] std::uint32_t mask() const {
    return static_cast<std::uint32_t>(entries_.size() - 1);
  }

  [[nodiscard]] std::uint32_t tag_of(TableKey key) const {
    std::uint64_t hash = mixed(key.high ^ secret_.high) + key.low;
    hash = mixed(hash ^ secret_.low);
    const auto tag = static_cast<std::uint32_t>(hash >> 32);
    return tag == empty_tag ? 1 : tag;
  }

  // The finaliser of MurmurHash3: every bit of the input reaches every bit of the output.
  [[nodiscard]] static std::uint64_t mixed(std::uint64_t bits) {
    bits = (bits ^ (bits >> 33)) * 0xff51afd7ed558ccdULL;
    bits = (bits ^ (bits >> 33)) * 0xc4ceb9fe1a85ec53ULL;
    return bits ^ (bits >> 33);
  }

  Entry& place(Entry&& entry) {
    std::uint32_t at = entry.tag & mask();
    while (entries_[at].tag != empty_tag) at = (at + 1) & mask();
    entries_[at] = std::move(entry);
    return entries_[at];
  }

  // Closes the hole with the next entry that may stand there, until none may: no tombstones.
  void erase_at(std::uint32_t hole) {
    CHECK(size_ > 0);
    --size_;
    for (std::uint32_t at = (hole + 1) & mask(); entries_[at].tag != empty_tag;
         at = (at + 1) & mask()) {
      const std::uint32_t wanted_distance = (at - entries_[at].tag) & mask();
      const std::uint32_t hole_distance = (at - hole) & mask();
      if (wanted_distance < hole_distance) continue;
      entries_[hole] = std::move(entries_[at]);
      hole = at;
    }
    entries_[hole] = Entry{};
  }

  void shrink(std::size_t wanted) {
    if (entries_.size() > entries_min && wanted * 8 < entries_.size()) {
      resize(entries_.size() / 2);
    }
  }

  void resize(std::size_t entries) {
    CHECK(entries <= 1u << 31);
    std::vector<Entry> old = std::exchange(entries_, std::vector<Entry>(entries));
    for (Entry& entry : old) {
      if (entry.tag != empty_tag) place(std::move(entry));
    }
  }

  TableKey secret_;
  std::vector<Entry> entries_;  // A power of two, or none.
  std::uint32_t size_ = 0;
  RecentPeak recent_;  // Of size_.
  std::uint32_t swept_ = 0;
};

}  // namespace parley::core
