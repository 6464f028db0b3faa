// The only source of chance in a simulation: the same seed gives the same run, on every machine.
#pragma once

#include <cstdint>

#include "core/base/check.h"

namespace parley::sim {

// xoshiro256** (Blackman and Vigna, 2018), seeded by splitmix64.
class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (std::uint64_t& word : state_) {
      seed += 0x9e3779b97f4a7c15u;
      word = mix(seed);
    }
  }

  [[nodiscard]] std::uint64_t next() {
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

  // From 0 to bound - 1. The bias of the remainder is far below what a simulation notices.
  [[nodiscard]] std::uint32_t below(std::uint32_t bound) {
    CHECK(bound > 0);
    return static_cast<std::uint32_t>((next() >> 32) % bound);
  }

  // Both ends included.
  [[nodiscard]] std::uint32_t between(std::uint32_t low, std::uint32_t high) {
    CHECK(low <= high);
    return low + below(high - low + 1);
  }

  [[nodiscard]] bool chance(std::uint32_t per_million) { return below(1'000'000) < per_million; }

 private:
  static std::uint64_t rotate(std::uint64_t value, int bits) {
    return (value << bits) | (value >> (64 - bits));
  }

  static std::uint64_t mix(std::uint64_t value) {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
  }

  std::uint64_t state_[4];
};

}  // namespace parley::sim
