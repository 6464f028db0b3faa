#include "core/limits/keyed_limits.h"

#include <gtest/gtest.h>

namespace parley::core {
namespace {

constexpr TableKey secret{0x1234, 0x5678};
constexpr Instant start{5'000'000'000};
constexpr RateLimit two_per_ten{.burst = 2, .window = seconds(10)};

TEST(KeyedLimits, GivesEachKeyABucketOfItsOwn) {
  KeyedLimits limits(100, secret);
  EXPECT_EQ(limits.take({1, 1}, two_per_ten, start), Duration{});
  EXPECT_EQ(limits.take({1, 1}, two_per_ten, start), Duration{});
  EXPECT_EQ(limits.take({1, 1}, two_per_ten, start), seconds(5));
  EXPECT_EQ(limits.take({1, 2}, two_per_ten, start), Duration{});
  EXPECT_EQ(limits.take({2, 1}, two_per_ten, start), Duration{});
  EXPECT_EQ(limits.size(), 3u);
}

TEST(KeyedLimits, RemembersNothingWithoutALimit) {
  KeyedLimits limits(1, secret);
  for (std::uint64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(limits.take({i, i}, RateLimit{}, start), Duration{});
  }
  EXPECT_EQ(limits.size(), 0u);
}

TEST(KeyedLimits, ForgetsIdleKeysAsItGoes) {
  KeyedLimits limits(1'000'000, secret);
  Instant now = start;
  std::uint32_t largest = 0;
  for (std::uint64_t i = 0; i < 200'000; ++i) {
    // A thousand new keys a second, each idle again 5 s after its only event.
    now = now + milliseconds(1);
    ASSERT_EQ(limits.take({i, ~i}, two_per_ten, now), Duration{});
    largest = std::max(largest, limits.size());
  }
  EXPECT_GE(largest, 5'000u);
  EXPECT_LE(largest, 20'000u);
  limits.expire(now + seconds(5), 1u << 20);
  EXPECT_EQ(limits.size(), 0u);
}

TEST(KeyedLimits, NeverForgetsAKeyThatIsNotIdle) {
  KeyedLimits limits(1'000'000, secret);
  Instant now = start;
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    EXPECT_EQ(limits.take({i, 0}, two_per_ten, now), Duration{});
    EXPECT_EQ(limits.take({i, 0}, two_per_ten, now), Duration{});
  }
  now = now + seconds(4);
  limits.expire(now, 1u << 20);
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    EXPECT_EQ(limits.take({i, 0}, two_per_ten, now), seconds(1)) << i;
  }
}

TEST(KeyedLimits, WhenFullRefusesNewKeysAndServesTheOthers) {
  KeyedLimits limits(100, secret);
  for (std::uint64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(limits.take({i, 0}, two_per_ten, start), Duration{});
  }
  EXPECT_EQ(limits.take({100, 0}, two_per_ten, start), seconds(5));
  EXPECT_EQ(limits.refused_full(), 1u);
  EXPECT_EQ(limits.size(), 100u);
  EXPECT_EQ(limits.take({50, 0}, two_per_ten, start), Duration{});
  // Told to come back in 5 s: by then there is room.
  limits.expire(start + seconds(5), 1'000);
  EXPECT_EQ(limits.take({100, 0}, two_per_ten, start + seconds(5)), Duration{});
}

TEST(KeyedLimits, WhenFullFindsRoomByItself) {
  KeyedLimits limits(100, secret);
  for (std::uint64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(limits.take({i, 0}, two_per_ten, start), Duration{});
  }
  const Instant later = start + seconds(6);
  int refused = 0;
  while (limits.take({1'000, 0}, two_per_ten, later) != Duration{}) ++refused;
  EXPECT_LE(refused, 100);  // Each take looks at a few places more.
}

}  // namespace
}  // namespace parley::core
