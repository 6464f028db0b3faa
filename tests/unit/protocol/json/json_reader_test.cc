#include "protocol/json/json_reader.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

namespace parley::protocol {
namespace {

// Reads a copy in a heap block of exactly its size, which is gone before the value is used.
JsonStatus read_copy(JsonReader& reader, std::string_view text, const Value*& value) {
  const auto block = std::make_unique<char[]>(text.size());
  text.copy(block.get(), text.size());
  return reader.read({block.get(), text.size()}, value);
}

class JsonReaderTest : public testing::Test {
 protected:
  const Value& value_of(std::string_view text) {
    const Value* value = nullptr;
    EXPECT_EQ(read_copy(reader_, text, value), JsonStatus::ok) << text;
    return value != nullptr ? *value : none_;
  }
  JsonStatus status_of(std::string_view text) {
    const Value* value = nullptr;
    return read_copy(reader_, text, value);
  }

 private:
  static constexpr std::uint32_t values_max = 10'000;
  JsonReader reader_{values_max};
  Value none_;
};

TEST_F(JsonReaderTest, ReadsEveryKindOfValue) {
  const Value& value = value_of(
      R"( {"n":null,"t":true,"f":false,"i":-42,"r":1.5,"s":"x","a":[1,[],{}],"o":{"p":"q"}} )");
  ASSERT_EQ(value.kind, Value::Kind::object);
  ASSERT_EQ(value.members.size(), 8u);
  EXPECT_EQ(value.members[0].name, "n");
  EXPECT_EQ(value.find("n")->kind, Value::Kind::null);
  EXPECT_TRUE(value.find("t")->boolean);
  EXPECT_EQ(value.find("f")->kind, Value::Kind::boolean);
  EXPECT_EQ(value.find("i")->integer, -42);
  EXPECT_EQ(value.find("r")->real, 1.5);
  EXPECT_EQ(value.string_or_empty("s"), "x");
  ASSERT_EQ(value.find("a")->items.size(), 3u);
  EXPECT_EQ(value.find("a")->items[0].integer, 1);
  EXPECT_EQ(value.find("a")->items[1].kind, Value::Kind::array);
  EXPECT_EQ(value.find("a")->items[2].kind, Value::Kind::object);
  EXPECT_EQ(value.find("o")->string_or_empty("p"), "q");
}

TEST_F(JsonReaderTest, ReadsValuesThatAreNotContainers) {  // RFC 8259 2
  EXPECT_EQ(value_of("\"a long text before a short one\"").string,
            "a long text before a short one");
  EXPECT_EQ(value_of("1234567890123").integer, 1234567890123);
  EXPECT_EQ(value_of("12").integer, 12);
  EXPECT_EQ(value_of(" null\n").kind, Value::Kind::null);
}

TEST_F(JsonReaderTest, DecodesEscapes) {  // RFC 8259 7
  EXPECT_EQ(value_of(R"("\"\\\/\b\f\n\r\t\u0041\u00e4\ud83d\ude00")").string,
            "\"\\/\b\f\n\r\tA\xc3\xa4\xf0\x9f\x98\x80");
  EXPECT_EQ(value_of(R"("a\u0000b")").string, std::string_view("a\0b", 3));
  EXPECT_EQ(value_of(R"({"\u0061":1})").find("a")->integer, 1);
}

TEST_F(JsonReaderTest, KeepsIntegersOf64BitsAndMakesLongerOnesReal) {  // RFC 8259 6
  EXPECT_EQ(value_of("9223372036854775807").integer, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(value_of("-9223372036854775808").integer, std::numeric_limits<std::int64_t>::min());
  for (const char* text :
       {"9223372036854775808", "18446744073709551615", "18446744073709551616",
        "-9223372036854775809", "100000000000000000000", "-123456789012345678901234567890"}) {
    EXPECT_EQ(value_of(text).kind, Value::Kind::real) << text;
    EXPECT_EQ(value_of(text).real, std::stod(text)) << text;
  }
}

TEST_F(JsonReaderTest, MakesOnlyTheLongIntegersOfATextReal) {
  const Value& value =
      value_of(R"(["100000000000000000000","\"100000000000000000000",9223372036854775807,)"
               R"({"100000000000000000000":100000000000000000000},100000000000000000000.5,)"
               R"(100000000000000000000e2,-0,1])");
  ASSERT_EQ(value.items.size(), 8u);
  EXPECT_EQ(value.items[0].string, "100000000000000000000");
  EXPECT_EQ(value.items[1].string, "\"100000000000000000000");
  EXPECT_EQ(value.items[2].integer, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(value.items[3].find("100000000000000000000")->real, 1e20);
  EXPECT_EQ(value.items[4].real, 1e20);
  EXPECT_EQ(value.items[5].real, 1e22);
  EXPECT_EQ(value.items[6].kind, Value::Kind::integer);
  EXPECT_EQ(value.items[7].integer, 1);
}

TEST_F(JsonReaderTest, FindsTheFirstOfTwoMembersOfOneName) {  // RFC 8259 4
  const Value& value = value_of(R"({"a":1,"b":2,"a":3})");
  EXPECT_EQ(value.find("a")->integer, 1);
  EXPECT_EQ(value.members.size(), 3u);
}

TEST_F(JsonReaderTest, RefusesWhatIsNotJson) {  // RFC 8259
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "[",
                           "[1",
                           "[1,",
                           "[1,]",
                           "[,1]",
                           "{,}",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{'a':1}",
                           "[1 2]",
                           "1 2",
                           "{}{}",
                           "[]]",
                           "nul",
                           "nulll",
                           "True",
                           "NaN",
                           "Infinity",
                           "-",
                           "+1",
                           "01",
                           "-01",
                           "1.",
                           ".5",
                           "1e",
                           "1e+",
                           "0x1",
                           "1_000",
                           "\"a",
                           "a\"",
                           "\"\n\"",
                           "\"\t\"",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\u12g4\"",
                           "// c",
                           "/**/1",
                           "1e999",
                           "-1e999",
                           "0100000000000000000000",
                           "[100000000000000000000",
                           "[-]",
                           "100000000000000000000x",
                           "\xef\xbb\xbf{}"}) {
    EXPECT_EQ(status_of(text), JsonStatus::invalid) << text;
  }
  EXPECT_EQ(status_of(std::string(400, '9')), JsonStatus::invalid);  // Beyond double.
}

TEST_F(JsonReaderTest, RefusesWhatIsNotUtf8) {  // RFC 8259 8.1
  for (const char* text :
       {"\"\x80\"", "\"\xc3\"", "\"\xc0\xaf\"", "\"\xe0\x80\xaf\"", "\"\xed\xa0\x80\"",
        "\"\xf4\x90\x80\x80\"", "\"\xf8\x88\x80\x80\x80\"", "\"\xff\"", "{\"\xc3\":1}", "\xc3",
        R"("\ud800")", R"("\udc00")", R"("\ud800\u0041")"}) {
    EXPECT_EQ(status_of(text), JsonStatus::invalid) << text;
  }
}

std::string nested(std::uint32_t depth, std::string_view open, std::string_view inner,
                   std::string_view close) {
  std::string text;
  for (std::uint32_t i = 0; i < depth; ++i) text += open;
  text += inner;
  for (std::uint32_t i = 0; i < depth; ++i) text += close;
  return text;
}

TEST_F(JsonReaderTest, LimitsDepth) {
  const std::uint32_t most = JsonReader::depth_max;
  for (const std::string_view inner : {"", "1"}) {
    EXPECT_EQ(status_of(nested(most, "[", inner, "]")), JsonStatus::ok);
    EXPECT_EQ(status_of(nested(most + 1, "[", inner, "]")), JsonStatus::too_complex);
  }
  EXPECT_EQ(status_of(nested(most - 1, "{\"a\":", "{}", "}")), JsonStatus::ok);
  EXPECT_EQ(status_of(nested(most, "{\"a\":", "{}", "}")), JsonStatus::too_complex);
  EXPECT_EQ(status_of(nested(most, "{\"a\":", "1", "}")), JsonStatus::ok);
  EXPECT_EQ(status_of(nested(100'000, "[", "", "]")), JsonStatus::too_complex);
  EXPECT_NE(status_of(std::string(100'000, '[')), JsonStatus::ok);  // Broken too.
}

TEST(JsonReader, LimitsTheNumberOfValues) {
  JsonReader reader(4);
  const Value* value = nullptr;
  EXPECT_EQ(read_copy(reader, "[1,2,3]", value), JsonStatus::ok);
  EXPECT_EQ(read_copy(reader, "[1,2,3,4]", value), JsonStatus::too_complex);
  EXPECT_EQ(read_copy(reader, R"([1,{"a":2}])", value), JsonStatus::ok);
  EXPECT_EQ(read_copy(reader, R"([1,{"a":2,"b":3}])", value), JsonStatus::too_complex);
  EXPECT_EQ(read_copy(reader, "[[],[],[]]", value), JsonStatus::ok);
  EXPECT_EQ(read_copy(reader, "[[],[],[],[]]", value), JsonStatus::too_complex);
  JsonReader smallest(1);
  EXPECT_EQ(read_copy(smallest, "{}", value), JsonStatus::ok);
  EXPECT_EQ(read_copy(smallest, "1", value), JsonStatus::ok);
  EXPECT_EQ(read_copy(smallest, "[1]", value), JsonStatus::too_complex);
}

TEST_F(JsonReaderTest, ReadsOnAfterARefusal) {
  EXPECT_EQ(status_of("[1,"), JsonStatus::invalid);
  EXPECT_EQ(status_of(nested(1000, "[", "", "]")), JsonStatus::too_complex);
  EXPECT_EQ(value_of("[1,2]").items.size(), 2u);
}

TEST_F(JsonReaderTest, ReadsLongTexts) {
  const std::string text(1 << 20, 'x');
  EXPECT_EQ(value_of("\"" + text + "\"").string, text);
  std::string array = "[0";
  for (int i = 1; i < 9'999; ++i) array += "," + std::to_string(i);
  const Value& value = value_of(array + "]");
  ASSERT_EQ(value.items.size(), 9'999u);
  EXPECT_EQ(value.items[9'998].integer, 9'998);
}

}  // namespace
}  // namespace parley::protocol
