// RFC 6455 section 5.3: masking, which is its own inverse.
//
// The key is held as its four bytes lie in the frame, so that byte i of a payload is combined with
// byte i % 4 of the key in memory.
//
// Cost      The widest vectors that the processor has are chosen once, before main().
// Bounds    Reads and writes stay inside `bytes`, whatever their length and alignment.
#pragma once

#include <bit>
#include <cstdint>

#include "core/base/types.h"

namespace parley::protocol {

static_assert(std::endian::native == std::endian::little, "Keys are rotated as little-endian.");

void unmask(MutableBytes bytes, std::uint32_t mask_key);

// The key for the bytes behind the first `bytes` of a payload.
[[nodiscard]] constexpr std::uint32_t rotate_mask_key(std::uint32_t mask_key, std::size_t bytes) {
  return std::rotr(mask_key, static_cast<int>(8 * (bytes % 4)));
}

// The implementations behind unmask(), so that tests can compare and benchmarks can measure them.
enum class MaskEngine : std::uint8_t { scalar, sse2, avx2 };

[[nodiscard]] bool mask_engine_available(MaskEngine engine);

// REQUIRES: mask_engine_available(engine).
void unmask_with(MaskEngine engine, MutableBytes bytes, std::uint32_t mask_key);

}  // namespace parley::protocol
