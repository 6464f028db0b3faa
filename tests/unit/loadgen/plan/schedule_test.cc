// When messages are due: that none is forgotten or sent twice, whatever the curve and the workers.
#include "loadgen/plan/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>

namespace parley::loadgen {
namespace {

RateCurve curve_of(std::string_view text) {
  Result<RateCurve> curve = RateCurve::parse(text);
  EXPECT_TRUE(curve) << text;
  return *curve;
}

constexpr std::string_view curves[] = {
    "1000/s",
    "7/s",
    "1/s@0s~2000/s@10s",
    "0/s@0s~1000/s@10s",
    "2000/s@0s~0/s@10s",
    "100/s@0s,1000/s@2s,10/s@4s",
    "1000/s@0s,off@1s,1000/s@2s",
    "off@0s,500/s@3s",
    "1000/s@0s~0/s@2s,1000/s@5s",
    "100/s@0s~100/s@5s~300/s@6s,50/s@8s~1000/s@20s",
    "1000000/s@0s~1000001/s@10s",
    "33.3/s@0s~77.7/s@3.3s,off@4.4s,12.34/s@5.5s",
};

TEST(RateCurve, TheTimeOfTheNthMessageIsWhenNAreDue) {
  for (const std::string_view text : curves) {
    const RateCurve curve = curve_of(text);
    Duration last{};
    for (double count = 0; count < 9'000; count += count < 50 ? 1 : 97) {
      const Duration at = curve.reaches(count);
      if (at == RateCurve::never) {
        EXPECT_LE(curve.due_until(seconds(100'000)), count) << text;
        break;
      }
      ASSERT_GE(at, last) << text << " at " << count;
      last = at;
      // Times are whole nanoseconds.
      const double slack = 1e-6 + 3 * curve.highest() / 1e9;
      ASSERT_NEAR(curve.due_until(at), count, slack) << text;
    }
  }
}

TEST(RateCurve, CountsWhatIsDueOverSteps) {
  const RateCurve curve = curve_of("1000/s@0s,5000/s@10s,0/s@20s");
  EXPECT_DOUBLE_EQ(curve.due_until({}), 0);
  EXPECT_DOUBLE_EQ(curve.due_until(seconds(10)), 10'000);
  EXPECT_DOUBLE_EQ(curve.due_until(seconds(11)), 15'000);
  EXPECT_DOUBLE_EQ(curve.due_until(seconds(20)), 60'000);
  EXPECT_DOUBLE_EQ(curve.due_until(seconds(99)), 60'000);
  EXPECT_DOUBLE_EQ(curve.at(milliseconds(9'999)), 1'000);
  EXPECT_DOUBLE_EQ(curve.at(seconds(10)), 5'000);
  EXPECT_DOUBLE_EQ(curve.highest(), 5'000);
  EXPECT_EQ(curve.reaches(60'001), RateCurve::never);
}

TEST(RateCurve, CountsWhatIsDueOverRamps) {
  const RateCurve curve = curve_of("1000/s@0s~5000/s@10s");
  EXPECT_DOUBLE_EQ(curve.due_until(seconds(5)), 10'000);
  EXPECT_DOUBLE_EQ(curve.due_until(seconds(10)), 30'000);
  EXPECT_DOUBLE_EQ(curve.due_until(seconds(11)), 35'000);
  EXPECT_DOUBLE_EQ(curve.at(seconds(5)), 3'000);
  EXPECT_DOUBLE_EQ(curve.at(seconds(50)), 5'000);
}

TEST(RateCurve, ARateOfNothingIsNeverReached) {
  EXPECT_EQ(curve_of("off").reaches(0), RateCurve::never);
  EXPECT_EQ(RateCurve::constant(0).reaches(0), RateCurve::never);
  // During an interval without messages the next one waits for its end.
  const RateCurve curve = curve_of("1000/s@0s,off@1s,1000/s@2s");
  EXPECT_EQ(curve.reaches(1'000), seconds(2));
  EXPECT_DOUBLE_EQ(curve.due_until(milliseconds(1'500)), 1'000);
}

TEST(RateCurve, ScalingKeepsTheShape) {
  for (const std::string_view text : curves) {
    const RateCurve curve = curve_of(text);
    const RateCurve third = curve.scaled(1.0 / 3);
    for (std::int64_t ms = 0; ms < 30'000; ms += 777) {
      const double whole = curve.due_until(milliseconds(ms));
      EXPECT_NEAR(third.due_until(milliseconds(ms)) * 3, whole, 1e-9 * whole + 1e-9) << text;
    }
  }
}

TEST(RateCurve, RampsToNothingNeverStopEarly) {
  // The last messages of a ramp that ends at no rate: rounding must not make them impossible.
  for (int workers = 1; workers <= 40; ++workers) {
    const RateCurve curve = curve_of("1000/s@0s~0/s@2s,1000/s@5s").scaled(1.0 / workers);
    const double end = curve.due_until(seconds(2));
    for (int ulps = -40; ulps <= 40; ++ulps) {
      const double count = end * (1 + ulps * 1e-16);
      EXPECT_NE(curve.reaches(count), RateCurve::never) << workers << ", " << ulps;
    }
  }
}

TEST(RateCurve, BadTextsAreRefused) {
  for (const std::string_view text :
       {"", "fast", "1000", "1000/s@1s", "1000/s@0s,", "1000/s@0s,2000/s", "1000/s@0s,2000/s@0s",
        "1000/s@0s,2000/s@5s,3000/s@4s", "~1000/s", "1000/s~2000/s", "1000/s@0s~2000/s", "@0s",
        "1000/s@", "-5/s", "1000/s@0s,,2000/s@5s", "1000/s@-1s"}) {
    EXPECT_FALSE(RateCurve::parse(text)) << text;
  }
}

// All times below `until`.
std::multiset<std::int64_t> times_of(Schedule schedule, Duration until) {
  std::multiset<std::int64_t> times;
  while (schedule.next() < until) {
    times.insert(schedule.next().ns);
    schedule.advance();
  }
  return times;
}

TEST(Schedule, EvenArrivalsOfManyWorkersTogetherAreThoseOfOne) {
  for (const std::string_view text : curves) {
    const RateCurve curve = curve_of(text);
    const Duration until = curve.highest() > 10'000 ? milliseconds(20) : seconds(12);
    const auto alone = times_of(Schedule(curve, Arrivals::even, 0, 1, 1), until);
    for (const std::uint32_t workers : {2u, 3u, 7u, 16u}) {
      std::multiset<std::int64_t> together;
      for (std::uint32_t index = 0; index < workers; ++index) {
        together.merge(times_of(Schedule(curve, Arrivals::even, index, workers, index), until));
      }
      EXPECT_EQ(together, alone) << text << " by " << workers;
    }
  }
}

TEST(Schedule, EvenArrivalsAreAsManyAsAreDue) {
  for (const std::string_view text : curves) {
    const RateCurve curve = curve_of(text);
    const Duration until = curve.highest() > 10'000 ? milliseconds(20) : seconds(12);
    const auto times = times_of(Schedule(curve, Arrivals::even, 0, 1, 1), until);
    // The first is due at once, so that n are due when n - 1 would have been reached.
    EXPECT_NEAR(static_cast<double>(times.size()), curve.due_until(until), 1.0) << text;
  }
}

TEST(Schedule, EvenArrivalsAreEquallyFarApart) {
  Schedule schedule(curve_of("1000/s"), Arrivals::even, 0, 1, 1);
  for (std::int64_t i = 0; i < 5'000; ++i) {
    EXPECT_NEAR(static_cast<double>(schedule.next().ns), static_cast<double>(i) * 1e6, 1);
    schedule.advance();
  }
}

TEST(Schedule, PoissonArrivalsHaveTheMeanAndGapsOfChance) {
  constexpr std::uint32_t workers = 4;
  constexpr double rate = 1'000;
  std::multiset<std::int64_t> times;
  for (std::uint32_t index = 0; index < workers; ++index) {
    times.merge(times_of(
        Schedule(RateCurve::constant(rate), Arrivals::poisson, index, workers, 1'000 + index),
        seconds(100)));
  }
  // The count of a Poisson process has the square root of its mean as standard deviation: 316.
  const auto count = static_cast<double>(times.size());
  EXPECT_NEAR(count, 100'000, 4 * 316);
  // The gaps of the workers together are exponential: their mean is their deviation, and e^-k of
  // them are longer than k means.
  double sum_squares = 0;
  std::size_t longer[4] = {};
  std::int64_t last = 0;
  for (const std::int64_t at : times) {
    const double gap = static_cast<double>(at - last) / 1e9 * rate;
    last = at;
    sum_squares += gap * gap;
    for (std::size_t k = 1; k < 4; ++k) longer[k] += gap > static_cast<double>(k) ? 1 : 0;
  }
  EXPECT_NEAR(sum_squares / count, 2, 0.06);
  for (std::size_t k = 1; k < 4; ++k) {
    const double share = std::exp(-static_cast<double>(k));
    EXPECT_NEAR(static_cast<double>(longer[k]) / count, share, 0.006) << k;
  }
}

TEST(Schedule, PoissonArrivalsFollowTheCurve) {
  const RateCurve curve = curve_of("0/s@0s~2000/s@50s,off@60s,500/s@70s");
  const auto times = times_of(Schedule(curve, Arrivals::poisson, 0, 1, 42), seconds(80));
  for (const std::int64_t s : {10, 25, 50, 60, 70, 80}) {
    const double expected = curve.due_until(seconds(s));
    const auto found =
        static_cast<double>(std::distance(times.begin(), times.lower_bound(seconds(s).ns)));
    EXPECT_NEAR(found, expected, 4 * std::sqrt(expected)) << s;
  }
  EXPECT_EQ(times.lower_bound(seconds(60).ns), times.lower_bound(seconds(70).ns));
}

TEST(Schedule, TheSameSeedGivesTheSameTimes) {
  const RateCurve curve = curve_of("1000/s");
  const auto times = [&curve](std::uint64_t seed) {
    return times_of(Schedule(curve, Arrivals::poisson, 0, 1, seed), seconds(2));
  };
  EXPECT_EQ(times(5), times(5));
  EXPECT_NE(times(5), times(6));
}

TEST(Schedule, WithoutARateNothingIsDue) {
  EXPECT_EQ(Schedule(curve_of("off"), Arrivals::even, 0, 1, 1).next(), RateCurve::never);
  EXPECT_EQ(Schedule(curve_of("off"), Arrivals::poisson, 0, 1, 1).next(), RateCurve::never);
  EXPECT_EQ(
      times_of(Schedule(curve_of("1000/s@0s,off@1s"), Arrivals::even, 1, 3, 1), seconds(9)).size(),
      333u);
}

}  // namespace
}  // namespace parley::loadgen
