// What JsonReader and JsonWriter take from the heap, and what they give back.
#include <gtest/gtest.h>

#include <string>

#include "protocol/json/json_reader.h"
#include "protocol/json/json_writer.h"
#include "tests/unit/protocol/json/counting_new.h"

namespace parley::protocol {
namespace {

using test::allocations;
using test::bytes_live;

constexpr std::string_view small =
    R"({"type":"message","room":"general","message":"hello","tags":[1,2.5,{"a":null}]})";

TEST(JsonMemory, ReadingAllocatesNothingAfterWarmUp) {
  JsonReader reader(1000);
  const Value* value = nullptr;
  const std::string larger = "[" + std::string(small) + "," + std::string(small) + "]";
  ASSERT_EQ(reader.read(larger, value), JsonStatus::ok);
  const std::size_t before = allocations();
  std::size_t bad = 0;
  for (int i = 0; i < 1000; ++i) {
    if (reader.read(small, value) != JsonStatus::ok) ++bad;
    if (reader.read(larger, value) != JsonStatus::ok) ++bad;
    if (reader.read("[1,", value) != JsonStatus::invalid) ++bad;
  }
  EXPECT_EQ(allocations(), before);
  EXPECT_EQ(bad, 0u);
}

TEST(JsonMemory, TheNextSmallReadGivesBackWhatALargeOneTook) {
  JsonReader reader(1'000'000);
  const Value* value = nullptr;
  ASSERT_EQ(reader.read(small, value), JsonStatus::ok);
  const std::size_t usual = bytes_live();
  {
    const std::string numbers = "[0" + std::string(1'000'000, ' ') + "]";
    std::string many = "[0";
    for (int i = 0; i < 100'000; ++i) many += ",0";
    ASSERT_EQ(reader.read(numbers, value), JsonStatus::ok);
    ASSERT_EQ(reader.read(many + "]", value), JsonStatus::ok);
    EXPECT_GT(bytes_live(), 1'000'000u);
  }
  ASSERT_EQ(reader.read(small, value), JsonStatus::ok);
  EXPECT_LE(bytes_live(), usual + 1024);
}

TEST(JsonMemory, ALongIntegerLeavesNothingBehind) {
  JsonReader reader(1000);
  const Value* value = nullptr;
  ASSERT_EQ(reader.read("[100000000000000000000]", value), JsonStatus::ok);
  const std::size_t usual = bytes_live();
  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(reader.read("[100000000000000000000]", value), JsonStatus::ok);
  }
  EXPECT_EQ(bytes_live(), usual);
}

TEST(JsonMemory, WritingAllocatesNothingAfterWarmUpAndKeepsALimitedBuffer) {
  JsonWriter writer;
  const std::string text(1000, 'x');
  writer.string(text);
  writer.clear();
  const std::size_t before = allocations();
  for (int i = 0; i < 100; ++i) {
    writer.string(text);
    writer.clear();
  }
  EXPECT_EQ(allocations(), before);

  const std::string huge(1'000'000, 'x');
  writer.string(huge);
  const std::size_t grown = bytes_live();
  writer.clear();
  EXPECT_LE(bytes_live() + huge.size(), grown);
}

}  // namespace
}  // namespace parley::protocol
