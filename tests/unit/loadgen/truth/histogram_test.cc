// Percentiles against the same values sorted, and that distributions add up exactly.
#include "loadgen/truth/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "loadgen/truth/random.h"

namespace parley::loadgen {
namespace {

using Values = std::vector<std::uint64_t>;  // Units of 100 ns.

constexpr double percents[] = {0, 0.1, 1, 10, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 99.999, 100};

// The least value that `per_100_000` of all values do not pass, found with whole numbers.
std::uint64_t exact_percentile(const Values& sorted, std::uint64_t per_100_000) {
  const std::uint64_t rank = (sorted.size() * per_100_000 + 99'999) / 100'000;
  return sorted[std::max<std::uint64_t>(rank, 1) - 1];
}

Histogram histogram_of(const Values& values) {
  Histogram histogram;
  for (const std::uint64_t value : values) histogram.record_units(value);
  return histogram;
}

void expect_same(const Histogram& a, const Histogram& b) {
  EXPECT_EQ(a.count(), b.count());
  EXPECT_EQ(a.clipped(), b.clipped());
  EXPECT_EQ(a.max(), b.max());
  EXPECT_EQ(a.mean(), b.mean());
  EXPECT_EQ(a.sum_units(), b.sum_units());
  for (const double percent : percents) EXPECT_EQ(a.percentile(percent), b.percentile(percent));
  const std::vector<Histogram::Filled> of_a = a.filled();
  const std::vector<Histogram::Filled> of_b = b.filled();
  ASSERT_EQ(of_a.size(), of_b.size());
  for (std::size_t i = 0; i < of_a.size(); ++i) {
    EXPECT_EQ(of_a[i].bucket, of_b[i].bucket);
    EXPECT_EQ(of_a[i].count, of_b[i].count);
  }
}

double unit_random(std::uint64_t& random) {
  return static_cast<double>(next_random(random) >> 11) / 9'007'199'254'740'992.0;
}

struct Shape {
  std::string name;
  std::function<double(double)> of;  // Of a number from 0 to 1 to one of about the same.
};

// What latencies look like: flat, with a tail, in two heaps, all the same.
const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all{
      {"flat", [](double u) { return u; }},
      {"exponential", [](double u) { return -std::log(1 - u) / 10; }},
      {"heavy tail", [](double u) { return 0.001 / std::pow(1 - u, 0.8); }},
      {"two heaps", [](double u) { return u < 0.99 ? 0.001 + u / 1'000 : 0.5 + u / 10; }},
      {"constant", [](double) { return 0.777; }},
  };
  return all;
}

TEST(Histogram, PercentilesAreOffByAtMostOneInAThousand) {
  std::uint64_t random = 1;
  for (const Shape& shape : shapes()) {
    for (double scale = 1; scale < 2e10; scale *= 7) {
      Values values;
      for (int i = 0; i < 4'000; ++i) {
        const double value = std::min(shape.of(unit_random(random)) * scale,
                                      static_cast<double>(Histogram::value_max));
        values.push_back(static_cast<std::uint64_t>(value));
      }
      const Histogram histogram = histogram_of(values);
      std::sort(values.begin(), values.end());
      for (const double percent : percents) {
        const auto exact =
            exact_percentile(values, static_cast<std::uint64_t>(std::llround(percent * 1'000)));
        const auto found = Histogram::units_of(histogram.percentile(percent));
        EXPECT_GE(found, exact) << shape.name << " of " << scale << " at " << percent;
        EXPECT_LE(static_cast<double>(found - exact), static_cast<double>(exact) / 1'000)
            << shape.name << " of " << scale << " at " << percent << " is " << exact;
      }
      EXPECT_EQ(histogram.max(), Histogram::in_time(values.back()));
    }
  }
}

TEST(Histogram, RanksOfPercentilesAreExactForEveryCount) {
  // A single slow message among many: it must show in a percentile exactly when it belongs there.
  for (std::uint64_t count = 1; count <= 3'000; ++count) {
    Histogram histogram;
    for (std::uint64_t i = 1; i < count; ++i) histogram.record_units(1);
    histogram.record_units(1'000);
    for (const std::uint64_t per_mille : {500u, 900u, 990u, 999u}) {
      const bool belongs = count * per_mille > (count - 1) * 1'000;
      const double percent = static_cast<double>(per_mille) / 10;
      EXPECT_EQ(Histogram::units_of(histogram.percentile(percent)), belongs ? 1'000 : 1)
          << percent << " of " << count;
    }
  }
}

TEST(Histogram, EveryBucketEndsWhereTheNextBegins) {
  using Scale = Histogram::Scale;
  for (std::uint32_t i = 0; i < Histogram::buckets; ++i) {
    ASSERT_EQ(Scale::index(Scale::top(i)), i);
    ASSERT_EQ(Scale::index(Scale::top(i) + 1), i + 1);
  }
  EXPECT_EQ(Scale::top(Histogram::buckets - 1), Histogram::value_max);
}

TEST(Histogram, CoarseBucketsAreTwoForEachPowerOfTwo) {
  using Scale = CoarseHistogram::Scale;
  const Values tops{0, 1, 2, 3, 5, 7, 11, 15, 23, 31, 47, 63};
  for (std::uint32_t i = 0; i < tops.size(); ++i) EXPECT_EQ(Scale::top(i), tops[i]);
  for (std::uint32_t i = 0; i < CoarseHistogram::buckets; ++i) {
    ASSERT_EQ(Scale::index(Scale::top(i)), i);
    ASSERT_EQ(Scale::index(Scale::top(i) + 1), i + 1);
  }
  EXPECT_EQ(Scale::top(CoarseHistogram::buckets - 1), Histogram::value_max);
}

TEST(Histogram, CoarseTakesWhatIsTooLargeIntoItsLastBucket) {
  CoarseHistogram histogram;
  histogram.record_units(Histogram::value_max + 1);
  histogram.record_units(UINT64_MAX);
  histogram.record_units(0);
  CoarseHistogram other;
  other.record_units(0);
  histogram.add(other);
  EXPECT_EQ(histogram.counts().back(), 2u);
  EXPECT_EQ(histogram.counts().front(), 2u);
}

TEST(Histogram, AddingGivesWhatRecordingIntoOneWouldHaveGiven) {
  std::uint64_t random = 7;
  Histogram all;
  Histogram sum;
  for (int part = 0; part < 5; ++part) {
    Histogram histogram;
    for (int i = 0; i < 3'000; ++i) {
      const std::uint64_t value = next_random(random) >> (next_random(random) % 64);
      histogram.record_units(value);
      all.record_units(value);
    }
    sum.add(histogram);
  }
  EXPECT_GT(all.clipped(), 0u);
  expect_same(sum, all);
}

TEST(Histogram, FilledBucketsMakeTheSameHistogramElsewhere) {
  std::uint64_t random = 11;
  Values values;
  for (int i = 0; i < 2'000; ++i) values.push_back(next_random(random) >> (24 + i % 40));
  values.push_back(Histogram::value_max + 5);
  const Histogram histogram = histogram_of(values);
  Histogram copy;
  ASSERT_TRUE(copy.add_filled(histogram.filled(), histogram.max(), histogram.clipped(),
                              histogram.sum_units()));
  expect_same(copy, histogram);
  // Once more is twice as much.
  ASSERT_TRUE(copy.add_filled(histogram.filled(), histogram.max(), histogram.clipped(),
                              histogram.sum_units()));
  Histogram twice = histogram;
  twice.add(histogram);
  expect_same(copy, twice);
}

TEST(Histogram, RefusesBucketsThatItDoesNotHaveAsAWhole) {
  Histogram histogram;
  const std::vector<Histogram::Filled> filled{{3, 1}, {Histogram::buckets, 1}};
  EXPECT_FALSE(histogram.add_filled(filled, milliseconds(1), 0, 3));
  expect_same(histogram, Histogram());
}

TEST(Histogram, WhatIsTooLargeCountsAsTheLargestAndAsClipped) {
  Histogram histogram;
  histogram.record_units(Histogram::value_max);
  EXPECT_EQ(histogram.clipped(), 0u);
  histogram.record_units(Histogram::value_max + 1);
  histogram.record(Duration{INT64_MAX});
  EXPECT_EQ(histogram.clipped(), 2u);
  EXPECT_EQ(histogram.count(), 3u);
  EXPECT_EQ(histogram.max(), Histogram::in_time(Histogram::value_max));
  EXPECT_EQ(histogram.percentile(50), Histogram::in_time(Histogram::value_max));
}

TEST(Histogram, WithoutValuesAllIsZero) {
  Histogram histogram;
  expect_same(histogram, Histogram());
  EXPECT_EQ(histogram.percentile(99), Duration{});
  EXPECT_EQ(histogram.max(), Duration{});
  EXPECT_EQ(histogram.mean(), Duration{});
  EXPECT_TRUE(histogram.filled().empty());
  histogram.record(milliseconds(3));
  histogram.clear();
  expect_same(histogram, Histogram());
}

TEST(Histogram, TimesBeforeTheirDueCountAsNothing) {
  Histogram histogram;
  histogram.record(Duration{-5'000'000});
  histogram.record(Duration{99});
  histogram.record(Duration{100});
  EXPECT_EQ(histogram.count(), 3u);
  EXPECT_EQ(histogram.max(), Duration{100});
  EXPECT_EQ(histogram.percentile(50), Duration{});
}

}  // namespace
}  // namespace parley::loadgen
