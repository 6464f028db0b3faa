#include "loadgen/plan/payload_sizes.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "loadgen/truth/random.h"
#include "loadgen/truth/stamp.h"

namespace parley::loadgen {
namespace {

std::map<std::uint32_t, std::uint32_t> picks(std::string_view text, std::uint32_t count) {
  const Result<PayloadSizes> sizes = PayloadSizes::parse(text);
  EXPECT_TRUE(sizes) << text;
  std::map<std::uint32_t, std::uint32_t> found;
  std::uint64_t random = 1;
  for (std::uint32_t i = 0; i < count; ++i) found[sizes->pick(next_random(random))] += 1;
  return found;
}

TEST(PayloadSizes, OneSizeIsAlwaysPicked) {
  EXPECT_EQ(picks("64", 1'000), (std::map<std::uint32_t, std::uint32_t>{{64, 1'000}}));
  EXPECT_EQ(picks("33", 10), (std::map<std::uint32_t, std::uint32_t>{{33, 10}}));
  EXPECT_EQ(picks("1KiB", 10), (std::map<std::uint32_t, std::uint32_t>{{1'024, 10}}));
}

TEST(PayloadSizes, ARangeIsPickedAllOver) {
  const std::map<std::uint32_t, std::uint32_t> found = picks("64-163", 100'000);
  EXPECT_EQ(found.size(), 100u);
  EXPECT_EQ(found.begin()->first, 64u);
  EXPECT_EQ(found.rbegin()->first, 163u);
  // Five standard deviations of a binomial count around 1000.
  for (const auto& [size, count] : found) EXPECT_NEAR(count, 1'000, 5 * 32) << size;
}

TEST(PayloadSizes, WeightsSayHowOften) {
  const std::map<std::uint32_t, std::uint32_t> found = picks("64:9,4KiB:1", 100'000);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_NEAR(found.at(64), 90'000, 500);
  EXPECT_NEAR(found.at(4'096), 10'000, 500);
}

TEST(PayloadSizes, RangesMayHaveWeights) {
  const std::map<std::uint32_t, std::uint32_t> found = picks("100-109:3,50:1", 100'000);
  EXPECT_EQ(found.size(), 11u);
  EXPECT_NEAR(found.at(50), 25'000, 700);
  for (std::uint32_t size = 100; size < 110; ++size) EXPECT_NEAR(found.at(size), 7'500, 450);
}

TEST(PayloadSizes, KnowsItsLargest) {
  EXPECT_EQ(PayloadSizes::parse("64")->largest(), 64u);
  EXPECT_EQ(PayloadSizes::parse("64-512:9,1KiB:1,100")->largest(), 1'024u);
  EXPECT_EQ(PayloadSizes::parse("16777215")->largest(), payload_bytes_max);
}

TEST(PayloadSizes, BadOnesAreRefused) {
  for (const std::string_view text :
       {"", ",", "64,,65", "32", "0", "64-63", "64-", "-64", "64:0", "64:", "64:x", "64:1.5", "big",
        "16777216", "33-16777216", "64;65", "64 - 65 - 66", "64:999999999999999999999"}) {
    EXPECT_FALSE(PayloadSizes::parse(text)) << text;
  }
}

}  // namespace
}  // namespace parley::loadgen
