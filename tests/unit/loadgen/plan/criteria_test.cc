#include "loadgen/plan/criteria.h"

#include <gtest/gtest.h>

#include <string>

namespace parley::loadgen {
namespace {

using Compare = Criterion::Compare;

struct Row {
  std::string_view text;
  Metric metric;
  Compare compare;
  double value;
};

TEST(Criteria, AreReadWithTheUnitsOfTheirMetric) {
  for (const Row& row : {Row{"p99 < 5ms", Metric::p99, Compare::less, 5e6},
                         Row{"p99<5ms", Metric::p99, Compare::less, 5e6},
                         Row{"  p99.9   <=  1s  ", Metric::p999, Compare::at_most, 1e9},
                         Row{"p50 > 0", Metric::p50, Compare::greater, 0},
                         Row{"p90 >= 10us", Metric::p90, Compare::at_least, 1e4},
                         Row{"max < 1m", Metric::max, Compare::less, 60e9},
                         Row{"lag < 1ms", Metric::lag_p99, Compare::less, 1e6},
                         Row{"loss == 0", Metric::loss, Compare::equal, 0},
                         Row{"loss = 0", Metric::loss, Compare::equal, 0},
                         Row{"duplicates <= 3", Metric::duplicates, Compare::at_most, 3},
                         Row{"reordered < 1k", Metric::reordered, Compare::less, 1'000},
                         Row{"leaks == 0", Metric::leaks, Compare::equal, 0},
                         Row{"damaged == 0", Metric::damaged, Compare::equal, 0},
                         Row{"errors == 0", Metric::errors, Compare::equal, 0},
                         Row{"disconnects == 0", Metric::disconnects, Compare::equal, 0},
                         Row{"connections >= 1M", Metric::connections, Compare::at_least, 1e6},
                         Row{"publications > 10/s", Metric::publications, Compare::greater, 10},
                         Row{"deliveries >= 100k/s", Metric::deliveries, Compare::at_least, 1e5},
                         Row{"connects > 60/m", Metric::connects, Compare::greater, 1}}) {
    const Result<std::vector<Criterion>> criteria = parse_criteria(row.text);
    ASSERT_TRUE(criteria) << row.text << ": " << criteria.error().message;
    ASSERT_EQ(criteria->size(), 1u) << row.text;
    EXPECT_EQ(criteria->front().metric, row.metric) << row.text;
    EXPECT_EQ(criteria->front().compare, row.compare) << row.text;
    EXPECT_DOUBLE_EQ(criteria->front().value, row.value) << row.text;
  }
}

TEST(Criteria, ListsAreSeparatedByCommas) {
  const Result<std::vector<Criterion>> criteria =
      parse_criteria("p99 < 5ms, loss == 0,deliveries >= 100k/s");
  ASSERT_TRUE(criteria);
  ASSERT_EQ(criteria->size(), 3u);
  EXPECT_EQ((*criteria)[0].text, "p99 < 5ms");
  EXPECT_EQ((*criteria)[1].text, "loss == 0");
  EXPECT_EQ((*criteria)[2].text, "deliveries >= 100k/s");
  EXPECT_TRUE(parse_criteria("")->empty());
}

TEST(Criteria, RateIsAnotherNameForDeliveries) {
  const Result<std::vector<Criterion>> criteria = parse_criteria("rate >= 100k/s");
  ASSERT_TRUE(criteria);
  EXPECT_EQ(criteria->front().metric, Metric::deliveries);
  EXPECT_EQ(criteria->front().value, 100'000);
  EXPECT_EQ(criteria->front().text, "rate >= 100k/s");
}

TEST(Criteria, BadOnesAreRefusedAndNamed) {
  for (const std::string_view text :
       {"p99", "p98 < 5ms", "p99 < 5", "p99 < ", "< 5ms", "p99 5ms", "loss == 0.5", "loss == 0/s",
        "deliveries > 100k", "p99 <> 5ms", "p99 << 5ms", "p99 =< 5ms", "p99 < 5ms,,loss == 0",
        "p99 < 5ms loss == 0", "P99 < 5ms", ","}) {
    const Result<std::vector<Criterion>> criteria = parse_criteria(text);
    EXPECT_FALSE(criteria) << text;
  }
  EXPECT_NE(parse_criteria("p98 < 5ms").error().message.find("'p98'"), std::string::npos);
  EXPECT_NE(parse_criteria("p98 < 5ms").error().message.find("p99.9"), std::string::npos);
}

TEST(Criteria, HoldOnTheRightSideOfTheirValue) {
  const auto holds = [](std::string_view text, double value) {
    const Criterion criterion = parse_criteria(text)->front();
    Metrics metrics{};
    metrics[static_cast<std::size_t>(criterion.metric)] = value;
    return criterion.holds(metrics);
  };
  const std::string_view comparisons[] = {"<", "<=", "==", ">=", ">"};
  const bool below[] = {true, true, false, false, false};
  const bool equal[] = {false, true, true, true, false};
  const bool above[] = {false, false, false, true, true};
  for (std::size_t i = 0; i < 5; ++i) {
    const std::string text = "loss " + std::string(comparisons[i]) + " 7";
    EXPECT_EQ(holds(text, 6), below[i]) << text;
    EXPECT_EQ(holds(text, 7), equal[i]) << text;
    EXPECT_EQ(holds(text, 8), above[i]) << text;
  }
}

TEST(Criteria, MetricsAreShownInTheirUnits) {
  EXPECT_EQ(metric_text(Metric::p99, 5e6), "5 ms");
  EXPECT_EQ(metric_text(Metric::loss, 3), "3");
  EXPECT_EQ(metric_text(Metric::deliveries, 1.5e6), "1.50 M/s");
  for (std::size_t i = 0; i < metric_count; ++i) {
    EXPECT_FALSE(metric_name(static_cast<Metric>(i)).empty());
  }
}

}  // namespace
}  // namespace parley::loadgen
