// Streams of WebSocket bytes made from a seed: good ones, and good ones that were cut, mutated or
// corrupted. The same seed makes the same stream everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/differential/ws_frames.h"

namespace parley::test {

// SplitMix64.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next();
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(next() % bound); }
  bool one_in(std::uint32_t n) { return below(n) == 0; }

  template <class T, std::size_t n>
  const T& pick(const T (&choices)[n]) {
    return choices[below(n)];
  }

 private:
  std::uint64_t state_;
};

enum class Corruption : std::uint8_t { none, cut, mutated, corrupted, noise };
inline constexpr std::size_t corruption_count = 5;

struct MadeStream {
  protocol::WsRole role{};  // Who reads it.
  std::uint32_t message_bytes_max{};
  Corruption corruption{};
  ByteString bytes;
};

[[nodiscard]] MadeStream make_stream(std::uint64_t seed);

[[nodiscard]] std::vector<std::size_t> make_slices(Random& random, std::size_t stream_bytes);

}  // namespace parley::test
