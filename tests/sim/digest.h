// A hash of everything that a run did, in order: two runs of one seed must print the same.
#pragma once

#include <cstdint>

#include "core/base/types.h"

namespace parley::sim {

// FNV-1a over 64-bit words; bytes are taken one by one.
class Digest {
 public:
  void add(std::uint64_t word) { value_ = (value_ ^ word) * 0x100000001b3u; }

  void add(Bytes bytes) {
    for (const std::byte byte : bytes) add(std::to_integer<std::uint64_t>(byte));
  }

  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325u;
};

}  // namespace parley::sim
