// Who hears of whom: userJoin, userLeave, userCount.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/unit/core/chat/chat_harness.h"

namespace parley::core {
namespace {

TEST(Presence, TellsTheOthersWhoCameAndWent) {
  for (std::uint16_t worker = 0; worker < 3; ++worker) {
    Chat chat({.config = unlimited()});
    const ClientIndex witness = chat.connect(0, user_named("witness"));
    chat.enter(witness, "general");
    const ClientIndex alice = chat.connect(worker, user_named("alice"));
    chat.take(alice);
    chat.say(alice, {{"type", "joinRoom"}, {"room", "general"}});
    chat.settle();
    const Json user{{"id", "user:alice"}, {"username", "alice"}};
    EXPECT_EQ(chat.take(witness),
              (std::vector<Json>{
                  {{"type", "userJoin"}, {"room", "general"}, {"user", user}, {"userCount", 2}}}));
    EXPECT_TRUE(chat.take(alice, "userJoin").empty());  // Nobody hears of itself.
    chat.close(alice);
    chat.settle();
    EXPECT_EQ(chat.take(witness),
              (std::vector<Json>{
                  {{"type", "userLeave"}, {"room", "general"}, {"user", user}, {"userCount", 1}}}));
  }
}

TEST(Presence, TellsOfAUserWithTwoConnectionsOnce) {
  Chat chat({.config = unlimited()});
  const ClientIndex witness = chat.connect(0, user_named("witness"));
  chat.enter(witness, "general");
  const ClientIndex laptop = chat.connect(1, user_named("alice"));
  const ClientIndex phone = chat.connect(2, user_named("alice"));
  chat.enter(laptop, "general");
  chat.enter(phone, "general");
  EXPECT_EQ(chat.take(witness, "userJoin").size(), 1u);
  chat.say(witness, {{"type", "online"}, {"room", "general"}});
  chat.settle();
  const Json online = chat.take_one(witness, "online");
  EXPECT_EQ(online["count"], 3);
  EXPECT_EQ(online["users"].size(), 2u);
  chat.close(laptop);
  chat.settle();
  EXPECT_TRUE(chat.take(witness).empty());  // She is still there.
  chat.close(phone);
  chat.settle();
  EXPECT_EQ(chat.take(witness, "userLeave").size(), 1u);
}

TEST(Presence, NamesGuestsWithAndWithoutNamesOfTheirOwnAndUsers) {
  Chat chat({.config = unlimited()});
  const ClientIndex nameless = chat.connect_guest(0);
  const ClientIndex named = chat.connect_guest(1);
  chat.say(named, {{"type", "auth"}, {"user", {{"username", "\"Zo\u00eb\""}}}});
  const ClientIndex user = chat.connect(2, user_named("guest-0002"));
  const ClientIndex another = chat.connect_guest(0);
  for (const ClientIndex client : {nameless, named, user, another}) chat.enter(client, "general");
  chat.say(user, {{"type", "online"}, {"room", "general"}});
  chat.settle();
  EXPECT_EQ(chat.take_one(user, "online")["users"],
            (Json::array(
                {{{"id", "guest:0000000000000"}, {"username", "guest-0000"}, {"guest", true}},
                 {{"id", "guest:0000000000001"}, {"username", "\"Zo\u00eb\""}, {"guest", true}},
                 {{"id", "user:guest-0002"}, {"username", "guest-0002"}},
                 {{"id", "guest:0000000000003"}, {"username", "guest-0003"}, {"guest", true}}})));
  chat.forget_all();
  chat.close(another);
  chat.close(named);
  chat.settle();
  const std::vector<Json> left = chat.take(user, "userLeave");
  ASSERT_EQ(left.size(), 2u);
  std::set<std::string> names{left[0]["user"]["username"], left[1]["user"]["username"]};
  EXPECT_EQ(names, (std::set<std::string>{"guest-0003", "\"Zo\u00eb\""}));
}

TEST(Presence, NamesUsersWithTheLongestIdsAndNames) {
  Chat chat({.config = unlimited()});
  std::string name;
  while (name.size() < name_bytes_max) name += "\u00eb";
  Json users = Json::array();
  std::vector<ClientIndex> clients;
  for (std::uint16_t worker = 0; worker < 3; ++worker) {
    Identity user{.id = std::string(id_bytes_max, 'x'), .name = name, .guest = false};
    user.id.back() = static_cast<char>('0' + worker);
    users.push_back({{"id", user.id}, {"username", user.name}});
    for (int i = 0; i < 2; ++i) {
      clients.push_back(chat.connect(worker, user));
      chat.enter(clients.back(), "general");
    }
  }
  EXPECT_EQ(chat.take(clients[0], "userJoin").size(), 2u);
  chat.say(clients[0], {{"type", "online"}, {"room", "general"}});
  chat.settle();
  EXPECT_EQ(chat.take_one(clients[0], "online")["users"], users);
  chat.close(clients[2]);
  chat.close(clients[4]);
  chat.close(clients[3]);
  chat.settle();
  const std::vector<Json> left = chat.take(clients[0], "userLeave");
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0]["user"], users[1]);
}

TEST(Presence, OfGuestsOfOneNameTellsThemApart) {
  Chat chat({.config = unlimited()});
  const ClientIndex witness = chat.connect_guest(0);
  chat.enter(witness, "general");
  for (std::uint16_t worker = 0; worker < 3; ++worker) {
    const ClientIndex guest = chat.connect_guest(worker);
    chat.say(guest, {{"type", "auth"}, {"user", {{"username", "same"}}}});
    chat.enter(guest, "general");
  }
  EXPECT_EQ(chat.take(witness, "userJoin").size(), 3u);
}

class LargeRoom : public testing::Test {
 protected:
  static constexpr std::uint32_t presence_members_max = 5;

  static HubConfig config() {
    HubConfig config = unlimited();
    config.presence_members_max = presence_members_max;
    return config;
  }

  // Guests enter until `count` are in.
  void fill(std::size_t count) {
    while (clients_.size() < count) {
      clients_.push_back(chat_.connect_guest(static_cast<std::uint16_t>(clients_.size() % 3)));
      chat_.enter(clients_.back(), "general");
    }
  }
  void tick_after(Duration duration) {
    chat_.pass_time(duration);
    chat_.tick();
    chat_.settle();
  }

  Chat chat_{{.config = config()}};
  std::vector<ClientIndex> clients_;
};

TEST_F(LargeRoom, TellsNamesUpToTheBoundAndItsSizeBeyond) {
  fill(presence_members_max);
  EXPECT_EQ(chat_.take(clients_[0], "userJoin").size(), presence_members_max - 1);
  tick_after(seconds(2));
  EXPECT_TRUE(chat_.take(clients_[0]).empty());
  fill(presence_members_max + 3);
  EXPECT_TRUE(chat_.take(clients_[0]).empty());  // Not before the next tick.
  tick_after(seconds(2));
  for (const ClientIndex client : clients_) {
    const std::vector<Json> heard = chat_.take(client);
    ASSERT_FALSE(heard.empty());
    EXPECT_EQ(
        heard.back(),
        (Json{{"type", "userCount"}, {"room", "general"}, {"count", presence_members_max + 3}}));
  }
}

TEST_F(LargeRoom, TellsItsSizeOnceASecondAtMost) {
  fill(presence_members_max + 1);
  tick_after(seconds(2));
  chat_.forget_all();
  for (int i = 0; i < 10; ++i) {
    fill(clients_.size() + 1);
    tick_after(milliseconds(200));
  }
  const std::vector<Json> told = chat_.take(clients_[0], "userCount");
  ASSERT_EQ(told.size(), 2u);  // In two seconds.
  EXPECT_EQ(told.back()["count"], presence_members_max + 11);
  tick_after(seconds(2));
  EXPECT_TRUE(chat_.take(clients_[0]).empty());  // Nothing changed.
}

TEST_F(LargeRoom, TellsNamesAgainWhenItIsSmallAgain) {
  fill(presence_members_max + 2);
  tick_after(seconds(2));
  chat_.forget_all();
  const auto leave = [this](std::size_t client) {
    chat_.close(clients_[client]);
    chat_.settle();
  };
  leave(1);  // 6 are left.
  EXPECT_TRUE(chat_.take(clients_[0]).empty());
  leave(2);  // 5 are left: they were too many until now.
  EXPECT_TRUE(chat_.take(clients_[0]).empty());
  tick_after(seconds(2));
  EXPECT_EQ(chat_.take_one(clients_[0], "userCount")["count"], 5);
  leave(3);
  const Json left = chat_.take_one(clients_[0], "userLeave");
  EXPECT_EQ(left["user"]["id"], "guest:0000000000003");
  EXPECT_EQ(left["userCount"], 4);
}

TEST_F(LargeRoom, NamesEverybodyWhenItIsSmallAgain) {
  fill(presence_members_max + 4);
  for (const std::size_t client : {0u, 1u, 2u, 3u, 4u}) chat_.close(clients_[client]);
  chat_.settle();          // 4 are left, and none of them was on the roster.
  tick_after(seconds(1));  // Their workers are asked, and answer.
  tick_after(seconds(1));
  const ClientIndex witness = clients_.back();
  EXPECT_EQ(chat_.take(witness, "userCount").back()["count"], 4);
  chat_.forget_all();
  chat_.say(witness, {{"type", "online"}, {"room", "general"}});
  chat_.settle();
  const Json online = chat_.take_one(witness, "online");
  EXPECT_EQ(online["count"], 4);
  EXPECT_EQ(online["users"].size(), 4u);
  chat_.close(clients_[5]);
  chat_.settle();
  EXPECT_EQ(chat_.take_one(witness, "userLeave")["user"]["id"], "guest:0000000000005");
}

TEST_F(LargeRoom, NamesEverybodyAfterGrowingAndShrinkingAgainAndAgain) {
  for (std::size_t round = 0; round < 4; ++round) {
    fill(clients_.size() + 5);
    for (std::size_t i = 0; i < 5; ++i) {
      chat_.close(clients_[0]);
      clients_.erase(clients_.begin());
      if (i % 2 == round % 2) chat_.settle();
    }
    fill(presence_members_max - 1);
    tick_after(seconds(1));
    tick_after(seconds(1));
    chat_.forget_all();
    chat_.say(clients_.back(), {{"type", "online"}, {"room", "general"}});
    chat_.settle();
    EXPECT_EQ(chat_.take_one(clients_.back(), "online")["users"].size(), clients_.size());
  }
}

TEST(Presence, OfManyLargeRoomsTakesTurns) {
  HubConfig config = unlimited();
  config.presence_members_max = 1;
  config.sizes_told_per_second_max = 1;
  Chat chat({.config = config, .workers = 1});
  const ClientIndex witness = chat.connect_guest(0);
  const ClientIndex other = chat.connect_guest(0);
  for (const char* room : {"one", "two", "three"}) {
    chat.enter(witness, room);
    chat.enter(other, room);
  }
  chat.forget_all();
  std::set<std::string> told;
  for (std::size_t second = 1; second <= 3; ++second) {
    chat.pass_time(seconds(1));
    chat.tick();
    chat.settle();
    for (const Json& size : chat.take(witness, "userCount")) told.insert(size["room"]);
    EXPECT_EQ(told.size(), second);
  }
}

TEST_F(LargeRoom, NamesNoMoreMembersThanTheBound) {
  fill(presence_members_max + 4);
  chat_.forget_all();
  chat_.say(clients_[0], {{"type", "online"}, {"room", "general"}});
  chat_.settle();
  const Json online = chat_.take_one(clients_[0], "online");
  EXPECT_EQ(online["count"], presence_members_max + 4);
  EXPECT_EQ(online["users"].size(), presence_members_max);
}

TEST_F(LargeRoom, ThatEmptiesBeforeItsSizeWasToldIsForgottenAllTheSame) {
  std::vector<ClientIndex> clients;
  for (std::uint16_t i = 0; i < presence_members_max + 2; ++i) {
    clients.push_back(chat_.connect_guest(static_cast<std::uint16_t>(i % 3)));
    chat_.enter(clients.back(), "brief");
  }
  const std::uint64_t rooms = chat_.total().rooms_home;
  for (const ClientIndex client : clients) chat_.close(client);
  chat_.settle();
  tick_after(seconds(2));
  EXPECT_EQ(chat_.total().rooms_home, rooms - 1);
  EXPECT_EQ(chat_.total().rooms_edge, 0u);
}

}  // namespace
}  // namespace parley::core
