// What a run is called, by what it found.
#include <gtest/gtest.h>

#include "loadgen/run/conductor.h"

namespace parley::loadgen {
namespace {

RunReport good_run() {
  RunReport report;
  report.plan.mode = LoadMode::closed;
  report.results.steady.deliveries = 1'000;
  report.generator_cpu = 1;
  report.generator_cores = 1;
  return report;
}

TEST(Verdict, ARunWithoutFaultsIsGood) {
  const Verdict verdict = judge(good_run());
  EXPECT_TRUE(verdict.good());
  EXPECT_TRUE(verdict.doubts.empty());
}

TEST(Verdict, ASaturatedGeneratorMakesARunInvalidWhileTheServerIdles) {
  RunReport report = good_run();
  report.generator_saturated = true;
  report.server.emplace(1);
  report.server_cpu = 0.5;
  EXPECT_TRUE(judge(report).says_nothing());
  report.server_cpu = 0.95;
  EXPECT_TRUE(judge(report).good()) << "Neither had time left: that is what was to be measured.";
}

TEST(Verdict, WhereNobodyWatchedTheServerASaturatedGeneratorIsInDoubt) {
  RunReport report = good_run();
  report.generator_saturated = true;
  const Verdict verdict = judge(report);
  EXPECT_TRUE(verdict.valid());
  ASSERT_EQ(verdict.doubts.size(), 1u);
  EXPECT_NE(verdict.doubts.front().find("--pid"), std::string::npos);
}

TEST(Verdict, WhoIsBehindTheScheduleIsTheLimit) {
  RunReport report = good_run();
  report.plan.mode = LoadMode::open;
  report.plan.lag_max = milliseconds(1);
  report.results.lag.record(microseconds(900));
  EXPECT_TRUE(judge(report).good());
  report.results.lag.record(seconds(1));
  EXPECT_TRUE(judge(report).says_nothing());
}

TEST(Verdict, AFaultIsOneHoweverBusyTheGeneratorWas) {
  RunReport report = good_run();
  report.generator_saturated = true;
  report.results.total.lost = 1;
  const Verdict verdict = judge(report);
  EXPECT_FALSE(verdict.good());
  EXPECT_FALSE(verdict.says_nothing());
}

}  // namespace
}  // namespace parley::loadgen
