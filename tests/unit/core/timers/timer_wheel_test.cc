#include "core/timers/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "core/base/types.h"

namespace parley::core {
namespace {

constexpr Duration tick = milliseconds(10);
constexpr Instant start{1'000'000'007};

std::vector<std::uint32_t> expire_all(TimerWheel& wheel, Instant now) {
  std::vector<std::uint32_t> slots;
  for (std::uint32_t slot = 0; wheel.expire(now, slot);) slots.push_back(slot);
  std::sort(slots.begin(), slots.end());
  return slots;
}

using Slots = std::vector<std::uint32_t>;

TEST(TimerWheel, HasNothingToDoWhenNothingIsSet) {
  TimerWheel wheel(10, tick, start);
  EXPECT_EQ(wheel.next(), Instant::never());
  EXPECT_EQ(expire_all(wheel, start + seconds(3600)), Slots{});
}

TEST(TimerWheel, FiresNeverEarlyAndLateByLessThanATick) {
  for (const Duration after :
       {milliseconds(1), milliseconds(10), milliseconds(11), milliseconds(639), milliseconds(640),
        milliseconds(641), seconds(10), seconds(600), seconds(24 * 3600), seconds(90 * 3600)}) {
    TimerWheel wheel(10, tick, start);
    const Instant deadline = start + after;
    wheel.set(3, deadline);
    EXPECT_EQ(expire_all(wheel, deadline + Duration{-1}), Slots{}) << after.ns;
    EXPECT_EQ(expire_all(wheel, deadline + tick), Slots{3}) << after.ns;
    EXPECT_EQ(wheel.next(), Instant::never());
    EXPECT_EQ(expire_all(wheel, deadline + seconds(3600)), Slots{});
  }
}

TEST(TimerWheel, FiresADeadlineInThePastAtTheNextExpire) {
  TimerWheel wheel(10, tick, start);
  EXPECT_EQ(expire_all(wheel, start + seconds(5)), Slots{});
  wheel.set(1, start + seconds(4));
  wheel.set(2, Instant{0});
  EXPECT_LE(wheel.next(), start + seconds(5));
  EXPECT_EQ(expire_all(wheel, start + seconds(5)), (Slots{1, 2}));
}

TEST(TimerWheel, CancelsAndForgetsNever) {
  TimerWheel wheel(10, tick, start);
  wheel.set(1, start + seconds(1));
  wheel.set(2, start + seconds(1));
  wheel.set(3, start + seconds(1));
  wheel.cancel(2);
  wheel.cancel(2);
  wheel.cancel(9);
  wheel.set(3, Instant::never());
  EXPECT_EQ(expire_all(wheel, start + seconds(2)), Slots{1});
  EXPECT_EQ(wheel.next(), Instant::never());
}

TEST(TimerWheel, ReplacesADeadlineByALaterAndByAnEarlierOne) {
  TimerWheel wheel(10, tick, start);
  wheel.set(1, start + seconds(1));
  wheel.set(1, start + seconds(60));
  EXPECT_EQ(expire_all(wheel, start + seconds(59)), Slots{});
  wheel.set(1, start + seconds(3600));
  wheel.set(1, start + seconds(61));
  EXPECT_EQ(expire_all(wheel, start + seconds(62)), Slots{1});
}

TEST(TimerWheel, MayBeSetAgainWhileExpiring) {
  TimerWheel wheel(4, tick, start);
  wheel.set(0, start + milliseconds(10));
  wheel.set(1, start + milliseconds(50));
  const Instant now = start + milliseconds(100);
  std::uint32_t slot = 9;
  ASSERT_TRUE(wheel.expire(now, slot));
  EXPECT_EQ(slot, 0u);
  wheel.set(0, now + milliseconds(20));
  ASSERT_TRUE(wheel.expire(now, slot));
  EXPECT_EQ(slot, 1u);
  EXPECT_FALSE(wheel.expire(now, slot));
  EXPECT_EQ(expire_all(wheel, now + milliseconds(30)), Slots{0});
}

TEST(TimerWheel, StandsStillWhenTimeGoesBack) {
  TimerWheel wheel(4, tick, start);
  EXPECT_EQ(expire_all(wheel, start + seconds(10)), Slots{});
  wheel.set(0, start + seconds(12));
  EXPECT_EQ(expire_all(wheel, start + seconds(1)), Slots{});
  EXPECT_EQ(expire_all(wheel, start + seconds(13)), Slots{0});
}

TEST(TimerWheel, FollowingNextFindsEveryTimerWithoutSpinning) {
  TimerWheel wheel(1'000, tick, start);
  std::mt19937_64 random(7);
  std::uniform_int_distribution<std::int64_t> up_to_hours(0, 10'000'000'000'000);
  for (std::uint32_t slot = 0; slot < 1'000; ++slot) {
    wheel.set(slot, start + Duration{up_to_hours(random)});
  }
  std::size_t fired = 0;
  int waits = 0;
  Instant now = start;
  while (wheel.next() != Instant::never()) {
    const Instant then = wheel.next();
    ASSERT_TRUE(waits == 0 || then > now);
    now = std::max(now, then);
    fired += expire_all(wheel, now).size();
    ++waits;
  }
  EXPECT_EQ(fired, 1'000u);
  EXPECT_LT(waits, 5'000);  // A timer is looked at once per level at most.
}

// The wheel against what it means: a map from slots to deadlines.
class WheelModel {
 public:
  WheelModel(std::uint64_t seed, Duration step_max) : random_(seed), step_max_(step_max) {}

  void step() {
    const std::uint64_t choice = random_() % 10;
    const auto slot = static_cast<std::uint32_t>(random_() % slots);
    if (choice < 6) {
      set(slot);
    } else if (choice < 7) {
      wheel_.cancel(slot);
      deadlines_.erase(slot);
    } else {
      expire();
    }
    check_next();
  }

  std::size_t fired = 0;

 private:
  static constexpr std::uint32_t slots = 50;

  void set(std::uint32_t slot) {
    constexpr std::int64_t spans_ns[] = {5'000'000, 700'000'000, 60'000'000'000, 4'000'000'000'000,
                                         400'000'000'000'000};
    const std::int64_t span_ns = spans_ns[random_() % std::size(spans_ns)];
    const auto after_ns =
        static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(span_ns)) - span_ns / 20;
    const Instant deadline = now_ + Duration{after_ns};
    wheel_.set(slot, deadline);
    deadlines_[slot] = deadline;
  }

  void expire() {
    now_ =
        now_ +
        Duration{static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(step_max_.ns))};
    for (std::uint32_t slot = 0; wheel_.expire(now_, slot);) {
      const auto found = deadlines_.find(slot);
      ASSERT_NE(found, deadlines_.end()) << "not set, or fired twice";
      ASSERT_LE(found->second, now_) << "early";
      deadlines_.erase(found);
      ++fired;
    }
    for (const auto& [slot, deadline] : deadlines_) {
      ASSERT_GT(deadline + tick, now_) << "late";
    }
  }

  void check_next() {
    if (deadlines_.empty()) {
      ASSERT_EQ(wheel_.next(), Instant::never());
      return;
    }
    const auto earliest =
        std::min_element(deadlines_.begin(), deadlines_.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    ASSERT_LE(wheel_.next(), std::max(earliest->second, now_) + tick);
  }

  std::mt19937_64 random_;
  Duration step_max_;
  Instant now_ = start;
  TimerWheel wheel_{slots, tick, start};
  std::map<std::uint32_t, Instant> deadlines_;
};

TEST(TimerWheel, AgreesWithAMapOverRandomOperations) {
  for (const Duration step_max : {milliseconds(30), seconds(2), seconds(1'000), seconds(200'000)}) {
    for (const std::uint64_t seed : {1u, 2u, 3u}) {
      WheelModel model(seed, step_max);
      for (int i = 0; i < 20'000; ++i) {
        model.step();
        if (testing::Test::HasFatalFailure()) FAIL() << "seed " << seed << " step " << i;
      }
      EXPECT_GT(model.fired, 100u);
    }
  }
}

TEST(TimerWheel, KeepsTimeAfterItsTicksHaveWrapped) {
  // 2^32 ticks of a microsecond are 72 minutes.
  const Duration short_tick = microseconds(1);
  TimerWheel wheel(4, short_tick, start);
  Instant now = start;
  for (int i = 0; i < 20; ++i) {
    wheel.set(1, now + seconds(600));
    wheel.set(2, now + seconds(1));
    EXPECT_EQ(expire_all(wheel, now + milliseconds(999)), Slots{});
    EXPECT_EQ(expire_all(wheel, now + milliseconds(1'001)), Slots{2});
    EXPECT_EQ(expire_all(wheel, now + seconds(599)), Slots{});
    now = now + seconds(601);
    EXPECT_EQ(expire_all(wheel, now), Slots{1});
  }
}

TEST(TimerWheel, HoldsMillionsOfSlotsItDoesNotUse) {
  TimerWheel wheel(ConnId::slots_max, tick, start);
  wheel.set(ConnId::slots_max - 1, start + tick);
  EXPECT_EQ(expire_all(wheel, start + tick), Slots{ConnId::slots_max - 1});
}

}  // namespace
}  // namespace parley::core
