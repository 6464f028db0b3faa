// Epochs of rooms as clients carry them: a number in base 36, since JSON numbers are not exact to
// 64 bits in every client.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace parley::core {

struct EpochText {
  std::array<char, 16> digits{};
  std::size_t size = 0;

  explicit EpochText(std::uint64_t epoch) {
    const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), epoch, 36);
    size = static_cast<std::size_t>(result.ptr - digits.data());
  }
  [[nodiscard]] std::string_view view() const { return {digits.data(), size}; }
};

// 0 for no epoch. What is not an epoch of ours becomes one that no room has.
[[nodiscard]] inline std::uint64_t parse_epoch(std::string_view text) {
  if (text.empty()) return 0;
  constexpr std::uint64_t nobodys = 2;  // Rooms have odd epochs.
  std::uint64_t epoch = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), epoch, 36);
  return result.ec == std::errc{} && result.ptr == text.data() + text.size() && epoch != 0
             ? epoch
             : nobodys;
}

}  // namespace parley::core
