// What a LoadWorker makes of servers, networks and rings that misbehave: each fault is counted as
// what it is, as often as it happened.
#include <gtest/gtest.h>

#include "loadgen/engine/load_worker.h"
#include "tests/unit/loadgen/engine/load_worker_harness.h"

namespace parley::loadgen {
namespace {

using Harness = LoadWorkerHarness;
using sim::Fault;

const PlanTexts open_loop{{"load.mode", "open"}, {"load.rate", "1000/s"}, {"time.duration", "2s"}};

TEST(LoadWorkerFaults, LostDeliveriesAreCounted) {
  std::uint32_t dropped = 0;
  Harness harness({.plan = open_loop, .script = {.copies = [&](std::uint32_t n, std::string&) {
                                        const bool drops = n % 97 == 0;
                                        dropped += drops ? 1 : 0;
                                        return drops ? 0 : 1;
                                      }}});
  const Counters& total = harness.run();
  EXPECT_GT(dropped, 50u);
  EXPECT_EQ(total.lost, dropped);
  EXPECT_EQ(total.deliveries + dropped, 5 * total.publications);
  EXPECT_EQ(total.duplicates + total.reordered + total.leaks + total.damaged + total.foreign, 0u);
}

TEST(LoadWorkerFaults, WhenTheFirstAndTheLastAreLostTheyAreCounted) {
  // Of each stream and member the very first one.
  Harness harness({.plan = open_loop, .script = {.copies = [](std::uint32_t n, std::string&) {
                                        return n <= 50 ? 0 : 1;
                                      }}});
  EXPECT_EQ(harness.run().lost, 50u);
}

TEST(LoadWorkerFaults, DoubledDeliveriesAreCounted) {
  std::uint32_t doubled = 0;
  Harness harness({.plan = open_loop, .script = {.copies = [&](std::uint32_t n, std::string&) {
                                        const bool doubles = n % 97 == 0;
                                        doubled += doubles ? 1 : 0;
                                        return doubles ? 2 : 1;
                                      }}});
  const Counters& total = harness.run();
  EXPECT_GT(doubled, 50u);
  EXPECT_EQ(total.duplicates, doubled);
  EXPECT_EQ(total.deliveries, 5 * total.publications);
  EXPECT_EQ(total.lost + total.reordered + total.leaks + total.damaged + total.foreign, 0u);
}

TEST(LoadWorkerFaults, DisorderIsCountedAndIsNoLoss) {
  PlanTexts plan = open_loop;
  plan["rooms.publishers"] = "1";  // Order is promised within a stream.
  Harness harness({.plan = plan, .script = {.swaps = true}});
  const Counters& total = harness.run();
  EXPECT_GT(harness.deeds().swapped, 100u);
  EXPECT_EQ(total.reordered, harness.deeds().swapped);
  EXPECT_EQ(total.duplicates + total.leaks + total.damaged, 0u);
  // Those that still waited to be overtaken when the load ended.
  EXPECT_LE(total.lost, 10u);
}

TEST(LoadWorkerFaults, LeaksIntoOtherRoomsAreCounted) {
  Harness harness({.plan = open_loop, .script = {.leaks_one_in = 20}});
  const Counters& total = harness.run();
  EXPECT_GT(harness.deeds().leaked, 50u);
  EXPECT_EQ(total.leaks, harness.deeds().leaked);
  EXPECT_EQ(total.deliveries, 5 * total.publications);
  EXPECT_EQ(total.lost + total.duplicates + total.reordered + total.damaged, 0u);
}

TEST(LoadWorkerFaults, DamageIsCountedAndIsNoLoss) {
  for (const std::size_t at : {40u, 63u}) {
    std::uint32_t damaged = 0;
    Harness harness(
        {.plan = open_loop, .script = {.copies = [&](std::uint32_t n, std::string& text) {
                              if (n % 97 != 0) return 1;
                              text[at] = text[at] == 'x' ? 'y' : 'x';
                              damaged += 1;
                              return 1;
                            }}});
    const Counters& total = harness.run();
    EXPECT_GT(damaged, 50u);
    EXPECT_EQ(total.damaged, damaged);
    EXPECT_EQ(total.deliveries + damaged, 5 * total.publications);
    EXPECT_EQ(total.lost + total.duplicates + total.reordered + total.leaks, 0u);
  }
}

TEST(LoadWorkerFaults, ADamagedStampIsDamage) {
  std::uint32_t damaged = 0;
  std::uint64_t at = 4;
  Harness harness({.plan = open_loop, .script = {.copies = [&](std::uint32_t n, std::string& text) {
                                        if (n % 41 != 0) return 1;
                                        text[at] = text[at] == 'x' ? 'y' : 'x';
                                        at = at == 32 ? 4 : at + 1;  // Every digit in turns.
                                        damaged += 1;
                                        return 1;
                                      }}});
  const Counters& total = harness.run();
  EXPECT_GT(damaged, 100u);
  EXPECT_EQ(total.damaged, damaged);
  EXPECT_EQ(total.duplicates + total.reordered + total.leaks + total.foreign, 0u);
  EXPECT_EQ(total.deliveries + damaged, 5 * total.publications);
  EXPECT_LE(total.lost, damaged);
}

TEST(LoadWorkerFaults, AClosedLoopGoesOnBehindADamagedDelivery) {
  Harness harness({.script = {.copies = [](std::uint32_t n, std::string& text) {
                     if (n % 97 == 0) text[40] = text[40] == 'x' ? 'y' : 'x';
                     return 1;
                   }}});
  const Counters& total = harness.run();
  EXPECT_GT(total.damaged, 20u);
  EXPECT_EQ(total.lost, 0u);
}

TEST(LoadWorkerFaults, ARefusedUpgradeIsTriedAgain) {
  Harness harness({.script = {.refuse = [](std::uint32_t n) { return n <= 25 ? 503 : 0; }}});
  const Counters& total = harness.run();
  EXPECT_EQ(harness.error_count("upgrade: HTTP 503"), 25u);
  EXPECT_EQ(harness.results().errors.size(), 1u);
  EXPECT_EQ(total.connects, 10u);
  EXPECT_EQ(total.disconnects, 0u);
  EXPECT_EQ(total.lost, 0u);
}

TEST(LoadWorkerFaults, AServerThatIsNotThereRefuses) {
  Harness harness({.server_listens = false});
  harness.turn_for(seconds(1));
  harness.close();
  EXPECT_GE(harness.error_count("connect: Connection refused"), 100u);
  EXPECT_EQ(harness.results().errors.size(), 1u);
  EXPECT_EQ(harness.results().total.connects, 0u);
}

TEST(LoadWorkerFaults, AServerThatSaysNothingTimesOut) {
  Harness harness({.script = {.answers = false}});
  harness.turn_for(seconds(7));
  harness.close();
  // Twice within 7 seconds, for each of the ten.
  EXPECT_EQ(harness.error_count("connect: no answer in time"), 20u);
  EXPECT_EQ(harness.results().errors.size(), 1u);
}

TEST(LoadWorkerFaults, AHelloThatIsNotAnsweredTimesOut) {
  Harness harness({.plan = {{"target.hello", "hello"}, {"target.ready", "welcome"}},
                   .script = {.copies = [](std::uint32_t, std::string&) { return 0; }}});
  harness.turn_for(seconds(4));
  harness.close();
  EXPECT_EQ(harness.error_count("connect: no answer in time"), 10u);
}

TEST(LoadWorkerFaults, WhoIsToldToComeLaterIsADisconnectAndComesBack) {
  for (const char* framer : {"parley", "wslay"}) {
    PlanTexts plan = open_loop;
    plan["client.framer"] = framer;
    Harness harness({.plan = plan, .script = {.closes_one_in = 100}});
    const Counters& total = harness.run();
    EXPECT_GE(harness.deeds().closed, 15u);
    EXPECT_EQ(total.disconnects, harness.deeds().closed);
    EXPECT_EQ(total.connects, 10u + harness.deeds().closed);
    if (std::string_view(framer) == "parley") {
      EXPECT_EQ(harness.error_count("closed: 1013 busy"), harness.deeds().closed);
    }
    EXPECT_EQ(total.duplicates + total.reordered + total.leaks + total.damaged, 0u);
  }
}

TEST(LoadWorkerFaults, AServerThatStallsDoesNotLose) {
  Harness harness(
      {.plan = {{"load.mode", "open"}, {"load.rate", "100/s"}},
       .faults = [&](sim::FaultPlan& faults) { faults.set_rate(Fault::link_slow, 900'000); }});
  const Counters& total = harness.run();
  EXPECT_EQ(total.lost, 0u);
  EXPECT_EQ(total.deliveries, 5 * total.publications);
  EXPECT_GT(harness.results().latency.max(), milliseconds(100));
}

TEST(LoadWorkerFaults, SlowMembersReadAsMuchAsThePlanSays) {
  Harness harness({.plan = {{"load.mode", "open"},
                            {"load.rate", "200/s"},
                            {"load.payload", "1000"},
                            {"slow.share", "0.2"},
                            {"slow.bytes_per_second", "10kB"},
                            {"time.duration", "5s"}}});
  const Counters& total = harness.run();
  EXPECT_EQ(total.lost, 0u);
  EXPECT_EQ(total.disconnects, 0u);
  EXPECT_EQ(total.deliveries, 4 * total.publications);
  // Two of them, for 6 seconds, 10 messages a second.
  EXPECT_GT(total.slow_deliveries, 60u);
  // What has arrived by then comes with it: up to 64 messages each.
  EXPECT_LT(total.slow_deliveries, 250u);
}

TEST(LoadWorkerFaults, SlowMembersThatReadNothingDisturbNobody) {
  Harness harness({.plan = {{"load.mode", "open"},
                            {"load.rate", "200/s"},
                            {"load.payload", "1000"},
                            {"slow.share", "0.4"},
                            {"time.duration", "2s"}}});
  const Counters& total = harness.run();
  EXPECT_EQ(total.lost, 0u);
  EXPECT_EQ(total.disconnects, 0u);
  EXPECT_EQ(total.deliveries, 3 * total.publications);
}

TEST(LoadWorkerFaults, SlowMembersReadOnWhenAReceiveEndsByItself) {
  Harness harness({.plan = {{"load.mode", "open"},
                            {"load.rate", "200/s"},
                            {"load.payload", "1000"},
                            {"slow.share", "0.2"},
                            {"slow.bytes_per_second", "10kB"},
                            {"time.duration", "5s"}},
                   .faults = [](sim::FaultPlan& faults) {
                     faults.set_rate(Fault::multishot_ended, 1'000'000);
                   }});
  const Counters& total = harness.run();
  EXPECT_EQ(total.lost, 0u);
  EXPECT_GT(total.slow_deliveries, 60u);
  // What has arrived by then comes with it: up to 64 messages each.
  EXPECT_LT(total.slow_deliveries, 250u);
}

TEST(LoadWorkerFaults, AStormCutsSlowMembersToo) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    Harness harness({.plan = {{"connections.count", "100"},
                              {"rooms.members", "20"},
                              {"load.mode", "open"},
                              {"load.rate", "1000/s"},
                              {"load.payload", "500"},
                              {"slow.share", "0.6"},
                              {"slow.bytes_per_second", "50kB"},
                              {"storm.at", "100ms"},
                              {"time.duration", "200ms"}},
                     .seed = seed,
                     .faults = [](sim::FaultPlan& faults) {
                       faults.set_rate(Fault::completion_delayed, 500'000);
                       faults.set_rate(Fault::completion_reordered, 500'000);
                     }});
    EXPECT_EQ(harness.run().lost, 0u);
  }
}

class LoadWorkerSwarm : public testing::TestWithParam<std::uint64_t> {};

// What a ring may do at any time must not be seen in any count.
TEST_P(LoadWorkerSwarm, NothingThatARingMayDoIsAFault) {
  constexpr Fault ring_faults[] = {Fault::recv_cut,           Fault::recv_no_buffers,
                                   Fault::multishot_ended,    Fault::send_short,
                                   Fault::completion_delayed, Fault::completion_reordered,
                                   Fault::cancel_too_late,    Fault::link_slow};
  sim::Random random(GetParam());
  PlanTexts plan{{"load.mode", random.chance(500'000) ? "open" : "closed"},
                 {"load.rate", "300/s"},
                 {"load.payload", "33-3000"},
                 {"target.protocol", random.chance(500'000) ? "classic" : "ws-raw"},
                 {"client.framer", random.chance(500'000) ? "parley" : "wslay"},
                 {"client.wait", random.chance(300'000) ? "sweep" : "block"}};
  if (random.chance(500'000)) plan["churn.rate"] = "30/s";
  if (random.chance(500'000)) plan["slow.share"] = "0.2";
  if (random.chance(500'000)) plan["slow.bytes_per_second"] = "20kB";
  if (random.chance(500'000)) plan["storm.at"] = "200ms";
  Harness harness({.plan = plan, .seed = GetParam(), .faults = [&](sim::FaultPlan& faults) {
                     for (const Fault fault : ring_faults) {
                       if (random.chance(500'000)) faults.set_rate(fault, random.below(300'000));
                     }
                   }});
  const Counters& total = harness.run();
  EXPECT_EQ(total.lost, 0u);
  EXPECT_EQ(total.duplicates, 0u);
  EXPECT_EQ(total.reordered, 0u);
  EXPECT_EQ(total.leaks, 0u);
  EXPECT_EQ(total.damaged, 0u);
  EXPECT_EQ(total.disconnects, 0u);
  EXPECT_GT(total.deliveries, 0u);
  for (const auto& [kind, count] : harness.results().errors) {
    ADD_FAILURE() << count << " x " << kind;
  }
}

// Resets at any time: members come back, and nothing is left behind.
TEST_P(LoadWorkerSwarm, ResetsAreCountedAndSurvived) {
  sim::Random random(GetParam());
  PlanTexts plan{{"load.mode", random.chance(500'000) ? "open" : "closed"},
                 {"load.rate", "300/s"},
                 {"client.framer", random.chance(500'000) ? "parley" : "wslay"},
                 {"churn.rate", "20/s"},
                 {"slow.share", "0.2"},
                 {"slow.bytes_per_second", "5kB"},
                 {"storm.at", "300ms"}};
  Harness harness({.plan = plan, .seed = GetParam(), .faults = [&](sim::FaultPlan& faults) {
                     faults.set_rate(Fault::link_reset, 500);
                     faults.set_rate(Fault::send_failed, 500);
                     faults.set_rate(Fault::cancel_too_late, 300'000);
                     faults.set_rate(Fault::multishot_ended, random.below(100'000));
                     faults.set_rate(Fault::completion_delayed, random.below(50'000));
                     faults.set_rate(Fault::completion_reordered, random.below(300'000));
                   }});
  const Counters& total = harness.run();
  EXPECT_EQ(total.duplicates, 0u);
  EXPECT_EQ(total.leaks, 0u);
  EXPECT_EQ(total.damaged, 0u);
  EXPECT_GT(total.connects, 10u);
  EXPECT_GT(total.deliveries, 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, LoadWorkerSwarm, testing::Range<std::uint64_t>(1, 31));

}  // namespace
}  // namespace parley::loadgen
