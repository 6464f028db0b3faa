// What names that people see must not hold: one rule for guests, for tokens and for rooms.
//
// REQUIRES of all text here: valid UTF-8.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace parley {

struct CodePoints {  // A range, both ends included.
  char32_t first;
  char32_t last;
};

// Control characters, and characters that cannot be seen or that turn the direction of what
// follows, with which one name could pass for another. Joiners (U+200C, U+200D) and variation
// selectors are part of scripts and emoji and may stay. In ascending order.
inline constexpr std::array invisible_characters = {
    CodePoints{0x0000, 0x001f},    // C0
    CodePoints{0x007f, 0x009f},    // DEL, C1
    CodePoints{0x00ad, 0x00ad},    // soft hyphen
    CodePoints{0x034f, 0x034f},    // combining grapheme joiner
    CodePoints{0x061c, 0x061c},    // Arabic letter mark
    CodePoints{0x115f, 0x1160},    // Hangul fillers
    CodePoints{0x17b4, 0x17b5},    // Khmer inherent vowels
    CodePoints{0x180e, 0x180e},    // Mongolian vowel separator
    CodePoints{0x200b, 0x200b},    // zero width space
    CodePoints{0x200e, 0x200f},    // direction marks
    CodePoints{0x2028, 0x202e},    // separators of lines and paragraphs, embeddings, overrides
    CodePoints{0x2060, 0x2069},    // word joiner, operators, isolates
    CodePoints{0x3164, 0x3164},    // Hangul filler
    CodePoints{0xfeff, 0xfeff},    // zero width no-break space
    CodePoints{0xffa0, 0xffa0},    // halfwidth Hangul filler
    CodePoints{0xfff9, 0xfffb},    // interlinear annotations
    CodePoints{0xe0000, 0xe007f},  // tags
};

// Unicode's spaces (category Zs), in ascending order.
inline constexpr std::array spaces = {
    CodePoints{0x0020, 0x0020}, CodePoints{0x00a0, 0x00a0}, CodePoints{0x1680, 0x1680},
    CodePoints{0x2000, 0x200a}, CodePoints{0x202f, 0x202f}, CodePoints{0x205f, 0x205f},
    CodePoints{0x3000, 0x3000},
};

// REQUIRES: the ranges ascend.
[[nodiscard]] constexpr bool is_among(char32_t point, std::span<const CodePoints> ranges) {
  for (const CodePoints& range : ranges) {
    if (point <= range.last) return point >= range.first;
  }
  return false;
}

// Takes the first code point off `utf8`. REQUIRES: not empty.
[[nodiscard]] constexpr char32_t take_code_point(std::string_view& utf8) {
  const auto lead = static_cast<unsigned char>(utf8.front());
  const std::size_t bytes = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  char32_t point = bytes == 1 ? lead : lead & (0x7fu >> bytes);
  for (std::size_t i = 1; i < std::min(bytes, utf8.size()); ++i) {
    point = point << 6 | (static_cast<unsigned char>(utf8[i]) & 0x3fu);
  }
  utf8.remove_prefix(std::min(bytes, utf8.size()));
  return point;
}

[[nodiscard]] constexpr bool has_invisible_characters(std::string_view utf8) {
  while (!utf8.empty()) {
    if (is_among(take_code_point(utf8), invisible_characters)) return true;
  }
  return false;
}

// `utf8` as far as its last character that is no space.
[[nodiscard]] constexpr std::string_view without_trailing_spaces(std::string_view utf8) {
  std::size_t kept = 0;
  for (std::string_view rest = utf8; !rest.empty();) {
    if (!is_among(take_code_point(rest), spaces)) kept = utf8.size() - rest.size();
  }
  return utf8.substr(0, kept);
}

// Whether others can be shown this as somebody's name or id: there is something to see, and no
// space at either end.
[[nodiscard]] constexpr bool valid_user_name(std::string_view utf8) {
  if (utf8.empty() || without_trailing_spaces(utf8).size() != utf8.size()) return false;
  std::string_view rest = utf8;
  return !is_among(take_code_point(rest), spaces) && !has_invisible_characters(utf8);
}

}  // namespace parley
