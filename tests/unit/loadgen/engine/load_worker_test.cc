// Whole runs of a LoadWorker against a good server: everybody is heard by everybody, once.
#include "loadgen/engine/load_worker.h"

#include <gtest/gtest.h>

#include "tests/unit/loadgen/engine/load_worker_harness.h"

namespace parley::loadgen {
namespace {

using Harness = LoadWorkerHarness;

void expect_no_fault(Harness& harness) {
  const Counters& total = harness.results().total;
  EXPECT_EQ(total.lost, 0u);
  EXPECT_EQ(total.duplicates, 0u);
  EXPECT_EQ(total.reordered, 0u);
  EXPECT_EQ(total.leaks, 0u);
  EXPECT_EQ(total.damaged, 0u);
  EXPECT_EQ(total.foreign, 0u);
  EXPECT_EQ(total.disconnects, 0u);
  for (const auto& [kind, count] : harness.results().errors) {
    ADD_FAILURE() << count << " x " << kind;
  }
}

TEST(LoadWorker, InAClosedLoopEveryMemberHearsEveryMessage) {
  Harness harness({});
  const Counters& total = harness.run();
  expect_no_fault(harness);
  EXPECT_EQ(total.connects, 10u);
  EXPECT_GT(total.publications, 400u);
  EXPECT_EQ(total.publications, harness.deeds().messages);
  EXPECT_EQ(total.deliveries, 5 * total.publications);
  EXPECT_EQ(total.other_frames, 0u);
  EXPECT_EQ(harness.peers(), 0u);
  const Results& results = harness.results();
  EXPECT_EQ(results.connecting.count(), 10u);
  EXPECT_LE(results.steady.deliveries, total.deliveries);
  EXPECT_GT(results.steady.deliveries, total.deliveries / 2);
  EXPECT_LE(results.latency.count(), total.deliveries);
  EXPECT_EQ(results.latency.clipped(), 0u);
  std::uint64_t by_second = 0;
  for (const Second& second : results.seconds) by_second += second.deliveries;
  EXPECT_EQ(by_second, total.deliveries);
}

TEST(LoadWorker, SpeaksClassic) {
  Harness harness({.plan = {{"target.protocol", "classic"}}});
  const Counters& total = harness.run();
  expect_no_fault(harness);
  EXPECT_GT(total.publications, 200u);
  EXPECT_EQ(total.deliveries, 5 * total.publications);
}

TEST(LoadWorker, TheIndependentFramerSeesTheSame) {
  Harness ours({.plan = {{"load.mode", "open"}, {"load.rate", "500/s"}}});
  Harness wslay(
      {.plan = {{"load.mode", "open"}, {"load.rate", "500/s"}, {"client.framer", "wslay"}}});
  const Counters& of_ours = ours.run();
  const Counters& of_wslay = wslay.run();
  expect_no_fault(ours);
  expect_no_fault(wslay);
  EXPECT_EQ(of_ours.publications, of_wslay.publications);
  EXPECT_EQ(of_ours.deliveries, of_wslay.deliveries);
}

TEST(LoadWorker, InAnOpenLoopWhatIsDueIsSent) {
  for (const char* arrivals : {"even", "poisson"}) {
    Harness harness({.plan = {{"load.mode", "open"},
                              {"load.rate", "1000/s"},
                              {"load.arrivals", arrivals},
                              {"time.warm_up", "1s"},
                              {"time.duration", "4s"}}});
    const Counters& total = harness.run();
    expect_no_fault(harness);
    // Evenly to the message, else within four standard deviations.
    const double slack = std::string(arrivals) == "even" ? 2 : 283;
    EXPECT_NEAR(static_cast<double>(total.publications), 5'000, slack) << arrivals;
    EXPECT_EQ(total.deliveries, 5 * total.publications);
    EXPECT_EQ(total.skipped, 0u);
    // Simulated time stands still while a worker works, so nothing is late by more than its polls.
    EXPECT_LE(harness.results().lag.max(), microseconds(100));
    EXPECT_NEAR(static_cast<double>(harness.results().latency.count()), 20'000, 5 * slack + 5);
  }
}

TEST(LoadWorker, WhatIsDueAndNeverGoesOutIsLate) {
  Harness harness({.plan = {{"load.mode", "open"}, {"load.rate", "1000/s"}}});
  ASSERT_TRUE(harness.ramp());
  harness.begin_load();
  harness.turn_for(Harness::lead + milliseconds(200));
  harness.starve(milliseconds(300));  // To the end of the steady window.
  EXPECT_TRUE(harness.drain());
  harness.close();
  const Results& results = harness.results();
  EXPECT_NEAR(static_cast<double>(results.total.publications), 200, 2);
  EXPECT_NEAR(static_cast<double>(results.total.overdue), 300, 2);
  EXPECT_EQ(results.total.lost, 0u) << "What was not sent is owed to nobody.";
  EXPECT_NEAR(static_cast<double>(results.lag.count()), 400, 2);
  EXPECT_GT(results.lag.percentile(99), milliseconds(290));
}

TEST(LoadWorker, PublishersThatDoNotHearThemselvesAreOwedNothing) {
  // This server does echo; what the plan says it must not is dropped here.
  Harness harness({.plan = {{"target.sender_hears", "false"}, {"rooms.publishers", "1"}},
                   .script = {.copies = [](std::uint32_t count, std::string&) {
                     return count % 5 == 1 ? 0 : 1;  // The first of each room is its publisher.
                   }}});
  const Counters& total = harness.run();
  EXPECT_EQ(total.lost, 0u);
  EXPECT_GT(total.publications, 200u);
  EXPECT_EQ(total.deliveries, 4 * total.publications);
}

TEST(LoadWorker, AnIdlePlanPublishesNothing) {
  Harness harness({.plan = {{"load.mode", "idle"}}});
  const Counters& total = harness.run();
  expect_no_fault(harness);
  EXPECT_EQ(total.connects, 10u);
  EXPECT_EQ(total.publications, 0u);
  EXPECT_EQ(harness.deeds().messages, 0u);
}

TEST(LoadWorker, AnswersPings) {
  Harness harness({.script = {.pings_one_in = 7}});
  static_cast<void>(harness.run());
  expect_no_fault(harness);
  EXPECT_GT(harness.deeds().pinged, 20u);
  EXPECT_EQ(harness.deeds().ponged, harness.deeds().pinged);
}

TEST(LoadWorker, AnswersPingsThatAreMessages) {
  // Even where any frame may be a delivery.
  std::uint32_t pings = 0;
  Harness harness({.plan = {{"target.ping", "2"}, {"target.pong", "3"}, {"load.mode", "open"}},
                   .script = {.copies = [&pings](std::uint32_t count, std::string& text) {
                     if (text == "3") return 0;
                     if (count % 50 != 0) return 1;
                     pings += 1;
                     text = "2";  // Instead of a delivery, which is lost.
                     return 1;
                   }}});
  const Counters& total = harness.run();
  EXPECT_GT(pings, 10u);
  EXPECT_EQ(total.lost, pings);
  EXPECT_EQ(harness.deeds().messages, total.publications + pings);
  EXPECT_EQ(total.other_frames, 0u);
}

TEST(LoadWorker, FramesWithoutAStampAreCountedApart) {
  std::uint32_t others = 0;
  Harness harness({.plan = {{"load.mode", "open"}},
                   .script = {.copies = [&others](std::uint32_t count, std::string& text) {
                     if (count % 50 != 0) return 1;
                     others += 1;
                     text = "what no publisher said";
                     return 1;
                   }}});
  const Counters& total = harness.run();
  EXPECT_GT(others, 10u);
  EXPECT_EQ(total.other_frames, others);
  EXPECT_EQ(total.lost, others);
  EXPECT_GT(harness.results().steady.other_frames, 0u);
  EXPECT_LT(harness.results().steady.other_frames, others) << "Some came before, or after.";
}

TEST(LoadWorker, PayloadsHaveTheSizesOfThePlan) {
  std::uint64_t smallest = UINT64_MAX;
  std::uint64_t largest = 0;
  Harness harness({.plan = {{"load.payload", "33-5000"}},
                   .script = {.copies = [&](std::uint32_t, std::string& text) {
                     smallest = std::min<std::uint64_t>(smallest, text.size());
                     largest = std::max<std::uint64_t>(largest, text.size());
                     return 1;
                   }}});
  static_cast<void>(harness.run());
  expect_no_fault(harness);
  EXPECT_GE(smallest, 33u);
  EXPECT_LE(smallest, 100u);
  EXPECT_LE(largest, 5'000u);
  EXPECT_GE(largest, 4'900u);
}

TEST(LoadWorker, MembersThatLeaveAndComeBackLoseNothing) {
  for (const char* mode : {"closed", "open"}) {
    Harness harness({.plan = {{"load.mode", mode},
                              {"load.rate", "500/s"},
                              {"churn.rate", "200/s"},
                              {"time.duration", "1s"}}});
    const Counters& total = harness.run();
    EXPECT_EQ(total.lost, 0u) << mode;
    EXPECT_EQ(total.duplicates, 0u) << mode;
    EXPECT_EQ(total.reordered, 0u) << mode;
    EXPECT_EQ(total.disconnects, 0u) << mode;
    EXPECT_TRUE(harness.results().errors.empty()) << mode;
    EXPECT_GT(total.connects, 100u) << mode;
    EXPECT_LE(total.connects, 10u + 205u) << mode;
    EXPECT_EQ(harness.deeds().opened, total.connects) << mode;
    EXPECT_GT(total.deliveries, 4 * total.publications) << mode;
  }
}

TEST(LoadWorker, AfterAStormEverybodyIsBack) {
  for (const char* share : {"1", "0.5"}) {
    for (const char* mode : {"closed", "open"}) {
      Harness harness({.plan = {{"load.mode", mode},
                                {"load.rate", "2000/s"},
                                {"storm.at", "200ms"},
                                {"storm.share", share},
                                {"time.duration", "500ms"}}});
      const Counters& total = harness.run();
      EXPECT_EQ(total.lost, 0u) << mode << ", " << share;
      EXPECT_EQ(total.duplicates, 0u) << mode << ", " << share;
      EXPECT_EQ(total.disconnects, 0u) << mode << ", " << share;
      EXPECT_GT(total.connects, 10u) << mode << ", " << share;
      EXPECT_LE(total.connects, 20u) << mode << ", " << share;
      EXPECT_GT(harness.results().recovery, Duration{}) << mode << ", " << share;
    }
  }
}

TEST(LoadWorker, AWorkerIsOverOnlyWhenAllIsClosed) {
  // A server that never answers goodbyes: they are cut.
  Harness harness({.script = {.answers_close = false}});
  EXPECT_TRUE(harness.ramp());
  harness.load();
  harness.close();
  // In the middle of the ramp.
  Harness early({.plan = {{"connections.count", "500"}, {"connections.in_progress_max", "20"}}});
  early.turn_for(milliseconds(1));
  early.close();
}

TEST(LoadWorker, SaysGoodbyeToSoManyAtATimeAsThePlanSays) {
  Harness harness({.plan = {{"connections.count", "500"}, {"connections.in_progress_max", "20"}}});
  EXPECT_TRUE(harness.ramp());
  harness.close();
  EXPECT_EQ(harness.deeds().goodbyes, 500u);
  EXPECT_LE(harness.deeds().parting_most, 20u);
  EXPECT_EQ(harness.results().total.disconnects, 0u);
}

TEST(LoadWorker, AServerThatAnswersNoGoodbyeIsNotAskedInTurn) {
  Harness harness({.plan = {{"connections.count", "500"}, {"connections.in_progress_max", "20"}},
                   .script = {.answers_close = false}});
  EXPECT_TRUE(harness.ramp());
  harness.begin_close();
  harness.turn_for(milliseconds(1'500));
  EXPECT_EQ(harness.deeds().goodbyes, 20u);
  harness.turn_for(milliseconds(1'000));
  EXPECT_EQ(harness.deeds().goodbyes, 60u);  // Twice as many as before, for as long.
  const Instant began = harness.now();
  harness.close();
  EXPECT_LE(harness.now() - began, seconds(10));
}

TEST(LoadWorker, TheRampIsAsSlowAsThePlanSays) {
  Harness harness({.plan = {{"connections.count", "100"}, {"connections.ramp", "50/s"}}});
  const Instant started = harness.now();
  EXPECT_TRUE(harness.ramp());
  const Duration took = harness.now() - started;
  EXPECT_GE(took, milliseconds(1'900));
  EXPECT_LE(took, milliseconds(2'200));
  harness.close();
  EXPECT_LE(harness.results().ramp, took);
  EXPECT_GE(harness.results().ramp, took - milliseconds(60));
}

TEST(LoadWorker, RoomsThatAreSpreadHearEachOther) {
  for (const char* mode : {"closed", "open"}) {
    for (const std::uint32_t workers : {2u, 3u}) {
      Harness harness({.plan = {{"load.mode", mode},
                                {"load.rate", "300/s"},
                                {"connections.count", "20"},
                                {"rooms.members", "10"},
                                {"time.duration", "150ms"}},
                       .workers = workers});
      const Counters& total = harness.run();
      expect_no_fault(harness);
      EXPECT_GT(total.publications, 50u);
      EXPECT_EQ(total.deliveries, 10 * total.publications) << mode << " by " << workers;
    }
  }
}

TEST(LoadWorker, OfSpreadRoomsTheFirstMessageCountsToo) {
  // Of another worker's stream nobody knows where it begins, but before the load all are at 0.
  Harness harness(
      {.plan = {{"load.mode", "open"}, {"load.rate", "300/s"}, {"rooms.members", "10"}},
       .script = {.copies = [](std::uint32_t n, std::string&) { return n <= 100 ? 0 : 1; }},
       .workers = 2});
  EXPECT_EQ(harness.run().lost, 100u);
}

TEST(LoadWorker, TheWholeRateIsSentByThoseWhoHavePublishers) {
  Harness harness({.plan = {{"load.mode", "open"},
                            {"load.rate", "1000/s"},
                            {"rooms.members", "10"},
                            {"rooms.publishers", "2"}},
                   .workers = 4});
  const Counters& total = harness.run();
  expect_no_fault(harness);
  EXPECT_NEAR(static_cast<double>(total.publications), 500, 60);
  EXPECT_EQ(total.deliveries, 10 * total.publications);
}

TEST(LoadWorker, SourcesHaveEquallyManyConnections) {
  const IpAddress first = IpAddress::v4(10, 0, 0, 1);
  const IpAddress second = IpAddress::v4(10, 0, 0, 2);
  Harness harness({.plan = {{"connections.count", "100"}}, .sources = {first, second}});
  EXPECT_TRUE(harness.ramp());
  harness.close();
  EXPECT_EQ(harness.deeds().sources.size(), 2u);
  EXPECT_EQ(harness.deeds().sources.at(first.octets), 50u);
  EXPECT_EQ(harness.deeds().sources.at(second.octets), 50u);
}

}  // namespace
}  // namespace parley::loadgen
