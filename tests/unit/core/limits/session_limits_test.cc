#include "core/limits/session_limits.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>
#include <utility>

namespace parley::core {
namespace {

constexpr Instant start{5'000'000'000};
constexpr RateLimit limit{.burst = 2, .window = seconds(10)};

TEST(SessionLimits, CountsEachLimitOfEachSessionByItself) {
  SessionLimits limits;
  for (const std::uint32_t slot : {0u, 7u, 3u}) {
    for (const SessionLimit which : {SessionLimit::commands, SessionLimit::joins,
                                     SessionLimit::signals, SessionLimit::messages}) {
      EXPECT_EQ(limits.take(slot, which, limit, start), Duration{});
      EXPECT_EQ(limits.take(slot, which, limit, start), Duration{});
      EXPECT_EQ(limits.take(slot, which, limit, start), seconds(5));
    }
  }
  EXPECT_EQ(limits.size(), 3u);
}

TEST(SessionLimits, KeepNothingWithoutALimit) {
  SessionLimits limits;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(limits.take(5, SessionLimit::commands, RateLimit{}, start), Duration{});
  }
  EXPECT_EQ(limits.size(), 0u);
}

TEST(SessionLimits, BeginAnewWhenTheSessionIsAnother) {
  SessionLimits limits;
  limits.forget(5);  // It had none.
  for (int i = 0; i < 3; ++i) {
    static_cast<void>(limits.take(5, SessionLimit::messages, limit, start));
  }
  limits.forget(5);
  limits.forget(5);
  EXPECT_EQ(limits.size(), 0u);
  EXPECT_EQ(limits.take(5, SessionLimit::messages, limit, start), Duration{});
}

TEST(SessionLimits, ExpireWhenAllBucketsOfASessionAreFull) {
  SessionLimits limits;
  static_cast<void>(limits.take(1, SessionLimit::commands, limit, start));
  static_cast<void>(limits.take(2, SessionLimit::commands, limit, start));
  static_cast<void>(limits.take(2, SessionLimit::joins, limit, start));
  static_cast<void>(limits.take(2, SessionLimit::joins, limit, start));
  limits.expire(start + (seconds(5) - Duration{1}), 100);
  EXPECT_EQ(limits.size(), 2u);
  limits.expire(start + seconds(5), 100);
  EXPECT_EQ(limits.size(), 1u);
  EXPECT_EQ(limits.take(2, SessionLimit::joins, limit, start + seconds(5)), Duration{});
  EXPECT_EQ(limits.take(2, SessionLimit::joins, limit, start + seconds(5)), seconds(5));
  limits.expire(start + seconds(15), 100);
  EXPECT_EQ(limits.size(), 0u);
}

TEST(SessionLimits, ExpireLooksAtEverySessionInTurn) {
  SessionLimits limits;
  for (std::uint32_t slot = 0; slot < 100; ++slot) {
    // Every third stays: its joins are spent.
    const SessionLimit which = slot % 3 == 0 ? SessionLimit::joins : SessionLimit::commands;
    const RateLimit spent{.burst = 1, .window = slot % 3 == 0 ? seconds(60) : seconds(1)};
    static_cast<void>(limits.take(slot, which, spent, start));
  }
  for (int i = 0; i < 50; ++i) limits.expire(start + seconds(2), 2);
  EXPECT_EQ(limits.size(), 34u);
}

// What has expired must not be missed: as if each session had kept its buckets to its end.
TEST(SessionLimits, AgreeWithBucketsThatAreNeverForgotten) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    std::mt19937_64 random(seed);
    SessionLimits limits;
    std::map<std::pair<std::uint32_t, SessionLimit>, TokenBucket> model;
    Instant now = start;
    for (int step = 0; step < 20'000; ++step) {
      now = now + milliseconds(static_cast<std::int64_t>(random() % 200));
      const auto slot = static_cast<std::uint32_t>(random() % 40);
      const auto which = static_cast<SessionLimit>(random() % session_limits);
      TokenBucket& bucket = model[{slot, which}];
      ASSERT_EQ(limits.take(slot, which, limit, now), bucket.take(limit, now));
      if (random() % 16 == 0) limits.expire(now, static_cast<std::uint32_t>(random() % 8));
      if (random() % 32 == 0) {
        const auto ended = static_cast<std::uint32_t>(random() % 40);
        limits.forget(ended);
        std::erase_if(model, [ended](const auto& entry) { return entry.first.first == ended; });
      }
    }
    limits.expire(now + seconds(60), 100);
    EXPECT_EQ(limits.size(), 0u);
  }
}

}  // namespace
}  // namespace parley::core
