#include "core/base/text.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>

namespace parley {
namespace {

std::string utf8_of(char32_t point) {
  const auto byte = [](char32_t bits) { return static_cast<char>(bits); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xc0 | point >> 6), byte(0x80 | (point & 0x3f))};
  if (point < 0x10000) {
    return {byte(0xe0 | point >> 12), byte(0x80 | (point >> 6 & 0x3f)),
            byte(0x80 | (point & 0x3f))};
  }
  return {byte(0xf0 | point >> 18), byte(0x80 | (point >> 12 & 0x3f)),
          byte(0x80 | (point >> 6 & 0x3f)), byte(0x80 | (point & 0x3f))};
}

std::string number(char32_t point) {
  return "code point " + std::to_string(static_cast<std::uint32_t>(point));
}

// In a heap block of its exact size, so that ASan sees over-reads.
template <class Function>
auto exactly(const std::string& text, Function function) {
  const std::unique_ptr<char[]> exact(new char[text.size()]);
  std::memcpy(exact.get(), text.data(), text.size());
  return function(std::string_view(exact.get(), text.size()));
}

bool ascend(std::span<const CodePoints> ranges) {
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (ranges[i].first > ranges[i].last) return false;
    if (i > 0 && ranges[i].first <= ranges[i - 1].last) return false;
  }
  return true;
}

TEST(Text, TablesAscend) {
  EXPECT_TRUE(ascend(invisible_characters));
  EXPECT_TRUE(ascend(spaces));
}

TEST(Text, ReadsEveryCodePoint) {
  for (char32_t point = 1; point <= 0x10ffff; point += point < 0x3000 ? 1 : 0x101) {
    if (point >= 0xd800 && point <= 0xdfff) continue;
    const std::string text = utf8_of(point) + "x";
    std::string_view rest = text;
    ASSERT_EQ(take_code_point(rest), point);
    ASSERT_EQ(rest, "x");
  }
}

TEST(Text, KnowsWhatCannotBeSeen) {
  struct Row {
    char32_t first;
    char32_t last;
  };
  // Both sides of each range are not in it.
  const Row rows[] = {{0x7f, 0x9f},     {0xad, 0xad},     {0x34f, 0x34f},   {0x61c, 0x61c},
                      {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180e, 0x180e}, {0x200b, 0x200b},
                      {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x2069}, {0x3164, 0x3164},
                      {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};
  const auto hidden = [](char32_t point) {
    return exactly("a" + utf8_of(point) + "b", has_invisible_characters);
  };
  for (char32_t point = 0; point < 0x20; ++point) EXPECT_TRUE(hidden(point)) << number(point);
  for (const Row& row : rows) {
    EXPECT_FALSE(hidden(row.first - 1)) << number(row.first);
    EXPECT_FALSE(hidden(row.last + 1)) << number(row.last);
    for (char32_t point = row.first; point <= row.last; ++point) {
      EXPECT_TRUE(hidden(point)) << number(point);
    }
  }
  for (const char32_t point : {0x200cu, 0x200du, 0xfe0fu, 0x1f600u}) EXPECT_FALSE(hidden(point));
}

TEST(UserName, HasNoSpaceAtEitherEndAndNothingThatCannotBeSeen) {
  for (const char32_t space :
       {0x20, 0xa0, 0x1680, 0x2000, 0x2003, 0x200a, 0x202f, 0x205f, 0x3000}) {
    EXPECT_FALSE(exactly(utf8_of(space) + "a", valid_user_name)) << number(space);
    EXPECT_FALSE(exactly("a" + utf8_of(space), valid_user_name)) << number(space);
    EXPECT_FALSE(exactly(utf8_of(space), valid_user_name)) << number(space);
    EXPECT_TRUE(exactly("a" + utf8_of(space) + "b", valid_user_name)) << number(space);
  }
  EXPECT_FALSE(exactly("", valid_user_name));
  for (const char* name : {"al\u202eice", "\u200b", "\u3164", "a\u00adb", "a\n"}) {
    EXPECT_FALSE(exactly(name, valid_user_name)) << name;
  }
  for (const char* name : {"a", "Zo\u00eb Q", "\u623f\u9593", "\U0001f469\u200d\U0001f680"}) {
    EXPECT_TRUE(exactly(name, valid_user_name)) << name;
  }
}

TEST(Text, LosesItsTrailingSpaces) {
  EXPECT_EQ(without_trailing_spaces("a b \u00a0\u3000"), "a b");
  EXPECT_EQ(without_trailing_spaces(" a"), " a");
  EXPECT_EQ(without_trailing_spaces("\u2003 "), "");
  EXPECT_EQ(without_trailing_spaces(""), "");
}

}  // namespace
}  // namespace parley
