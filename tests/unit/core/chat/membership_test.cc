// Joining and leaving across workers: what is under way when a connection changes its mind.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/unit/core/chat/chat_harness.h"

namespace parley::core {
namespace {

HubConfig without_history() {
  HubConfig config = unlimited();
  config.history_count_max = 0;
  return config;
}

void expect_nothing_left(const Chat& chat) {
  const HubCounts total = chat.total();
  EXPECT_EQ(total.sessions, 0u);
  EXPECT_EQ(total.memberships, 0u);
  EXPECT_EQ(total.rooms_edge, 0u);
  EXPECT_EQ(total.rooms_home, 0u);
  chat.check_invariants();
}

TEST(Membership, OfAConnectionThatClosesWhileItJoinsEndsAtTheHomeToo) {
  for (std::uint16_t home = 0; home < 3; ++home) {
    Chat chat({.config = without_history()});
    const ClientIndex client = chat.connect_guest(0);
    chat.say(client, {{"type", "joinRoom"}, {"room", chat.room_at(home, "room")}});
    chat.close(client);
    chat.settle();
    expect_nothing_left(chat);
  }
}

TEST(Membership, ThatWasGivenUpWhileItBeganIsNotHeardOfAgain) {
  for (std::uint16_t home = 0; home < 3; ++home) {
    Chat chat({.config = unlimited()});
    const std::string room = chat.room_at(home, "room");
    const ClientIndex client = chat.connect_guest(0);
    chat.take(client);
    chat.say(client, {{"type", "joinRoom"}, {"room", room}});
    chat.say(client, {{"type", "leaveRoom"}, {"room", room}});
    chat.settle();
    // From a home on the same worker the answer may have been quicker than the leave.
    const std::vector<Json> heard = chat.take(client);
    ASSERT_FALSE(heard.empty());
    EXPECT_EQ(heard.back()["type"], "roomLeft");
    if (home != 0) {
      EXPECT_EQ(heard.size(), 1u);
    }
    EXPECT_EQ(chat.total().memberships, 0u);
    chat.check_invariants();

    chat.say(client, {{"type", "joinRoom"}, {"room", room}});
    chat.settle();
    EXPECT_EQ(chat.take(client, "roomJoined").size(), 1u);
  }
}

TEST(Membership, EndsWithNothingOfTheRoomBehindTheRoomLeft) {
  Chat chat({.config = unlimited()});
  const std::string far = chat.room_at(1, "far");
  const ClientIndex client = chat.connect_guest(0);
  chat.enter(client, far);
  chat.say(client, {{"type", "history"}, {"room", far}});
  chat.say(client, {{"type", "online"}, {"room", far}});
  chat.say(client, {{"type", "leaveRoom"}, {"room", far}});
  chat.say(client, {{"type", "joinRoom"}, {"room", far}});
  chat.settle();
  std::vector<std::string> heard;
  for (const Json& event : chat.take(client)) heard.push_back(event["type"]);
  EXPECT_EQ(heard, (std::vector<std::string>{"roomLeft", "roomJoined", "history"}));
  chat.check_invariants();
}

TEST(Membership, OfAClosedJoinerIsNotTheNextTenantsOfItsSlot) {
  Chat chat({.config = without_history()});
  const std::string far = chat.room_at(1, "far");
  const ClientIndex first = chat.connect_guest(0);
  chat.say(first, {{"type", "joinRoom"}, {"room", far}});
  chat.close(first);
  const ClientIndex second = chat.connect_guest(0);
  chat.say(second, {{"type", "joinRoom"}, {"room", far}});
  chat.take(second);
  chat.settle();
  const std::vector<Json> joined = chat.take(second, "roomJoined");
  ASSERT_EQ(joined.size(), 1u);
  EXPECT_EQ(chat.total().memberships, 1u);
  chat.say(second, {{"type", "online"}, {"room", far}});
  chat.settle();
  const Json online = chat.take_one(second, "online");
  EXPECT_EQ(online["count"], 1);
  EXPECT_EQ(online["users"],
            (Json::array(
                {{{"id", "guest:0000000000001"}, {"username", "guest-0001"}, {"guest", true}}})));
}

TEST(Membership, OfAClosedJoinerWhoseJoinIsRefusedLeavesNothing) {
  HubConfig config = without_history();
  config.members_per_room_max = 1;
  Chat chat({.config = config});
  const std::string far = chat.room_at(1, "far");
  const ClientIndex holder = chat.connect_guest(1);
  chat.enter(holder, far);
  const ClientIndex client = chat.connect_guest(0);
  chat.say(client, {{"type", "joinRoom"}, {"room", far}});
  chat.close(client);
  chat.connect_guest(0);  // Takes the slot, and must not hear of the refusal.
  chat.settle();
  EXPECT_EQ(chat.total().memberships, 1u);
  EXPECT_EQ(chat.counts(0).rooms_edge, 0u);
  EXPECT_EQ(chat.total().errors_told, 0u);
  chat.check_invariants();
}

TEST(Membership, MayBeginAgainBeforeTheHomeHeardOfItsEnd) {
  Chat chat({.config = unlimited()});
  const std::string far = chat.room_at(2, "far");
  const ClientIndex client = chat.connect_guest(0);
  const ClientIndex witness = chat.connect_guest(2);
  chat.enter(witness, far);
  chat.enter(client, far);
  for (int i = 0; i < 3; ++i) {
    chat.say(client, {{"type", "leaveRoom"}, {"room", far}});
    chat.say(client, {{"type", "joinRoom"}, {"room", far}});
    EXPECT_GT(chat.mail_waiting(), 0u);
    chat.settle();
    const std::vector<Json> heard = chat.take(client);
    ASSERT_GE(heard.size(), 3u);
    EXPECT_EQ(heard[0]["type"], "roomLeft");
    EXPECT_EQ(heard[1]["type"], "roomJoined");
    EXPECT_EQ(heard[1]["userCount"], 2);
    EXPECT_EQ(heard[2]["type"], "history");
    chat.check_invariants();
  }
  chat.say(witness, {{"type", "message"}, {"room", far}, {"message", "still there?"}});
  chat.settle();
  EXPECT_EQ(chat.take(client, "message").size(), 1u);
}

TEST(Membership, HearsNothingThatWasPublishedBeforeItJoinedButInItsHistory) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Chat chat({.config = unlimited(), .seed = seed});
    const std::string far = chat.room_at(1, "far");
    const ClientIndex speaker = chat.connect_guest(2);
    const ClientIndex neighbour = chat.connect_guest(0);
    chat.enter(speaker, far);
    chat.enter(neighbour, far);
    const ClientIndex joiner = chat.connect_guest(0);
    chat.take(joiner);
    for (int i = 0; i < 3; ++i) {
      chat.say(speaker, {{"type", "message"}, {"room", far}, {"message", "m"}});
    }
    chat.say(joiner, {{"type", "joinRoom"}, {"room", far}});
    for (int i = 0; i < 3; ++i) {
      chat.say(speaker, {{"type", "message"}, {"room", far}, {"message", "m"}});
    }
    chat.settle();
    std::vector<Sequence> numbers;
    Sequence joined_at = 0;
    for (const Json& message : chat.take(joiner)) {
      if (message["type"] == "roomJoined") joined_at = message["seq"];
      if (message["type"] == "message") numbers.push_back(message["seq"]);
      if (message["type"] != "history") continue;
      for (const Json& old : message["messages"]) numbers.push_back(old["seq"]);
    }
    // The history and what came live may cross; each number is there exactly once.
    std::sort(numbers.begin(), numbers.end());
    EXPECT_EQ(numbers, (std::vector<Sequence>{1, 2, 3, 4, 5, 6})) << "joined at " << joined_at;
  }
}

TEST(Membership, OfTheLastOneEndsARoomWithoutHistory) {
  Chat chat({.config = without_history()});
  std::vector<ClientIndex> clients;
  for (std::uint16_t worker = 0; worker < 3; ++worker) {
    clients.push_back(chat.connect_guest(worker));
    chat.enter(clients.back(), "lobby");
  }
  EXPECT_EQ(chat.total().rooms_home, 1u);
  EXPECT_EQ(chat.total().rooms_edge, 3u);
  for (const ClientIndex client : clients) chat.close(client);
  chat.settle();
  expect_nothing_left(chat);
}

TEST(Membership, OfTheLastOneLeavesARoomUntilItsHistoryExpires) {
  HubConfig config = unlimited();
  config.history_age_max = seconds(60);
  Chat chat({.config = config});
  const ClientIndex client = chat.connect_guest(0);
  chat.enter(client, "lobby");
  chat.say(client, {{"type", "message"}, {"room", "lobby"}, {"message", "m"}});
  chat.settle();
  chat.close(client);
  chat.settle();
  chat.pass_time(seconds(59));
  chat.tick();
  EXPECT_EQ(chat.total().rooms_home, 1u);
  EXPECT_EQ(chat.total().history_messages, 1u);
  chat.pass_time(seconds(2));
  chat.tick();
  expect_nothing_left(chat);
}

TEST(Membership, OfNobodyLeavesTheRoomsOfTheConfiguration) {
  HubConfig config = unlimited();
  config.rooms_initial = {"general", "help"};
  Chat chat({.config = config});
  EXPECT_EQ(chat.total().rooms_home, 2u);
  const ClientIndex client = chat.connect_guest(0);
  chat.enter(client, "general");
  chat.close(client);
  chat.settle();
  chat.pass_time(seconds(2 * 24 * 3600));
  chat.tick();
  EXPECT_EQ(chat.total().rooms_home, 2u);
}

TEST(Membership, OfASenderThatLeavesAtOnceDoesNotHarmItsMessage) {
  Chat chat({.config = unlimited()});
  for (std::uint16_t home = 0; home < 3; ++home) {
    const std::string room = chat.room_at(home, "room");
    const ClientIndex speaker = chat.connect_guest(0);
    const ClientIndex listener = chat.connect_guest(1);
    chat.enter(listener, room);
    chat.enter(speaker, room);
    chat.forget_all();
    chat.say(speaker, {{"type", "message"}, {"room", room}, {"message", "bye"}});
    chat.close(speaker);
    chat.settle();
    EXPECT_EQ(chat.take(listener, "message").size(), 1u);
  }
}

}  // namespace
}  // namespace parley::core
