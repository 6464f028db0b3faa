// One bit per worker, in words of 64.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "core/base/types.h"

namespace parley::core {

struct WorkerBits {
  static constexpr std::uint32_t words_max = workers_max / 64;
  static constexpr std::uint32_t none = UINT32_MAX;

  std::array<std::uint64_t, words_max> words{};

  static constexpr std::uint32_t word_of(std::uint32_t worker) { return worker / 64; }
  static constexpr std::uint64_t bit_of(std::uint32_t worker) { return 1ull << (worker % 64); }

  void set(std::uint32_t worker) { words[word_of(worker)] |= bit_of(worker); }
  void clear(std::uint32_t worker) { words[word_of(worker)] &= ~bit_of(worker); }

  // The first worker from `from` on, round and round; `none` when no bit is set.
  // REQUIRES: from < words_used * 64.
  [[nodiscard]] std::uint32_t next(std::uint32_t from, std::uint32_t words_used) const {
    const std::uint32_t start = word_of(from);
    const std::uint64_t upper = ~0ull << (from % 64);
    for (std::uint32_t i = 0; i <= words_used; ++i) {
      const std::uint32_t word = (start + i) % words_used;
      std::uint64_t bits = words[word];
      if (i == 0) bits &= upper;
      if (bits != 0) return word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
    }
    return none;
  }
};

}  // namespace parley::core
