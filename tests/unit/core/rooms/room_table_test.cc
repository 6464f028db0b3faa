#include "core/rooms/room_table.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <utility>

namespace parley::core {
namespace {

TEST(RoomTable, FindsNothingWhenEmpty) {
  const RoomTable table;
  EXPECT_EQ(table.find({1, 2}), RoomTable::none);
  EXPECT_EQ(table.size(), 0u);
}

TEST(RoomTable, TellsIdsApartThatShareTheirLowHalf) {
  RoomTable table;
  table.insert({1, 7}, 10);
  table.insert({2, 7}, 20);
  table.insert({3, 7}, 30);
  EXPECT_EQ(table.find({1, 7}), 10u);
  EXPECT_EQ(table.find({2, 7}), 20u);
  EXPECT_EQ(table.find({3, 7}), 30u);
  EXPECT_EQ(table.find({4, 7}), RoomTable::none);
}

TEST(RoomTable, KeepsTheOthersOfAClusterWhenOneIsErased) {
  for (std::uint64_t erased = 0; erased < 4; ++erased) {
    RoomTable table;
    for (std::uint64_t high = 0; high < 4; ++high) {
      table.insert({high, 15}, static_cast<std::uint32_t>(high));  // They wrap round the end.
    }
    table.erase({erased, 15});
    for (std::uint64_t high = 0; high < 4; ++high) {
      EXPECT_EQ(table.find({high, 15}), high == erased ? RoomTable::none : high);
    }
  }
}

TEST(RoomTable, HoldsTheIdThatIsAllZeros) {
  RoomTable table;
  table.insert({0, 0}, 5);
  EXPECT_EQ(table.find({0, 0}), 5u);
  table.erase({0, 0});
  EXPECT_EQ(table.find({0, 0}), RoomTable::none);
}

// Random insertions and erasures against std::map. With `low_bits` of difference in the half that
// chooses the bucket, nearly all ids collide.
void agree_with_map(std::uint64_t seed, std::uint64_t low_bits) {
  std::mt19937_64 random(seed);
  RoomTable table;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint32_t> model;
  for (std::uint32_t step = 0; step < 6'000; ++step) {
    const RoomId id{random() % 40, random() & ((1u << low_bits) - 1)};
    const auto known = model.find({id.high, id.low});
    ASSERT_EQ(table.find(id), known == model.end() ? RoomTable::none : known->second);
    if (known != model.end()) {
      table.erase(id);
      model.erase(known);
    } else {
      table.insert(id, step);
      model[{id.high, id.low}] = step;
    }
    ASSERT_EQ(table.size(), model.size());
    if (step % 997 != 0) continue;
    for (const auto& [key, index] : model) ASSERT_EQ(table.find({key.first, key.second}), index);
  }
}

TEST(RoomTable, AgreesWithAMapWhereAllLowBitsAreEqual) {
  agree_with_map(1, 0);
}

TEST(RoomTable, AgreesWithAMapWhereFewLowBitsDiffer) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) agree_with_map(seed, 2);
}

TEST(RoomTable, AgreesWithAMapWhereIdsAreSpread) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) agree_with_map(seed, 12);
}

TEST(RoomTableDeathTest, RefusesToEraseWhatIsNotThere) {
  RoomTable table;
  table.insert({1, 1}, 1);
  EXPECT_DEATH(table.erase({1, 2}), "CHECK failed");
}

}  // namespace
}  // namespace parley::core
