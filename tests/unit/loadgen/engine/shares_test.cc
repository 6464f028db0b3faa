// Every member of a run belongs to exactly one worker.
#include "loadgen/engine/shares.h"

#include <gtest/gtest.h>

#include <set>

#include "loadgen/truth/random.h"

namespace parley::loadgen {
namespace {

Plan plan_of(std::uint64_t connections, std::uint32_t members) {
  Plan plan;
  plan.connections = connections;
  plan.members = members;
  return plan;
}

constexpr std::uint32_t no_limit = 1u << 20;

// Checks that the shares have every member of the plan once, and say so.
void expect_complete(const Plan& plan, const std::vector<WorkerShare>& shares) {
  std::set<std::uint64_t> seen;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const WorkerShare& share = shares[i];
    ASSERT_EQ(share.index, i);
    ASSERT_EQ(share.count, shares.size());
    std::uint64_t connections = 0;
    for (const RoomShare& room : share.rooms) {
      ASSERT_LT(room.room, plan.rooms());
      ASSERT_GT(room.members, 0u);
      ASSERT_LE(room.first_member + room.members, room.room_members);
      ASSERT_TRUE(!share.rooms_are_whole || room.members == room.room_members);
      connections += room.members;
      for (std::uint32_t k = 0; k < room.members; ++k) {
        const std::uint64_t member =
            std::uint64_t{room.room} * plan.members + room.first_member + k;
        ASSERT_TRUE(seen.insert(member).second) << "member " << member << " is dealt twice";
      }
    }
    ASSERT_EQ(connections, share.connections);
  }
  ASSERT_EQ(seen.size(), plan.connections);
  ASSERT_EQ(*seen.rbegin(), plan.connections - 1);
}

TEST(Shares, EveryMemberIsDealtExactlyOnce) {
  std::uint64_t random = 1;
  for (int i = 0; i < 500; ++i) {
    const std::uint64_t connections = 1 + next_random(random) % 700;
    const auto members = static_cast<std::uint32_t>(1 + next_random(random) % 200);
    const auto workers = static_cast<std::uint32_t>(1 + next_random(random) % 12);
    const Plan plan = plan_of(connections, members);
    const Result<std::vector<WorkerShare>> shares = deal(plan, workers, no_limit);
    ASSERT_TRUE(shares);
    ASSERT_EQ(shares->size(), workers);
    expect_complete(plan, *shares);
    if (HasFatalFailure()) {
      FAIL() << connections << " in rooms of " << members << " over " << workers;
    }
  }
}

TEST(Shares, RoomsAreWholeWhereTheyFit) {
  EXPECT_TRUE(deal(plan_of(1'000, 100), 4, no_limit)->front().rooms_are_whole);
  EXPECT_TRUE(deal(plan_of(1'000, 1'000), 1, no_limit)->front().rooms_are_whole);
  EXPECT_TRUE(deal(plan_of(1'000, 100), 10, 100)->front().rooms_are_whole);
}

TEST(Shares, RoomsAreSpreadWhereTheyDoNotFit) {
  // Fewer rooms than workers, or more in the busiest worker than it holds.
  for (const auto& [plan, workers, limit] :
       {std::tuple{plan_of(1'000, 1'000), 4u, no_limit},
        std::tuple{plan_of(500, 100), 8u, no_limit}, std::tuple{plan_of(500, 100), 4u, 125u}}) {
    const Result<std::vector<WorkerShare>> shares = deal(plan, workers, limit);
    ASSERT_TRUE(shares);
    for (const WorkerShare& share : *shares) {
      EXPECT_FALSE(share.rooms_are_whole);
      EXPECT_LE(share.connections, limit);
    }
    expect_complete(plan, *shares);
  }
}

TEST(Shares, SpreadRoomsAreOfAboutTheSameSizeEverywhere) {
  const Result<std::vector<WorkerShare>> shares = deal(plan_of(10'003, 10'003), 4, no_limit);
  ASSERT_TRUE(shares);
  for (const WorkerShare& share : *shares) {
    EXPECT_GE(share.connections, 2'500u);
    EXPECT_LE(share.connections, 2'501u);
  }
}

TEST(Shares, TooManyConnectionsNameTheWorkersThatWouldDo) {
  const Result<std::vector<WorkerShare>> shares = deal(plan_of(1'000, 10), 3, 100);
  ASSERT_FALSE(shares);
  EXPECT_NE(shares.error().message.find("--workers 10"), std::string::npos)
      << shares.error().message;
  EXPECT_TRUE(deal(plan_of(1'000, 10), 10, 100));
}

TEST(Shares, AsManyWorkersAsAreNeededAreEnough) {
  std::uint64_t random = 2;
  for (int i = 0; i < 500; ++i) {
    const Plan plan = plan_of(1 + next_random(random) % 5'000,
                              static_cast<std::uint32_t>(1 + next_random(random) % 300));
    const auto limit = static_cast<std::uint32_t>(1 + next_random(random) % 400);
    const std::uint32_t workers = workers_needed(plan, limit);
    ASSERT_TRUE(deal(plan, workers, limit))
        << plan.connections << " in rooms of " << plan.members << ", " << limit << " each";
  }
  EXPECT_EQ(workers_needed(plan_of(100, 10), no_limit), 1u);
}

TEST(Shares, WorkersThatHavePublishersAreNumbered) {
  Plan plan = plan_of(1'000, 1'000);
  plan.publishers = 300;
  const Result<std::vector<WorkerShare>> shares = deal(plan, 4, no_limit);
  ASSERT_TRUE(shares);
  for (std::uint32_t i = 0; i < 2; ++i) {
    EXPECT_EQ((*shares)[i].publishing_index, i);
    EXPECT_EQ((*shares)[i].publishing_count, 2u);
    EXPECT_EQ((*shares)[2 + i].publishing_count, 0u);
  }
  const Result<std::vector<WorkerShare>> whole = deal(plan_of(1'000, 100), 4, no_limit);
  ASSERT_TRUE(whole);
  for (const WorkerShare& share : *whole) {
    EXPECT_EQ(share.publishing_index, share.index);
    EXPECT_EQ(share.publishing_count, 4u);
  }
}

TEST(Shares, ALimitOfOpenFilesThatIsMuchTooLowIsAnError) {
  Plan plan;
  plan.connections = 10'000'000;
  plan.members = 100;
  const Result<std::vector<WorkerShare>> none = deal(plan, workers_needed(plan, 0), 0);
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("ulimit -n"), std::string::npos);
  const Result<std::vector<WorkerShare>> few = deal(plan, workers_needed(plan, 2), 2);
  ASSERT_FALSE(few);
  EXPECT_NE(few.error().message.find("ulimit -n"), std::string::npos);
}

}  // namespace
}  // namespace parley::loadgen
