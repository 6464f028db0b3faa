// Plans from texts: defaults, presets, what is refused alone and together.
#include "loadgen/plan/plan_options.h"

#include <gtest/gtest.h>

#include <set>

#include "loadgen/plan/protocols.h"

namespace parley::loadgen {
namespace {

Plan plan_of(const PlanTexts& texts) {
  PlanTexts effective;
  Result<Plan> plan = make_plan(texts, effective);
  EXPECT_TRUE(plan) << plan.error().message;
  return plan ? *plan : Plan{};
}

std::string error_of(const PlanTexts& texts) {
  PlanTexts effective;
  const Result<Plan> plan = make_plan(texts, effective);
  return plan ? "good" : plan.error().message;
}

TEST(PlanOptions, KeysAndFlagsAreUnique) {
  std::set<std::string_view> names;
  for (const PlanOption& option : plan_options()) {
    EXPECT_TRUE(names.insert(option.key).second) << option.key;
    EXPECT_TRUE(names.insert(option.flag).second) << option.flag;
    EXPECT_TRUE(option.flag.starts_with("--")) << option.flag;
    EXPECT_FALSE(option.description.empty()) << option.key;
  }
}

TEST(PlanOptions, DefaultsMakeAPlan) {
  const Plan plan = plan_of({});
  EXPECT_EQ(plan.urls, std::vector<std::string>{"ws://127.0.0.1:8080/ws"});
  EXPECT_EQ(plan.protocol, "classic");
  EXPECT_EQ(plan.connections, 1'000u);
  EXPECT_EQ(plan.members, 100u);
  EXPECT_EQ(plan.rooms(), 10u);
  EXPECT_EQ(plan.publishers_of_room(), 100u);
  EXPECT_EQ(plan.mode, LoadMode::closed);
  EXPECT_EQ(plan.depth, 16u);
  EXPECT_EQ(plan.warm_up, seconds(2));
  EXPECT_EQ(plan.duration, seconds(10));
  EXPECT_TRUE(plan.sender_hears);
  EXPECT_TRUE(plan.criteria.empty());
}

TEST(PlanOptions, WhatIsInEffectMakesTheSamePlanAgain) {
  for (const Protocol& protocol : protocols()) {
    PlanTexts first;
    ASSERT_TRUE(make_plan({{"target.protocol", std::string(protocol.name)}}, first));
    EXPECT_EQ(first.size(), plan_options().size());
    for (const PlanOption& option : plan_options()) {
      ASSERT_TRUE(first.contains(option.key)) << option.key;
    }
    PlanTexts second;
    ASSERT_TRUE(make_plan(first, second)) << protocol.name;
    EXPECT_EQ(first, second);
  }
}

TEST(PlanOptions, AProtocolFillsInWhatIsNotGiven) {
  for (const Protocol& protocol : protocols()) {
    const std::string name(protocol.name);
    const Plan plan = plan_of({{"target.protocol", name}});
    EXPECT_EQ(plan.hello, protocol.hello);
    EXPECT_EQ(plan.ready, protocol.ready);
    EXPECT_EQ(plan.message, protocol.message);
    EXPECT_EQ(plan.delivery, protocol.delivery);
    EXPECT_EQ(plan.error, protocol.error);
    EXPECT_EQ(plan.ping, protocol.ping);
    EXPECT_EQ(plan.pong, protocol.pong);
    const Plan own = plan_of(
        {{"target.protocol", name}, {"target.hello", "hi"}, {"target.message", "<{payload}>"}});
    EXPECT_EQ(own.hello, "hi");
    EXPECT_EQ(own.message, "<{payload}>");
    EXPECT_EQ(own.ready, protocol.ready);
    EXPECT_EQ(plan_of({{"target.protocol", name}, {"target.ready", ""}}).ready, "");
  }
}

TEST(PlanOptions, EveryOptionReachesThePlan) {
  const Plan plan = plan_of({{"title", "t"},
                             {"target.urls", "ws://a/,ws://b/"},
                             {"target.room_name", "r{index}"},
                             {"target.binary", "true"},
                             {"target.sender_hears", "false"},
                             {"connections.count", "10k"},
                             {"connections.ramp", "500/s"},
                             {"connections.in_progress_max", "7"},
                             {"connections.sources", "127.0.0.2,127.0.0.3"},
                             {"connections.timeout", "3s"},
                             {"rooms.members", "50"},
                             {"rooms.publishers", "5"},
                             {"slow.share", "10%"},
                             {"slow.bytes_per_second", "1KiB"},
                             {"churn.rate", "3/s"},
                             {"storm.at", "4s"},
                             {"storm.share", "0.5"},
                             {"load.mode", "open"},
                             {"load.depth", "3"},
                             {"load.rate", "9/s"},
                             {"load.arrivals", "poisson"},
                             {"load.payload", "99"},
                             {"time.warm_up", "1s"},
                             {"time.duration", "5s"},
                             {"time.drain", "6s"},
                             {"client.workers", "3"},
                             {"client.cores", "1,2"},
                             {"client.wait", "sweep"},
                             {"client.sweep", "5us"},
                             {"client.framer", "wslay"},
                             {"client.seed", "12"},
                             {"client.lag_max", "8ms"},
                             {"criteria", "loss == 0"}});
  EXPECT_EQ(plan.urls.size(), 2u);
  EXPECT_TRUE(plan.binary);
  EXPECT_FALSE(plan.sender_hears);
  EXPECT_EQ(plan.connections, 10'000u);
  EXPECT_DOUBLE_EQ(plan.ramp, 500);
  EXPECT_EQ(plan.in_progress_max, 7u);
  EXPECT_EQ(plan.sources.size(), 2u);
  EXPECT_EQ(plan.connect_timeout, seconds(3));
  EXPECT_EQ(plan.rooms(), 200u);
  EXPECT_EQ(plan.publishers_of_room(), 5u);
  EXPECT_DOUBLE_EQ(plan.slow_share, 0.1);
  EXPECT_DOUBLE_EQ(plan.slow_bytes_per_s, 1'024);
  EXPECT_DOUBLE_EQ(plan.churn, 3);
  EXPECT_EQ(plan.storm_at, seconds(4));
  EXPECT_DOUBLE_EQ(plan.storm_share, 0.5);
  EXPECT_EQ(plan.mode, LoadMode::open);
  EXPECT_EQ(plan.depth, 3u);
  EXPECT_DOUBLE_EQ(plan.rate.highest(), 9);
  EXPECT_EQ(plan.arrivals, Arrivals::poisson);
  EXPECT_EQ(plan.payload.largest(), 99u);
  EXPECT_EQ(plan.drain, seconds(6));
  EXPECT_EQ(plan.workers, 3u);
  EXPECT_EQ(plan.cores, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(plan.wait, WaitMode::sweep);
  EXPECT_EQ(plan.sweep, microseconds(5));
  EXPECT_EQ(plan.framer, FramerKind::wslay);
  EXPECT_EQ(plan.seed, 12u);
  EXPECT_EQ(plan.lag_max, milliseconds(8));
  EXPECT_EQ(plan.criteria.size(), 1u);
}

TEST(PlanOptions, ABadValueIsNamedWithItsKey) {
  const std::pair<const char*, const char*> bad[] = {{"target.protocol", "mqtt"},
                                                     {"target.binary", "yes"},
                                                     {"connections.count", "many"},
                                                     {"connections.count", "10000001"},
                                                     {"connections.ramp", "fast"},
                                                     {"connections.in_progress_max", "0"},
                                                     {"connections.timeout", "30"},
                                                     {"rooms.members", "0"},
                                                     {"rooms.publishers", "300k"},
                                                     {"slow.share", "2"},
                                                     {"slow.bytes_per_second", "1/s"},
                                                     {"slow.bytes_per_second", "5GB"},
                                                     {"load.mode", "both"},
                                                     {"load.depth", "5000"},
                                                     {"load.rate", "1000"},
                                                     {"load.payload", "10"},
                                                     {"client.workers", "513"},
                                                     {"client.cores", "1-3"},
                                                     {"client.cores", "1024"},
                                                     {"client.framer", "ws"},
                                                     {"criteria", "p99"}};
  for (const auto& [key, text] : bad) {
    EXPECT_TRUE(error_of({{key, text}}).starts_with(key)) << key << ": " << error_of({{key, text}});
  }
}

TEST(PlanOptions, SpacesAroundItemsOfAListDoNotCount) {
  const Plan plan = plan_of({{"target.urls", " ws://a/ , ws://b/"}, {"client.cores", "1, 2"}});
  EXPECT_EQ(plan.urls, (std::vector<std::string>{"ws://a/", "ws://b/"}));
  EXPECT_EQ(plan.cores, (std::vector<std::uint32_t>{1, 2}));
}

TEST(PlanOptions, AnUnknownKeyIsNamed) {
  EXPECT_EQ(error_of({{"rooms.size", "5"}}), "rooms.size is not an option of a plan");
}

TEST(PlanOptions, WhatDoesNotFitTogetherIsRefused) {
  EXPECT_NE(error_of({{"target.urls", ""}}), "good");
  EXPECT_NE(error_of({{"connections.count", "0"}}), "good");
  EXPECT_NE(error_of({{"target.message", "no place"}}), "good");
  EXPECT_NE(error_of({{"target.message", "{payload}{member}"}}), "good");
  EXPECT_NE(error_of({{"time.duration", "0"}}), "good");
  EXPECT_NE(error_of({{"storm.at", "11s"}}), "good");
  EXPECT_EQ(error_of({{"storm.at", "10s"}}), "good");
  EXPECT_NE(error_of({{"client.wait", "sweep"}, {"client.sweep", "0"}}), "good");
  EXPECT_EQ(error_of({{"client.sweep", "0"}}), "good");
  EXPECT_EQ(error_of({{"rooms.members", "5"}, {"rooms.publishers", "6"}}),
            "rooms.publishers must be at most rooms.members, which is 5");
  EXPECT_EQ(error_of({{"rooms.members", "5"}, {"rooms.publishers", "5"}}), "good");
}

TEST(PlanOptions, RoomsOfWhichEverybodyPublishesMustFitIntoMemory) {
  const PlanTexts all{{"connections.count", "100k"}, {"rooms.members", "100k"}};
  EXPECT_NE(error_of(all).find("rooms.publishers"), std::string::npos);
  PlanTexts one = all;
  one["rooms.publishers"] = "1";
  EXPECT_EQ(error_of(one), "good");
  PlanTexts idle = all;
  idle["load.mode"] = "idle";
  EXPECT_EQ(error_of(idle), "good");
  // A room is no larger than there are connections.
  EXPECT_EQ(error_of({{"connections.count", "10"}, {"rooms.members", "1M"}}), "good");
  EXPECT_EQ(plan_of({{"connections.count", "10"}, {"rooms.members", "1M"}}).publishers_of_room(),
            10u);
}

}  // namespace
}  // namespace parley::loadgen
