#include "core/rooms/roster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace parley::core {
namespace {

RoomMember member(std::uint32_t slot, std::uint32_t generation, std::uint16_t worker) {
  return {.conn = {slot, generation}, .worker = WorkerId{worker}};
}

std::vector<std::string> listed(const Roster& roster) {
  std::vector<std::string_view> users;
  roster.list(users);
  return {users.begin(), users.end()};
}

using Users = std::vector<std::string>;

TEST(Roster, BeginsEmpty) {
  Roster roster;
  EXPECT_EQ(roster.size(), 0u);
  EXPECT_FALSE(roster.has(member(1, 1, 0)));
  EXPECT_FALSE(roster.has_user("ada"));
  EXPECT_EQ(roster.take(member(1, 1, 0)), "");
  EXPECT_EQ(listed(roster), Users{});
}

TEST(Roster, TellsMembersApartByConnectionAndWorker) {
  Roster roster;
  roster.add(member(1, 1, 0), "ada");
  EXPECT_TRUE(roster.has(member(1, 1, 0)));
  EXPECT_FALSE(roster.has(member(1, 2, 0)));
  EXPECT_FALSE(roster.has(member(2, 1, 0)));
  EXPECT_FALSE(roster.has(member(1, 1, 1)));
}

TEST(Roster, ListsUsersAsTheyCame) {
  Roster roster;
  roster.add(member(1, 1, 0), "ada");
  roster.add(member(2, 1, 0), "");
  roster.add(member(3, 1, 0), "bo");
  EXPECT_EQ(listed(roster), (Users{"ada", "", "bo"}));
  EXPECT_EQ(roster.take(member(1, 1, 0)), "ada");
  EXPECT_EQ(listed(roster), (Users{"", "bo"}));
}

TEST(Roster, ListsAUserOnceUntilItsLastMemberHasGone) {
  Roster roster;
  roster.add(member(1, 1, 0), "ada");
  roster.add(member(2, 1, 0), "bo");
  roster.add(member(3, 1, 0), "ada");
  roster.add(member(4, 1, 0), "ada");
  EXPECT_EQ(listed(roster), (Users{"ada", "bo"}));
  EXPECT_EQ(roster.take(member(1, 1, 0)), "ada");
  EXPECT_EQ(listed(roster), (Users{"bo", "ada"}));
  EXPECT_EQ(roster.take(member(4, 1, 0)), "ada");
  EXPECT_TRUE(roster.has_user("ada"));
  EXPECT_EQ(roster.take(member(3, 1, 0)), "ada");
  EXPECT_FALSE(roster.has_user("ada"));
  EXPECT_EQ(listed(roster), (Users{"bo"}));
}

TEST(Roster, TakesAMemberWhoIsThereTwiceAsWhomItCameFirst) {
  Roster roster;
  roster.add(member(1, 1, 0), "alice");
  roster.add(member(2, 1, 0), "ada");
  roster.add(member(1, 1, 0), "bob");
  EXPECT_EQ(roster.size(), 3u);
  EXPECT_EQ(roster.take(member(1, 1, 0)), "alice");
  EXPECT_TRUE(roster.has(member(1, 1, 0)));
  EXPECT_EQ(listed(roster), (Users{"ada", "bob"}));
  EXPECT_EQ(roster.take(member(1, 1, 0)), "bob");
  EXPECT_FALSE(roster.has(member(1, 1, 0)));
}

TEST(Roster, KeepsTheLongestUser) {
  Roster roster;
  const std::string longest(Roster::user_bytes_max, 'x');
  roster.add(member(1, 1, 0), longest);
  roster.add(member(2, 1, 0), "ada");
  EXPECT_EQ(listed(roster), (Users{longest, "ada"}));
  EXPECT_EQ(roster.take(member(1, 1, 0)), longest);
}

TEST(RosterDeathTest, RefusesAUserThatIsLonger) {
  Roster roster;
  const std::string longer(Roster::user_bytes_max + 1, 'x');
  EXPECT_DEATH(roster.add(member(1, 1, 0), longer), "CHECK failed");
}

// A roster that does everything the slow way.
struct Model {
  struct Entry {
    RoomMember member;
    std::string user;
  };
  std::vector<Entry> entries;  // As they came; a user is listed where its first entry stands.

  [[nodiscard]] Users listed() const {
    Users users;
    for (const Entry& entry : entries) {
      if (std::ranges::find(users, entry.user) == users.end()) users.push_back(entry.user);
    }
    return users;
  }
};

TEST(Roster, AgreesWithAModel) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    std::mt19937_64 random(seed);
    Roster roster;
    Model model;
    for (int step = 0; step < 4'000; ++step) {
      // It fills for a while and empties for a while.
      const std::uint32_t slots = step / 500 % 2 == 0 ? 60 : 5;
      const RoomMember who = member(static_cast<std::uint32_t>(random() % slots), 1,
                                    static_cast<std::uint16_t>(random() % 2));
      const auto known = std::ranges::find(model.entries, who, &Model::Entry::member);
      ASSERT_EQ(roster.has(who), known != model.entries.end());
      if (known == model.entries.end()) {
        const std::string user(random() % 90, static_cast<char>('a' + random() % 3));
        roster.add(who, user);
        model.entries.push_back({who, user});
      } else {
        ASSERT_EQ(roster.take(who), known->user);
        model.entries.erase(known);
      }
      ASSERT_EQ(roster.size(), model.entries.size());
      ASSERT_EQ(listed(roster), model.listed());
    }
  }
}

}  // namespace
}  // namespace parley::core
