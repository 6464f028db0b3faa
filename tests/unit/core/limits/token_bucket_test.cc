#include "core/limits/token_bucket.h"

#include <gtest/gtest.h>

namespace parley::core {
namespace {

constexpr Instant start{5'000'000'000};

TEST(TokenBucket, LetsABurstThroughAtOnceAndNoMore) {
  // S0: 10 messages in 30 s.
  const RateLimit limit{.burst = 10, .window = seconds(30)};
  TokenBucket bucket;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(bucket.take(limit, start), Duration{}) << i;
  EXPECT_EQ(bucket.take(limit, start), seconds(3));
  EXPECT_EQ(bucket.take(limit, start + seconds(1)), seconds(2));
}

TEST(TokenBucket, TellsExactlyHowLongToWait) {
  const RateLimit limit{.burst = 3, .window = seconds(9)};
  TokenBucket bucket;
  Instant now = start;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(bucket.take(limit, now), Duration{});
  for (int i = 0; i < 20; ++i) {
    const Duration wait = bucket.take(limit, now);
    ASSERT_GT(wait, Duration{});
    TokenBucket early = bucket;
    EXPECT_EQ(early.take(limit, now + (wait - Duration{1})), Duration{1});
    now = now + wait;
    EXPECT_EQ(bucket.take(limit, now), Duration{});
  }
  EXPECT_EQ(now, start + seconds(60));  // One each 3 s.
}

TEST(TokenBucket, RefillsEvenlyAndNeverBeyondABurst) {
  const RateLimit limit{.burst = 4, .window = seconds(4)};
  TokenBucket bucket;
  for (int i = 0; i < 4; ++i) EXPECT_EQ(bucket.take(limit, start), Duration{});
  const Instant two_later = start + seconds(2);
  EXPECT_EQ(bucket.take(limit, two_later), Duration{});
  EXPECT_EQ(bucket.take(limit, two_later), Duration{});
  EXPECT_EQ(bucket.take(limit, two_later), seconds(1));
  const Instant much_later = start + seconds(4'000);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(bucket.take(limit, much_later), Duration{});
  EXPECT_EQ(bucket.take(limit, much_later), seconds(1));
}

TEST(TokenBucket, CountsTheBurstRightWhenTheWindowDoesNotDivide) {
  for (const std::uint32_t burst : {1u, 2u, 3u, 7u, 9u, 10u, 1'000u}) {
    for (const std::int64_t window_ns : {1, 3, 10, 11, 1'001}) {
      const RateLimit limit{.burst = burst, .window = {window_ns}};
      TokenBucket bucket;
      for (std::uint32_t i = 0; i < burst; ++i) {
        ASSERT_EQ(bucket.take(limit, start), Duration{}) << burst << " per " << window_ns;
      }
      ASSERT_GT(bucket.take(limit, start), Duration{}) << burst << " per " << window_ns;
    }
  }
}

TEST(TokenBucket, ARefusedEventCostsNothing) {
  const RateLimit limit{.burst = 1, .window = seconds(1)};
  TokenBucket bucket;
  EXPECT_EQ(bucket.take(limit, start), Duration{});
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(bucket.take(limit, start), seconds(1));
  EXPECT_EQ(bucket.take(limit, start + seconds(1)), Duration{});
}

TEST(TokenBucket, WithoutABurstThereIsNoLimit) {
  TokenBucket bucket;
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(bucket.take(RateLimit{}, start), Duration{});
  EXPECT_TRUE(bucket.idle(start));
}

TEST(TokenBucket, IsIdleWhenForgettingItChangesNothing) {
  const RateLimit limit{.burst = 10, .window = seconds(10)};
  TokenBucket bucket;
  EXPECT_TRUE(bucket.idle(start));
  EXPECT_EQ(bucket.take(limit, start), Duration{});
  EXPECT_EQ(bucket.take(limit, start), Duration{});
  EXPECT_FALSE(bucket.idle(start + (seconds(2) - Duration{1})));
  EXPECT_TRUE(bucket.idle(start + seconds(2)));
}

}  // namespace
}  // namespace parley::core
