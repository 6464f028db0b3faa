// What a session with a limit that holds across workers does arrives in the order in which it did
// it: docs/decisions/0007.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/core/chat/chat_harness.h"

namespace parley::core {
namespace {

// Everything goes round by the homes of an address and of a user, and nothing is refused.
HubConfig gated() {
  HubConfig config = unlimited();
  config.user_messages = {.burst = 1'000'000, .window = seconds(1)};
  config.address_messages = {.burst = 1'000'000, .window = seconds(1)};
  return config;
}

Json say_in(std::string_view room) {
  return {{"type", "message"}, {"room", room}, {"message", "bye"}};
}
Json join_of(std::string_view room) {
  return {{"type", "joinRoom"}, {"room", room}};
}
Json leave_of(std::string_view room) {
  return {{"type", "leaveRoom"}, {"room", room}};
}

std::vector<std::string> types_of(const std::vector<Json>& heard) {
  std::vector<std::string> types;
  for (const Json& event : heard) types.push_back(event["type"]);
  return types;
}

enum class Exit : std::uint8_t { leaves, closes };

void go(Chat& chat, ClientIndex client, std::string_view room, Exit exit) {
  if (exit == Exit::closes) return chat.close(client);
  chat.say(client, leave_of(room));
}

TEST(Gates, LetAMessageArriveBeforeTheLeaveBehindIt) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Chat chat({.config = gated(), .workers = 4, .seed = seed});
    for (const Exit exit : {Exit::leaves, Exit::closes}) {
      const ClientIndex witness = chat.connect(1, user_named("witness"));
      const ClientIndex alice = chat.connect(0, user_named("alice" + std::to_string(seed)));
      const std::string room = chat.room_at(static_cast<std::uint16_t>(seed % 4), "room");
      chat.enter(witness, room);
      chat.enter(alice, room);
      chat.forget_all();
      chat.say(alice, say_in(room));
      go(chat, alice, room, exit);
      chat.settle();
      EXPECT_EQ(types_of(chat.take(witness)), (std::vector<std::string>{"message", "userLeave"}))
          << seed;
      chat.close(witness);
      chat.settle();
    }
  }
}

TEST(Gates, LoseNoMessageOfWhoLeavesAtOnceAsTheLastOne) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Chat chat({.config = gated(), .workers = 4, .seed = seed});
    for (const Exit exit : {Exit::leaves, Exit::closes}) {
      const ClientIndex alice = chat.connect(0, user_named("alice" + std::to_string(seed)));
      const std::string room =
          chat.room_at(static_cast<std::uint16_t>(seed % 4), exit == Exit::leaves ? "a" : "b");
      chat.enter(alice, room);
      chat.say(alice, say_in(room));
      go(chat, alice, room, exit);
      chat.settle();
      const ClientIndex bob = chat.connect(2, user_named("bob"));
      chat.say(bob, join_of(room));
      chat.settle();
      EXPECT_EQ(chat.take_one(bob, "history")["messages"].size(), 1u) << seed;
    }
  }
}

TEST(Gates, KeepALeaveInFrontOfTheJoinBehindIt) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    HubConfig config = gated();
    config.members_per_room_max = 2;  // Full: only who has left it finds room.
    Chat chat({.config = config, .workers = 4, .seed = seed});
    const std::string room = chat.room_at(static_cast<std::uint16_t>(seed % 4), "room");
    const ClientIndex witness = chat.connect(1, user_named("witness"));
    const ClientIndex alice = chat.connect(0, user_named("alice" + std::to_string(seed)));
    chat.enter(witness, room);
    chat.enter(alice, room);
    chat.forget_all();
    for (int i = 0; i < 3; ++i) {
      chat.say(alice, leave_of(room));
      chat.say(alice, join_of(room));
      if (i == 1) {  // And once more, before the home has answered.
        chat.say(alice, leave_of(room));
        chat.say(alice, join_of(room));
      }
      chat.settle();
      const std::vector<Json> heard = chat.take(alice);
      ASSERT_GE(heard.size(), 3u);
      EXPECT_TRUE(heard.end()[-2]["type"] == "roomJoined") << Json(heard);
      EXPECT_EQ(heard.end()[-2]["userCount"], 2);
      EXPECT_EQ(heard.end()[-2]["users"].size(), 2u);
      int present = 1;
      for (const Json& event : chat.take(witness)) {
        present += event["type"] == "userJoin" ? 1 : -1;
        EXPECT_EQ(event["userCount"], 1 + present);
      }
      EXPECT_EQ(present, 1);
      chat.check_invariants();
    }
    EXPECT_EQ(chat.total().errors_told, 0u);
    EXPECT_EQ(chat.total().memberships, 2u);
  }
}

TEST(Gates, TakeTokensForMessagesAlone) {
  HubConfig config = gated();
  config.user_messages = {.burst = 1, .window = seconds(30)};
  Chat chat({.config = config});
  const ClientIndex witness = chat.connect_guest(1);
  const ClientIndex alice = chat.connect(0, user_named("alice"));
  chat.enter(witness, "general");
  chat.enter(alice, "general");
  chat.forget_all();
  chat.say(alice, {{"type", "typing"}, {"room", "general"}});
  chat.say(alice, say_in("general"));
  chat.say(alice, say_in("general"));  // One too many.
  chat.say(alice, {{"type", "typing"}, {"room", "general"}});
  chat.say(alice, leave_of("general"));
  chat.settle();
  EXPECT_EQ(types_of(chat.take(witness)),
            (std::vector<std::string>{"typing", "message", "typing", "userLeave"}));
  chat.say(alice, join_of("general"));
  chat.settle();
  EXPECT_EQ(chat.take(alice, "roomJoined").size(), 1u);
}

TEST(Gates, LetAClosedJoinersLeaveFollowItsJoin) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Chat chat({.config = gated(), .workers = 4, .seed = seed});
    const std::string room = chat.room_at(static_cast<std::uint16_t>(seed % 4), "room");
    const ClientIndex alice = chat.connect(0, user_named("alice" + std::to_string(seed)));
    chat.say(alice, join_of(room));
    chat.close(alice);
    chat.settle();
    EXPECT_EQ(chat.total().memberships, 0u);
    EXPECT_EQ(chat.total().rooms_edge, 0u);
    EXPECT_EQ(chat.total().rooms_home, 0u);
    chat.check_invariants();
  }
}

// Keys belong to whom the connection speaks for, so here the ways of the two memberships differ,
// and the later one may be known first.
TEST(Gates, CountRightWhenSomebodyElseComesBackOnTheSameConnection) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Chat chat({.config = gated(), .workers = 4, .seed = seed});
    const std::string room = chat.room_at(static_cast<std::uint16_t>(seed % 4), "room");
    const ClientIndex witness = chat.connect_guest(1);
    const ClientIndex client = chat.connect(0, user_named("alice" + std::to_string(seed)));
    chat.enter(witness, room);
    chat.enter(client, room);
    chat.forget_all();
    chat.say(client, leave_of(room));
    chat.say(client, {{"type", "auth"}, {"token", "token-of-bob"}});
    chat.say(client, join_of(room));
    chat.settle();
    const std::vector<Json> heard = chat.take(witness);
    ASSERT_EQ(heard.size(), 2u) << Json(heard);
    EXPECT_EQ(heard.back()["userCount"], 2);
    for (const Json& event : heard) {
      EXPECT_EQ(event["user"]["id"] == "user:bob", event["type"] == "userJoin") << event;
    }
    chat.say(witness, {{"type", "online"}, {"room", room}});
    chat.settle();
    const Json online = chat.take_one(witness, "online");
    EXPECT_EQ(online["count"], 2);
    EXPECT_EQ(online["users"][1]["id"], "user:bob");
    chat.close(client);
    chat.settle();
    EXPECT_EQ(chat.take_one(witness, "userLeave")["user"]["id"], "user:bob");
    chat.check_invariants();
  }
}

// The names that a room's home asks for go the same way, in front of the leaves.
TEST(Gates, CompleteTheRosterOfARoomThatHasShrunkWhileMembersLeave) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    HubConfig config = gated();
    config.presence_members_max = 5;
    Chat chat({.config = config, .workers = 4, .seed = seed});
    std::vector<ClientIndex> clients;
    for (int i = 0; i < 12; ++i) {
      clients.push_back(chat.connect(static_cast<std::uint16_t>(i % 4),
                                     user_named(std::to_string(seed) + "-" + std::to_string(i))));
      chat.enter(clients.back(), "general");
    }
    for (int i = 0; i < 7; ++i) chat.close(clients[static_cast<std::size_t>(i)]);
    chat.settle();
    chat.pass_time(seconds(1));
    chat.tick();             // The workers tell who is there,
    chat.close(clients[7]);  // who then leaves,
    chat.say(clients[8], leave_of("general"));
    chat.say(clients[8], join_of("general"));  // or leaves and comes back.
    chat.settle();
    chat.check_invariants();
    for (int i = 0; i < 2; ++i) {
      chat.pass_time(seconds(1));
      chat.tick();
      chat.settle();
    }
    chat.forget_all();
    chat.say(clients[11], {{"type", "online"}, {"room", "general"}});
    chat.settle();
    const Json online = chat.take_one(clients[11], "online");
    EXPECT_EQ(online["count"], 4);
    EXPECT_EQ(online["users"].size(), 4u) << seed << online;
    for (int i = 8; i < 12; ++i) chat.close(clients[static_cast<std::size_t>(i)]);
    chat.settle();
    EXPECT_EQ(chat.total().memberships, 0u);
  }
}

}  // namespace
}  // namespace parley::core
