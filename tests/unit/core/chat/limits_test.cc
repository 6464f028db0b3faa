// docs/protocol-classic.md, "Limits", and the errors that tell of them.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/core/chat/chat_harness.h"

namespace parley::core {
namespace {

constexpr IpAddress here = IpAddress::v4(192, 0, 2, 1);

Json message_to(std::string_view room, std::string_view id) {
  return {{"type", "message"}, {"room", room}, {"message", "hi"}, {"id", id}};
}

TEST(UserLimit, StopsAGuestOnItsOneConnectionAndSaysWhen) {
  HubConfig config = unlimited();
  config.user_messages = {.burst = 3, .window = seconds(30)};
  Chat chat({.config = config});
  const ClientIndex guest = chat.connect_guest(0);
  chat.enter(guest, "general");
  for (int i = 0; i < 4; ++i) chat.say(guest, message_to("general", std::to_string(i)));
  chat.settle();
  const std::vector<Json> heard = chat.take(guest);
  int broadcasts = 0;
  Json error;
  for (const Json& message : heard) {
    if (message["type"] == "message") broadcasts += 1;
    if (message["type"] == "error") error = message;
  }
  EXPECT_EQ(broadcasts, 3);
  EXPECT_EQ(error["code"], "rate_limited");
  EXPECT_EQ(error["room"], "general");
  EXPECT_EQ(error["id"], "3");
  EXPECT_EQ(error["retryAfter"], 10'000);
  EXPECT_EQ(chat.total().rate_limited, 1u);

  chat.pass_time(milliseconds(10'000));  // As it was told.
  chat.say(guest, message_to("general", "again"));
  chat.settle();
  EXPECT_EQ(chat.take_one(guest, "message")["seq"], 4);
}

TEST(UserLimit, IsEachGuestsOwn) {
  HubConfig config = unlimited();
  config.user_messages = {.burst = 1, .window = seconds(30)};
  Chat chat({.config = config});
  for (std::uint16_t worker = 0; worker < 3; ++worker) {
    const ClientIndex guest = chat.connect_guest(worker);
    chat.enter(guest, "general");
    chat.say(guest, message_to("general", "x"));
    chat.settle();
    EXPECT_TRUE(chat.take(guest, "error").empty());
  }
  EXPECT_EQ(chat.total().publications, 3u);
}

TEST(UserLimit, HoldsForAUserOverAllConnectionsAndWorkers) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    HubConfig config = unlimited();
    config.user_messages = {.burst = 5, .window = seconds(30)};
    Chat chat({.config = config, .seed = seed});
    std::vector<ClientIndex> alices;
    for (std::uint16_t worker = 0; worker < 3; ++worker) {
      alices.push_back(chat.connect(worker, user_named("alice")));
    }
    const ClientIndex bob = chat.connect(0, user_named("bob"));
    chat.enter(bob, "general");
    for (const ClientIndex alice : alices) chat.enter(alice, "general");
    chat.forget_all();
    for (int i = 0; i < 4; ++i) {
      for (const ClientIndex alice : alices) chat.say(alice, message_to("general", "x"));
    }
    chat.settle();
    EXPECT_EQ(chat.take(bob, "message").size(), 5u);
    std::size_t errors = 0;
    for (const ClientIndex alice : alices) {
      for (const Json& error : chat.take(alice, "error")) {
        errors += 1;
        EXPECT_EQ(error["code"], "rate_limited");
        EXPECT_EQ(error["room"], "general");
        EXPECT_EQ(error["id"], "x");
        EXPECT_EQ(error["retryAfter"], 6'000);
      }
    }
    EXPECT_EQ(errors, 7u);
    chat.say(bob, message_to("general", "x"));
    chat.settle();
    EXPECT_EQ(chat.take_one(bob, "message")["seq"], 6);  // Bob has a limit of his own.
  }
}

TEST(UserLimit, TellsNobodyWhenTheConnectionHasGone) {
  HubConfig config = unlimited();
  config.user_messages = {.burst = 1, .window = seconds(30)};
  Chat chat({.config = config});
  for (std::uint16_t worker = 0; worker < 3; ++worker) {
    const ClientIndex alice = chat.connect(worker, user_named("alice"));
    chat.enter(alice, "general");
    chat.say(alice, message_to("general", "x"));
    chat.say(alice, message_to("general", "x"));
    chat.close(alice);
    chat.connect_guest(worker);  // Takes the slot.
    chat.settle();
  }
  EXPECT_LE(chat.total().publications, 1u);
}

TEST(AddressLimit, HoldsForAllWhoComeFromOneAddress) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    HubConfig config = unlimited();
    config.address_messages = {.burst = 4, .window = seconds(4)};
    config.user_messages = {.burst = 100, .window = seconds(4)};
    Chat chat({.config = config, .seed = seed});
    std::vector<ClientIndex> clients;
    for (std::uint16_t i = 0; i < 6; ++i) {
      const std::string name = "user" + std::to_string(i);
      const Identity guest{.id = "guest:" + name, .name = name, .guest = true};
      clients.push_back(chat.connect_from(static_cast<std::uint16_t>(i % 3),
                                          i % 2 == 0 ? guest : user_named(name), here));
    }
    const ClientIndex other =
        chat.connect_from(0, user_named("other"), IpAddress::v4(192, 0, 2, 2));
    chat.enter(other, "general");
    for (const ClientIndex client : clients) chat.enter(client, "general");
    chat.forget_all();
    for (const ClientIndex client : clients) chat.say(client, message_to("general", "x"));
    chat.settle();
    EXPECT_EQ(chat.take(other, "message").size(), 4u);
    std::size_t errors = 0;
    for (const ClientIndex client : clients) errors += chat.take(client, "error").size();
    EXPECT_EQ(errors, 2u);
    chat.say(other, message_to("general", "x"));
    chat.settle();
    EXPECT_EQ(chat.take_one(other, "message")["seq"], 5);
    EXPECT_EQ(chat.total().rate_limited, 2u);
  }
}

TEST(CommandLimit, StopsAConnectionAndNamesTheRoomAndTheId) {
  HubConfig config = unlimited();
  config.connection_commands = {.burst = 3, .window = seconds(3)};
  Chat chat({.config = config});
  const ClientIndex client = chat.connect_guest(0);
  chat.take(client);
  for (int i = 0; i < 3; ++i) chat.say(client, {{"type", "ping"}});
  EXPECT_EQ(chat.take(client, "pong").size(), 3u);
  chat.say(client, message_to("general", "c-9"));
  const Json error = chat.take_one(client, "error");
  EXPECT_EQ(error["code"], "rate_limited");
  EXPECT_EQ(error["room"], "general");
  EXPECT_EQ(error["id"], "c-9");
  EXPECT_EQ(error["retryAfter"], 1'000);
  chat.say_unreadable(client, "bad_json");
  EXPECT_EQ(chat.take_one(client, "error")["code"], "rate_limited");
  chat.pass_time(milliseconds(1'000));
  chat.say(client, {{"type", "ping"}});
  EXPECT_EQ(chat.take(client, "pong").size(), 1u);
}

TEST(JoinLimit, StopsAConnectionThatComesAndGoesAndSaysWhen) {
  HubConfig config = unlimited();
  config.joins = {.burst = 4, .window = seconds(60)};
  Chat chat({.config = config});
  const ClientIndex client = chat.connect(0, user_named("alice"));
  const Json join{{"type", "joinRoom"}, {"room", "general"}, {"id", "j-1"}};
  for (int i = 0; i < 4; ++i) {
    chat.enter(client, "general");
    chat.say(client, {{"type", "leaveRoom"}, {"room", "general"}});
    chat.settle();
  }
  chat.take(client);
  chat.say(client, join);
  const std::vector<Json> heard = chat.take(client);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0]["code"], "rate_limited");
  EXPECT_EQ(heard[0]["room"], "general");
  EXPECT_EQ(heard[0]["id"], "j-1");
  EXPECT_EQ(heard[0]["retryAfter"], 15'000);
  EXPECT_EQ(chat.total().memberships, 0u);
  EXPECT_EQ(chat.total().rate_limited, 1u);
  chat.pass_time(seconds(15));
  chat.say(client, join);
  chat.settle();
  EXPECT_EQ(chat.take(client, "roomJoined").size(), 1u);
}

TEST(JoinLimit, LetsWhoComesBackIntoAllItsRooms) {
  HubConfig config = unlimited();
  config.joins = HubConfig{}.joins;
  Chat chat({.config = config});
  const ClientIndex client = chat.connect_guest(0);
  for (std::uint32_t i = 0; i < config.rooms_per_connection_max; ++i) {
    chat.say(client, {{"type", "joinRoom"}, {"room", "room" + std::to_string(i)}});
  }
  chat.settle();
  EXPECT_EQ(chat.take(client, "roomJoined").size(), config.rooms_per_connection_max);
}

TEST(RoomLimit, OfAConnectionCountsRoomsOnTheWay) {
  HubConfig config = unlimited();
  config.rooms_per_connection_max = 3;
  Chat chat({.config = config});
  const ClientIndex client = chat.connect_guest(0);
  chat.take(client);
  for (int i = 0; i < 4; ++i) {
    chat.say(client, {{"type", "joinRoom"}, {"room", "room" + std::to_string(i)}});
  }
  chat.settle();
  const std::vector<Json> heard = chat.take(client);
  int joined = 0;
  Json error;
  for (const Json& message : heard) {
    joined += message["type"] == "roomJoined" ? 1 : 0;
    if (message["type"] == "error") error = message;
  }
  EXPECT_EQ(joined, 3);
  EXPECT_EQ(error["code"], "too_many_rooms");
  EXPECT_EQ(error["room"], "room3");
  chat.say(client, {{"type", "leaveRoom"}, {"room", "room0"}});
  chat.enter(client, "room3");
  EXPECT_EQ(chat.total().memberships, 3u);
}

TEST(RoomLimit, OfMembersHoldsOverAllWorkers) {
  HubConfig config = unlimited();
  config.members_per_room_max = 4;
  Chat chat({.config = config});
  std::vector<ClientIndex> clients;
  for (std::uint16_t i = 0; i < 7; ++i) {
    clients.push_back(chat.connect_guest(static_cast<std::uint16_t>(i % 3)));
    chat.say(clients.back(), {{"type", "joinRoom"}, {"room", "general"}, {"id", "full"}});
  }
  chat.settle();
  std::vector<ClientIndex> in;
  std::size_t refused = 0;
  for (const ClientIndex client : clients) {
    bool joined = false;
    for (const Json& message : chat.take(client)) {
      if (message["type"] == "roomJoined") joined = true;
      if (message["type"] != "error") continue;
      refused += 1;
      EXPECT_EQ(message["code"], "room_full");
      EXPECT_EQ(message["room"], "general");
      EXPECT_EQ(message["id"], "full");
    }
    if (joined) in.push_back(client);
  }
  EXPECT_EQ(in.size(), 4u);
  EXPECT_EQ(refused, 3u);
  EXPECT_EQ(chat.total().memberships, 4u);
  chat.check_invariants();

  chat.close(in[0]);
  chat.settle();
  const ClientIndex late = chat.connect_guest(1);
  chat.take(late);
  chat.say(late, {{"type", "joinRoom"}, {"room", "general"}});
  chat.settle();
  EXPECT_EQ(chat.take_one(late, "roomJoined")["userCount"], 4);
}

TEST(RoomLimit, OfTheServerIsToldAsServerFull) {
  HubConfig config = unlimited();
  config.rooms_max = 5;
  Chat chat({.config = config});
  const ClientIndex client = chat.connect_guest(0);
  chat.take(client);
  for (int i = 0; i < 30; ++i) {
    chat.say(client, {{"type", "joinRoom"}, {"room", "room" + std::to_string(i)}});
  }
  chat.settle();
  int joined = 0;
  int refused = 0;
  for (const Json& message : chat.take(client)) {
    joined += message["type"] == "roomJoined" ? 1 : 0;
    if (message["type"] != "error") continue;
    refused += 1;
    EXPECT_EQ(message["code"], "server_full");
    EXPECT_TRUE(message["room"].get<std::string>().starts_with("room"));
  }
  EXPECT_EQ(joined, 5);
  EXPECT_EQ(refused, 25);
  EXPECT_EQ(chat.total().memberships, 5u);
  chat.check_invariants();
}

TEST(RoomLimit, OfTheHomeIsToldAsServerFull) {
  HubConfig config = unlimited();
  config.rooms_homed_max = 5;
  Chat chat({.config = config});
  // Two workers with five rooms each, all of whose homes are the third.
  std::vector<ClientIndex> clients{chat.connect_guest(0), chat.connect_guest(1)};
  chat.forget_all();
  for (int i = 0; i < 10; ++i) {
    const std::string room = chat.room_at(2, "at2-" + std::to_string(i) + "-");
    chat.say(clients[static_cast<std::size_t>(i % 2)],
             {{"type", "joinRoom"}, {"room", room}, {"id", room}});
  }
  chat.settle();
  std::size_t full = 0;
  for (const ClientIndex client : clients) {
    for (const Json& error : chat.take(client, "error")) {
      EXPECT_EQ(error["code"], "server_full");
      EXPECT_TRUE(error["room"].get<std::string>().starts_with("at2-"));
      EXPECT_EQ(error["id"], error["room"]);
      full += 1;
    }
  }
  EXPECT_EQ(full, 5u);
  EXPECT_EQ(chat.total().rooms_home, 5u);
  EXPECT_EQ(chat.total().rooms_edge, 5u);
  EXPECT_EQ(chat.total().memberships, 5u);
}

}  // namespace
}  // namespace parley::core
