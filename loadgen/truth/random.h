// Random numbers for everything in a run that chance decides, from a seed that the report names.
#pragma once

#include <cstdint>

namespace parley::loadgen {

// SplitMix64 (Steele, Lea, Flood 2014): moves `state` on and returns 64 bits.
[[nodiscard]] inline std::uint64_t next_random(std::uint64_t& state) {
  std::uint64_t x = state += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

}  // namespace parley::loadgen
