// How many connections each address has open. An address without any is not remembered.
//
// Threading  The owning worker alone.
// Memory     32 bytes an address and its share of free places; bounded by the open connections.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "core/base/check.h"
#include "core/base/ip_address.h"
#include "core/limits/key_table.h"

namespace parley::core {

class AddressCounts {
 public:
  explicit AddressCounts(TableKey secret) : counts_(secret) {}

  // Counts one more and answers true; false when the address has count_max already (0: no limit).
  [[nodiscard]] bool add(const IpAddress& address, std::uint32_t count_max) {
    const TableKey key = key_of(address);
    std::uint32_t* count = counts_.find(key);
    if (count == nullptr) {
      counts_.insert(key) = 1;
      return true;
    }
    if (count_max != 0 && *count >= count_max) return false;
    ++*count;
    return true;
  }

  // REQUIRES: an add() that answered true and has not been removed.
  void remove(const IpAddress& address) {
    const TableKey key = key_of(address);
    std::uint32_t* count = counts_.find(key);
    CHECK(count != nullptr);
    if (--*count == 0) counts_.erase(key);
  }

  [[nodiscard]] std::uint32_t count(const IpAddress& address) {
    const std::uint32_t* count = counts_.find(key_of(address));
    return count == nullptr ? 0 : *count;
  }

  // Addresses with at least one connection.
  [[nodiscard]] std::uint32_t addresses() const { return counts_.size(); }

 private:
  [[nodiscard]] static TableKey key_of(const IpAddress& address) {
    const auto halves = std::bit_cast<std::array<std::uint64_t, 2>>(address.octets);
    return {.high = halves[0], .low = halves[1]};
  }

  KeyTable<std::uint32_t> counts_;
};

}  // namespace parley::core
