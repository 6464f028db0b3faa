// What names that people see must not hold.
#pragma once

#include <cstdint>
#include <string_view>

namespace parley {

// Control characters (C0, DEL, C1), and characters that cannot be seen or that turn the direction
// of what follows, with which one name could pass for another: U+200B, U+200E-200F, U+2028-202E,
// U+2060-2069, U+FEFF. Joiners (U+200C, U+200D) are part of scripts and emoji and may stay.
// REQUIRES: valid UTF-8.
[[nodiscard]] inline bool has_invisible_characters(std::string_view utf8) {
  const auto at = [utf8](std::size_t i) {
    return i < utf8.size() ? static_cast<unsigned char>(utf8[i]) : 0u;
  };
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const unsigned first = at(i);
    const unsigned second = at(i + 1);
    const unsigned third = at(i + 2);
    if (first < 0x20 || first == 0x7f) return true;
    if (first == 0xc2 && second < 0xa0) return true;
    if (first == 0xef && second == 0xbb && third == 0xbf) return true;
    if (first != 0xe2) continue;
    if (second == 0x81 && third >= 0xa0 && third <= 0xa9) return true;
    if (second != 0x80) continue;
    const bool marks = third == 0x8b || third == 0x8e || third == 0x8f;
    if (marks || (third >= 0xa8 && third <= 0xae)) return true;
  }
  return false;
}

}  // namespace parley
