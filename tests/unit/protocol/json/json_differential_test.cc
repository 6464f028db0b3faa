// JsonReader and JsonWriter against nlohmann::json, on values from a fixed seed.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "protocol/json/json_reader.h"
#include "tests/unit/protocol/json/json_values.h"

namespace parley::protocol {
namespace {

class RandomJson {
 public:
  explicit RandomJson(std::uint32_t seed) : random_(seed) {}

  nlohmann::json value(std::uint32_t depth) {
    const std::uint32_t kind = below(depth == 0 ? 6 : 8);
    switch (kind) {
      case 0:
        return nullptr;
      case 1:
        return below(2) == 0;
      case 2:
        return static_cast<std::int64_t>(wide_() >> below(64));
      case 3:
        return -static_cast<std::int64_t>(wide_() >> (1 + below(63)));
      case 4:
        return std::ldexp(static_cast<double>(wide_()), static_cast<int>(below(1000)) - 500);
      case 5:
        return string();
      case 6: {
        nlohmann::json array = nlohmann::json::array();
        for (std::uint32_t count = below(5); count > 0; --count) array.push_back(value(depth - 1));
        return array;
      }
      default: {
        nlohmann::json object = nlohmann::json::object();
        for (std::uint32_t count = below(5); count > 0; --count) {
          object[string()] = value(depth - 1);
        }
        return object;
      }
    }
  }
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }

 private:
  std::string string() {
    constexpr std::string_view characters[] = {"a",
                                               "Z",
                                               "0",
                                               " ",
                                               "\"",
                                               "\\",
                                               "/",
                                               "\n",
                                               "\t",
                                               "\x01",
                                               "\x1f",
                                               "\x7f",
                                               "\xc3\xa4",
                                               "\xe2\x82\xac",
                                               "\xe2\x80\xa8",
                                               "\xf0\x9f\x98\x80"};
    std::string text;
    for (std::uint32_t count = below(12); count > 0; --count) {
      text += characters[below(std::size(characters))];
    }
    return text;
  }

  std::mt19937 random_;
  std::mt19937_64 wide_{random_()};
};

TEST(JsonDifferential, ReadsWhatNlohmannWroteAsItMeantIt) {
  RandomJson random(1);
  JsonReader reader(100'000);
  for (int i = 0; i < 5'000; ++i) {
    const nlohmann::json expected = random.value(5);
    const bool ascii = random.below(2) == 0;
    const std::string text = expected.dump(static_cast<int>(random.below(3)) - 1, ' ', ascii);
    const Value* value = nullptr;
    ASSERT_EQ(reader.read(text, value), JsonStatus::ok) << text;
    ASSERT_EQ(to_nlohmann(*value), expected) << text;
  }
}

TEST(JsonDifferential, WritesWhatNlohmannReadsAsWeMeantIt) {
  RandomJson random(2);
  JsonReader reader(100'000);
  JsonReader second_reader(100'000);
  JsonWriter writer;
  for (int i = 0; i < 5'000; ++i) {
    const nlohmann::json expected = random.value(5);
    const Value* value = nullptr;
    ASSERT_EQ(reader.read(expected.dump(), value), JsonStatus::ok);
    writer.clear();
    write(*value, writer);
    ASSERT_EQ(nlohmann::json::parse(writer.text()), expected) << writer.text();
    const Value* again = nullptr;
    ASSERT_EQ(second_reader.read(writer.text(), again), JsonStatus::ok) << writer.text();
    ASSERT_TRUE(equal(*value, *again)) << writer.text();
  }
}

TEST(JsonDifferential, AgreesWithNlohmannOnWhatIsBroken) {
  RandomJson random(3);
  JsonReader reader(100'000);
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = random.value(3).dump();
    const std::size_t at = random.below(static_cast<std::uint32_t>(text.size()));
    constexpr std::string_view bytes = "{}[]\",:\\ 0-.e\n\x80\xff";
    switch (random.below(3)) {
      case 0:
        text[at] = bytes[random.below(bytes.size())];
        break;
      case 1:
        text.erase(at, 1);
        break;
      default:
        text.insert(at, 1, bytes[random.below(bytes.size())]);
        break;
    }
    const nlohmann::json expected = nlohmann::json::parse(text, nullptr, false);
    const Value* value = nullptr;
    const JsonStatus status = reader.read(text, value);
    ASSERT_EQ(status == JsonStatus::ok, !expected.is_discarded()) << text;
    if (status == JsonStatus::ok && !has_name_twice(*value)) {
      ASSERT_EQ(to_nlohmann(*value), expected) << text;
    }
    if (status != JsonStatus::ok) ++refused;
  }
  EXPECT_GT(refused, 4'000);
  EXPECT_LT(refused, 19'600);
}

}  // namespace
}  // namespace parley::protocol
