// docs/protocol-classic.md, "Connecting" and `auth`: who the server says a client is.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/core/chat/chat_harness.h"

namespace parley::core {
namespace {

TEST(ClassicWelcome, IsTheFirstMessageAndNamesTheUserRoomsTimeAndLimits) {
  HubConfig config = unlimited();
  config.rooms_initial = {"general", "help"};
  config.message_bytes_max = 1'234;
  config.rooms_per_connection_max = 9;
  Chat chat({.config = config});
  const ClientIndex alice = chat.connect(1, user_named("alice"));
  const std::vector<Json> heard = chat.take(alice);
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0]["type"], "welcome");
  EXPECT_EQ(heard[0]["user"], (Json{{"id", "user:alice"}, {"username", "alice"}}));
  EXPECT_EQ(heard[0]["rooms"], (Json{"general", "help"}));
  EXPECT_EQ(heard[0]["serverTime"], 1'700'001'000'000);
  EXPECT_EQ(heard[0]["limits"], (Json{{"messageBytesMax", 1'234}, {"roomsMax", 9}}));
}

TEST(ClassicWelcome, MarksAGuest) {
  Chat chat({.config = unlimited()});
  const ClientIndex guest = chat.connect_guest(0);
  EXPECT_EQ(chat.take_one(guest, "welcome")["user"],
            (Json{{"id", "guest:0000000000000"}, {"username", "guest-0000"}, {"guest", true}}));
}

TEST(ClassicAuth, MakesAGuestTheUserOfTheToken) {
  Chat chat({.config = unlimited()});
  const ClientIndex client = chat.connect_guest(0);
  chat.say(client, {{"type", "auth"}, {"token", "token-of-alice"}});
  EXPECT_EQ(chat.take_one(client, "authSuccess")["user"],
            (Json{{"id", "user:alice"}, {"username", "alice"}}));
  chat.enter(client, "general");
  chat.say(client, {{"type", "message"}, {"room", "general"}, {"message", "hi"}});
  chat.settle();
  const Json message = chat.take_one(client, "message");
  EXPECT_EQ(message["userId"], "user:alice");
  EXPECT_FALSE(message.contains("guest"));
}

TEST(ClassicAuth, RefusesATokenThatIsNotValidAndChangesNothing) {
  Chat chat({.config = unlimited()});
  const ClientIndex client = chat.connect_guest(0);
  chat.take(client);
  chat.say(client, {{"type", "auth"}, {"token", "forged"}});
  EXPECT_EQ(chat.take_one(client, "error")["code"], "auth_failed");
  chat.enter(client, "general");
  chat.say(client, {{"type", "message"}, {"room", "general"}, {"message", "hi"}});
  chat.settle();
  EXPECT_EQ(chat.take_one(client, "message")["userId"], "guest:0000000000000");
}

TEST(ClassicAuth, LetsAGuestChooseAName) {
  Chat chat({.config = unlimited()});
  const ClientIndex client = chat.connect_guest(0);
  chat.say(client, {{"type", "auth"}, {"user", {{"username", "Zo\u00eb Q"}, {"id", "user:root"}}}});
  EXPECT_EQ(chat.take_one(client, "authSuccess")["user"],
            (Json{{"id", "guest:0000000000000"}, {"username", "Zo\u00eb Q"}, {"guest", true}}));
}

TEST(ClassicAuth, RefusesNamesThatAreNone) {
  Chat chat({.config = unlimited()});
  const ClientIndex client = chat.connect_guest(0);
  const auto answer_to = [&](const Json& user) {
    chat.take(client);
    chat.say(client, {{"type", "auth"}, {"user", user}});
    const std::vector<Json> heard = chat.take(client);
    return heard.size() == 1 ? heard[0].value("code", "") : std::string("not one answer");
  };
  std::string wide;  // 32 characters of 2 bytes each.
  for (int i = 0; i < 32; ++i) wide += "\u00e4";
  EXPECT_EQ(answer_to({{"username", ""}}), "bad_name");
  EXPECT_EQ(answer_to({{"username", " a"}}), "bad_name");
  EXPECT_EQ(answer_to({{"username", "a "}}), "bad_name");
  EXPECT_EQ(answer_to({{"username", "a\nb"}}), "bad_name");
  EXPECT_EQ(answer_to({{"username", "\u3164"}}), "bad_name");
  EXPECT_EQ(answer_to({{"username", "\u2003a"}}), "bad_name");
  EXPECT_EQ(answer_to({{"username", std::string("a\0b", 3)}}), "bad_name");
  EXPECT_EQ(answer_to({{"username", 5}}), "bad_name");
  EXPECT_EQ(answer_to("alice"), "bad_name");
  EXPECT_EQ(answer_to(nullptr), "bad_name");
  EXPECT_EQ(answer_to({{"username", std::string(33, 'a')}}), "bad_name");
  EXPECT_EQ(answer_to({{"username", wide + "a"}}), "bad_name");
  EXPECT_EQ(answer_to({{"username", wide}}), "");
  EXPECT_EQ(answer_to({{"username", std::string(32, 'a')}}), "");
}

// Others read a name as they read a message.
TEST(ClassicAuth, CountsAChoiceOfANameAsAMessage) {
  HubConfig config = unlimited();
  config.user_messages = {.burst = 3, .window = seconds(30)};
  Chat chat({.config = config});
  const ClientIndex client = chat.connect_guest(0);
  const auto choose = [&](std::string_view name) {
    chat.take(client);
    chat.say(client, {{"type", "auth"}, {"user", {{"username", name}}}, {"id", "r-1"}});
    return chat.take(client).at(0);
  };
  EXPECT_EQ(choose("")["code"], "bad_name");  // Costs nothing.
  EXPECT_EQ(choose("one")["type"], "authSuccess");
  EXPECT_EQ(choose("two")["type"], "authSuccess");
  chat.enter(client, "general");
  chat.say(client, {{"type", "message"}, {"room", "general"}, {"message", "m"}});
  chat.settle();
  EXPECT_EQ(chat.take_one(client, "message")["user"], "two");
  chat.say(client, {{"type", "leaveRoom"}, {"room", "general"}});
  chat.settle();
  const Json error = choose("three");
  EXPECT_EQ(error["code"], "rate_limited");
  EXPECT_EQ(error["retryAfter"], 10'000);
  EXPECT_EQ(error["id"], "r-1");
  chat.enter(client, "general");
  chat.pass_time(seconds(10));
  chat.say(client, {{"type", "message"}, {"room", "general"}, {"message", "m"}});
  chat.settle();
  EXPECT_EQ(chat.take_one(client, "message")["user"], "two");  // It still has that name.
}

TEST(ClassicAuth, LetsNoUserOfATokenChooseAName) {
  Chat chat({.config = unlimited()});
  const ClientIndex alice = chat.connect(0, user_named("alice"));
  chat.say(alice, {{"type", "auth"}, {"user", {{"username", "root"}}}});
  EXPECT_EQ(chat.take_one(alice, "error")["code"], "not_authenticated");
}

TEST(ClassicAuth, LetsNoGuestChooseANameWhereTheConfigurationForbidsIt) {
  HubConfig config = unlimited();
  config.guests_may_choose_names = false;
  Chat chat({.config = config});
  const ClientIndex client = chat.connect_guest(0);
  chat.say(client, {{"type", "auth"}, {"user", {{"username", "root"}}}});
  EXPECT_EQ(chat.take_one(client, "error")["code"], "not_authenticated");
}

TEST(ClassicAuth, IsRefusedInARoomAndOnTheWayIntoOne) {
  Chat chat({.config = unlimited()});
  const std::string far = chat.room_at(1, "far");
  const ClientIndex client = chat.connect_guest(0);
  chat.take(client);
  chat.say(client, {{"type", "joinRoom"}, {"room", far}});
  ASSERT_GT(chat.mail_waiting(), 0u);
  chat.say(client, {{"type", "auth"}, {"token", "token-of-alice"}});
  EXPECT_EQ(chat.take_one(client, "error")["code"], "auth_after_join");
  chat.settle();
  chat.take(client);
  chat.say(client, {{"type", "auth"}, {"user", {{"username", "root"}}}});
  EXPECT_EQ(chat.take_one(client, "error")["code"], "auth_after_join");
  chat.say(client, {{"type", "leaveRoom"}, {"room", far}});
  chat.settle();
  chat.take(client);
  chat.say(client, {{"type", "auth"}, {"token", "token-of-alice"}});
  EXPECT_EQ(chat.take_one(client, "authSuccess")["user"]["id"], "user:alice");
}

}  // namespace
}  // namespace parley::core
