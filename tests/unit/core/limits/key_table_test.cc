#include "core/limits/key_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <utility>

#include "core/limits/address_counts.h"

namespace parley::core {
namespace {

TEST(KeyTable, AgreesWithAMapOverRandomOperations) {
  using Pair = std::pair<std::uint64_t, std::uint64_t>;
  for (const std::uint64_t keys : {8u, 100u, 5'000u}) {
    std::mt19937_64 random(keys);
    KeyTable<std::uint32_t> table({random(), random()});
    std::map<Pair, std::uint32_t> expected;
    for (int i = 0; i < 100'000; ++i) {
      // Grows for a while, then shrinks for a while.
      const bool growing = (i / 20'000) % 2 == 0;
      const TableKey key{random() % keys, random() % 2};
      std::uint32_t* found = table.find(key);
      const auto wanted = expected.find({key.high, key.low});
      ASSERT_EQ(found != nullptr, wanted != expected.end());
      if (found != nullptr) {
        ASSERT_EQ(*found, wanted->second);
      }
      const bool add = random() % 10 < (growing ? 8 : 2);
      if (add && found == nullptr) {
        const auto value = static_cast<std::uint32_t>(random());
        table.insert(key) = value;
        expected[{key.high, key.low}] = value;
      } else if (!add) {
        table.erase(key);
        expected.erase({key.high, key.low});
      }
      if (i % 1'000 == 0) {
        table.sweep(64, [](std::uint32_t value) { return value % 4 == 0; });
        std::erase_if(expected, [&](const auto& entry) {
          return table.find({entry.first.first, entry.first.second}) == nullptr &&
                 entry.second % 4 == 0;
        });
        table.trim();
      }
      ASSERT_EQ(table.size(), expected.size());
    }
  }
}

TEST(KeyTable, SweepingRoundVisitsEveryEntry) {
  KeyTable<std::uint32_t> table({1, 2});
  for (std::uint64_t i = 0; i < 1'000; ++i)
    table.insert({i, i}) = static_cast<std::uint32_t>(i % 2);
  // Twice the places: entries that move into a hole behind the sweep are met in the next round.
  table.sweep(4'096, [](std::uint32_t value) { return value == 0; });
  EXPECT_EQ(table.size(), 500u);
  for (std::uint64_t i = 0; i < 1'000; ++i) EXPECT_EQ(table.find({i, i}) != nullptr, i % 2 == 1);
}

TEST(KeyTable, ErasingWhatIsNotThereDoesNothing) {
  KeyTable<std::uint32_t> table({1, 2});
  table.erase({1, 1});
  table.insert({1, 2}) = 7;
  table.erase({1, 1});
  EXPECT_EQ(table.size(), 1u);
}

TEST(AddressCounts, CountsConnectionsOfEachAddressUpToTheLimit) {
  AddressCounts counts({3, 4});
  const IpAddress first = IpAddress::v4(127, 0, 0, 1);
  const IpAddress second = IpAddress::v4(127, 0, 0, 2);
  EXPECT_TRUE(counts.add(first, 2));
  EXPECT_TRUE(counts.add(first, 2));
  EXPECT_FALSE(counts.add(first, 2));
  EXPECT_EQ(counts.count(first), 2u);
  EXPECT_TRUE(counts.add(second, 2));
  EXPECT_EQ(counts.addresses(), 2u);
  counts.remove(first);
  EXPECT_TRUE(counts.add(first, 2));
}

TEST(AddressCounts, ForgetsAnAddressWithItsLastConnection) {
  AddressCounts counts({3, 4});
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    const IpAddress address =
        IpAddress::v4(10, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i));
    EXPECT_TRUE(counts.add(address, 0));
  }
  EXPECT_EQ(counts.addresses(), 10'000u);
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    counts.remove(
        IpAddress::v4(10, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)));
  }
  EXPECT_EQ(counts.addresses(), 0u);
  EXPECT_EQ(counts.count(IpAddress::v4(10, 0, 0, 0)), 0u);
}

TEST(AddressCounts, HasNoLimitWhenTheLimitIsZero) {
  AddressCounts counts({3, 4});
  const IpAddress unspecified{};  // The key of all zeros is a key as any other.
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(counts.add(unspecified, 0));
  EXPECT_EQ(counts.count(unspecified), 1'000u);
}

TEST(AddressCountsDeathTest, RefusesToRemoveWhatWasNotAdded) {
  AddressCounts counts({3, 4});
  EXPECT_DEATH(counts.remove(IpAddress::v4(1, 2, 3, 4)), "CHECK failed");
}

}  // namespace
}  // namespace parley::core
