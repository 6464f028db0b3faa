#include "protocol/json/json_writer.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>

namespace parley::protocol {
namespace {

std::string json_of(std::string_view utf8) {
  JsonWriter writer;
  writer.string(utf8);
  return std::string(writer.text());
}

TEST(JsonWriter, WritesNestedValuesWithTheirCommas) {
  JsonWriter writer;
  writer.begin_object();
  writer.key("a");
  writer.begin_array();
  writer.integer(1);
  writer.boolean(true);
  writer.boolean(false);
  writer.null();
  writer.begin_array();
  writer.end_array();
  writer.begin_object();
  writer.end_object();
  writer.string("x");
  writer.end_array();
  writer.key("b");
  writer.encoded("{\"c\":1.5}");
  writer.key("d");
  writer.string("");
  writer.end_object();
  EXPECT_EQ(writer.text(), R"({"a":[1,true,false,null,[],{},"x"],"b":{"c":1.5},"d":""})");
}

TEST(JsonWriter, EscapesWhatMustNotStandInAString) {  // RFC 8259 7
  EXPECT_EQ(json_of("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(json_of("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(json_of(std::string_view("\0\x01\x1f\x7f", 4)), "\"\\u0000\\u0001\\u001f\x7f\"");
  EXPECT_EQ(json_of("\xc3\xa4\xf0\x9f\x98\x80"), "\"\xc3\xa4\xf0\x9f\x98\x80\"");
}

TEST(JsonWriter, EscapesEveryCharacterSoThatAnotherReaderAgrees) {
  for (int c = 0; c < 0x80; ++c) {
    const std::string text = {'a', static_cast<char>(c), static_cast<char>(c), 'b'};
    EXPECT_EQ(nlohmann::json::parse(json_of(text)).get<std::string>(), text) << c;
  }
}

TEST(JsonWriter, EscapesWhereverInAStringTheCharacterStands) {  // It looks at words of them.
  for (std::size_t size = 1; size <= 18; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (const char c : {'\0', '\x1f', '"', '\\', ' ', '!', '\x7f'}) {
        std::string text(size, '#');  // One above the quotation mark.
        text[at] = c;
        EXPECT_EQ(nlohmann::json::parse(json_of(text)).get<std::string>(), text)
            << size << ' ' << at;
      }
    }
  }
}

TEST(JsonWriter, EscapesNamesToo) {
  JsonWriter writer;
  writer.begin_object();
  writer.key("a\"\n");
  writer.null();
  writer.end_object();
  EXPECT_EQ(writer.text(), R"({"a\"\n":null})");
}

TEST(JsonWriter, WritesIntegersToTheirBounds) {
  JsonWriter writer;
  writer.begin_array();
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min(),
        std::numeric_limits<std::int64_t>::max()}) {
    writer.integer(value);
  }
  writer.end_array();
  EXPECT_EQ(writer.text(), "[0,-1,-9223372036854775808,9223372036854775807]");
}

TEST(JsonWriter, StartsAnewAfterClear) {
  JsonWriter writer;
  writer.integer(1);
  writer.clear();
  EXPECT_EQ(writer.text(), "");
  writer.integer(2);
  EXPECT_EQ(writer.text(), "2");
}

TEST(JsonWriter, GrowsWhereverInATextItMust) {
  for (const std::string& piece :
       {std::string(7, 'a'), std::string(3, '\n'), std::string(41, 'b')}) {
    JsonWriter writer;
    nlohmann::json expected = nlohmann::json::array();
    writer.begin_array();
    for (int i = 0; i < 3000; ++i) {
      writer.string(piece);
      writer.integer(i);
      expected.push_back(piece);
      expected.push_back(i);
    }
    writer.end_array();
    EXPECT_EQ(nlohmann::json::parse(writer.text()), expected);
    writer.clear();  // Gives back what is large.
    writer.string(piece);
    EXPECT_EQ(nlohmann::json::parse(writer.text()), piece);
  }
}

}  // namespace
}  // namespace parley::protocol
