// docs/protocol-classic.md, "Client to server": what each command is answered with.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/core/chat/chat_harness.h"

namespace parley::core {
namespace {

class ClassicCommands : public testing::Test {
 protected:
  ClassicCommands() { chat_.take(client_); }

  // What the client hears of one command, once all is done.
  std::vector<Json> answers(const Json& command) {
    chat_.take(client_);
    chat_.say(client_, command);
    chat_.settle();
    return chat_.take(client_);
  }
  Json only_answer(const Json& command) {
    const std::vector<Json> heard = answers(command);
    EXPECT_EQ(heard.size(), 1u) << Json(heard);
    return heard.empty() ? Json() : heard[0];
  }

  Chat chat_{{.config = unlimited()}};
  ClientIndex client_ = chat_.connect(0, user_named("alice"));
};

TEST_F(ClassicCommands, JoinIsAnsweredWithRoomJoinedAndThenHistory) {
  for (std::uint16_t home = 0; home < 3; ++home) {
    const std::string room = chat_.room_at(home, "room");
    const std::vector<Json> heard = answers({{"type", "joinRoom"}, {"room", room}});
    ASSERT_EQ(heard.size(), 2u);
    EXPECT_EQ(heard[0]["type"], "roomJoined");
    EXPECT_EQ(heard[0]["room"], room);
    EXPECT_EQ(heard[0]["seq"], 0);
    EXPECT_FALSE(heard[0]["epoch"].get<std::string>().empty());
    EXPECT_EQ(heard[0]["resumed"], false);
    EXPECT_EQ(heard[0]["userCount"], 1);
    EXPECT_EQ(heard[0]["users"], (Json::array({{{"id", "user:alice"}, {"username", "alice"}}})));
    EXPECT_EQ(
        heard[1],
        (Json{{"type", "history"}, {"room", room}, {"messages", Json::array()}, {"more", false}}));
  }
}

TEST_F(ClassicCommands, MessageComesBackAsTheBroadcastWithNumberTimeNameAndId) {
  chat_.enter(client_, "general");
  const Json message = only_answer(
      {{"type", "message"}, {"room", "general"}, {"message", "h\u00e9 \"x\"\n"}, {"id", "c-1"}});
  EXPECT_EQ(message, (Json{{"type", "message"},
                           {"seq", 1},
                           {"timestamp", 1'700'001'000'000},
                           {"room", "general"},
                           {"user", "alice"},
                           {"userId", "user:alice"},
                           {"message", "h\u00e9 \"x\"\n"},
                           {"id", "c-1"}}));
}

TEST_F(ClassicCommands, MessageIsStampedByTheServerWhateverTheClientClaims) {  // S0-07
  chat_.enter(client_, "general");
  const Json message = only_answer({{"type", "message"},
                                    {"room", "general"},
                                    {"message", "hi"},
                                    {"user", "root"},
                                    {"userId", "user:root"},
                                    {"seq", 99},
                                    {"timestamp", 1},
                                    {"guest", true}});
  EXPECT_EQ(message["user"], "alice");
  EXPECT_EQ(message["userId"], "user:alice");
  EXPECT_EQ(message["seq"], 1);
  EXPECT_NE(message["timestamp"], 1);
  EXPECT_FALSE(message.contains("guest"));
  EXPECT_FALSE(message.contains("id"));
}

TEST_F(ClassicCommands, MessageOfAGuestIsMarked) {
  const ClientIndex guest = chat_.connect_guest(1);
  chat_.enter(guest, "general");
  chat_.say(guest, {{"type", "message"}, {"room", "general"}, {"message", "hi"}});
  chat_.settle();
  EXPECT_EQ(chat_.take_one(guest, "message")["guest"], true);
}

TEST_F(ClassicCommands, MessageWithoutTextIsAnError) {
  chat_.enter(client_, "general");
  for (const Json& text : {Json(""), Json(5), Json(nullptr), Json::object()}) {
    const Json error =
        only_answer({{"type", "message"}, {"room", "general"}, {"message", text}, {"id", "c-2"}});
    EXPECT_EQ(error["type"], "error");
    EXPECT_EQ(error["code"], "empty_message");
    EXPECT_EQ(error["room"], "general");
    EXPECT_EQ(error["id"], "c-2");
  }
}

TEST_F(ClassicCommands, IdOfMoreThan64BytesNeverComesBack) {
  chat_.enter(client_, "general");
  const auto sent_with = [this](const std::string& id) {
    return only_answer({{"type", "message"}, {"room", "general"}, {"message", "m"}, {"id", id}});
  };
  EXPECT_EQ(sent_with(std::string(64, 'i'))["id"], std::string(64, 'i'));
  EXPECT_FALSE(sent_with(std::string(65, 'i')).contains("id"));
}

TEST_F(ClassicCommands, IdMustBeAStringOfAtMost64Bytes) {
  chat_.enter(client_, "general");
  for (const char* type : {"message", "joinRoom", "ping", "auth", "no such"}) {
    for (const Json& id : {Json(5), Json(nullptr), Json::array(), Json(std::string(65, 'i'))}) {
      const Json error =
          only_answer({{"type", type}, {"room", "general"}, {"message", "m"}, {"id", id}});
      EXPECT_EQ(error["code"], "bad_message") << type << id;
      EXPECT_EQ(error["room"], "general");
      EXPECT_FALSE(error.contains("id"));
    }
  }
  EXPECT_EQ(chat_.total().publications, 0u);
}

TEST_F(ClassicCommands, EveryErrorNamesTheRoomAndTheIdOfItsRequest) {
  chat_.enter(client_, "general");
  const std::vector<Json> wrong = {
      {{"type", "joinRoom"}, {"room", "general"}},
      {{"type", "joinRoom"}, {"room", "general"}, {"since", -1}},
      {{"type", "leaveRoom"}, {"room", "help"}},
      {{"type", "message"}, {"room", "general"}, {"message", ""}},
      {{"type", "message"}, {"room", "help"}, {"message", "m"}},
      {{"type", "typing"}, {"room", "help"}},
      {{"type", "online"}, {"room", "help"}},
      {{"type", "history"}, {"room", "help"}},
      {{"type", "auth"}, {"room", "general"}, {"token", "x"}},
      {{"type", "shout"}, {"room", "general"}},
      {{"room", "general"}},
  };
  for (Json request : wrong) {
    request["id"] = "k-1";
    const Json error = only_answer(request);
    EXPECT_EQ(error["type"], "error") << request;
    EXPECT_EQ(error["id"], "k-1") << request << error;
    EXPECT_EQ(error["room"], request["room"]) << request << error;
  }
  for (const char* type : {"joinRoom", "message", "typing", "leaveRoom", "history", "online"}) {
    const Json error = only_answer({{"type", type}, {"room", "\n"}, {"id", "k-2"}});
    EXPECT_EQ(error["id"], "k-2") << type;
    EXPECT_FALSE(error.contains("room")) << type;  // It is none.
  }
}

TEST_F(ClassicCommands, TooManyRequestsThatWaitAreRefusedWithRoomAndId) {
  const std::string far = chat_.room_at(1, "far");
  chat_.enter(client_, far);
  for (const char* type : {"history", "online"}) {
    // None is answered before the room's home has its turn.
    for (int i = 0; i < 200; ++i) {
      chat_.say(client_, {{"type", type}, {"room", far}, {"id", std::to_string(i)}});
    }
    const std::vector<Json> errors = chat_.take(client_, "error");
    ASSERT_FALSE(errors.empty()) << type;
    const int first = 200 - static_cast<int>(errors.size());
    EXPECT_EQ(errors[0]["code"], "rate_limited");
    EXPECT_EQ(errors[0]["retryAfter"], 1'000);
    EXPECT_EQ(errors[0]["room"], far);
    EXPECT_EQ(errors[0]["id"], std::to_string(first));
    chat_.settle();
    EXPECT_EQ(chat_.take(client_, type).size(), static_cast<std::size_t>(first));
  }
}

TEST_F(ClassicCommands, EveryCommandInARoomTakesMembershipOfIt) {
  for (const char* type : {"message", "typing", "leaveRoom", "history", "online"}) {
    const Json error =
        only_answer({{"type", type}, {"room", "help"}, {"message", "m"}, {"id", "c-3"}});
    EXPECT_EQ(error["code"], "not_in_room") << type;
    EXPECT_EQ(error["room"], "help") << type;
    EXPECT_EQ(error["id"], "c-3") << type;
  }
  EXPECT_EQ(chat_.total().publications, 0u);
}

TEST_F(ClassicCommands, EveryCommandInARoomNamesAValidOne) {
  for (const char* type : {"joinRoom", "message", "typing", "leaveRoom", "history", "online"}) {
    for (const Json& room : {Json(""), Json(std::string(65, 'r')), Json("a\tb"), Json(7)}) {
      EXPECT_EQ(only_answer({{"type", type}, {"room", room}})["code"], "bad_room") << type << room;
    }
  }
  EXPECT_EQ(only_answer({{"type", "joinRoom"}})["code"], "bad_room");
}

TEST_F(ClassicCommands, JoiningTwiceIsAnErrorAndChangesNothing) {
  chat_.enter(client_, "general");
  const Json error = only_answer({{"type", "joinRoom"}, {"room", "general"}});
  EXPECT_EQ(error["code"], "already_in_room");
  EXPECT_EQ(error["room"], "general");
  EXPECT_EQ(chat_.total().memberships, 1u);
}

TEST_F(ClassicCommands, JoiningTwiceOnTheWayIsAnErrorAndChangesNothing) {
  const std::string far = chat_.room_at(2, "far");
  chat_.say(client_, {{"type", "joinRoom"}, {"room", far}});
  const std::vector<Json> heard = answers({{"type", "joinRoom"}, {"room", far}});
  ASSERT_EQ(heard.size(), 3u);
  EXPECT_EQ(heard[0]["code"], "already_in_room");
  EXPECT_EQ(heard[1]["type"], "roomJoined");
  EXPECT_EQ(heard[1]["userCount"], 1);
}

TEST_F(ClassicCommands, ResumeTakesAWholeNumber) {
  for (const Json& since : {Json(-1), Json(1.5), Json("1"), Json(nullptr)}) {
    const Json error = only_answer({{"type", "joinRoom"}, {"room", "general"}, {"since", since}});
    EXPECT_EQ(error["code"], "bad_message") << since;
    EXPECT_EQ(error["room"], "general") << since;
  }
}

TEST_F(ClassicCommands, LeavingIsAnsweredAndEndsDeliveries) {
  chat_.enter(client_, "general");
  EXPECT_EQ(only_answer({{"type", "leaveRoom"}, {"room", "general"}}),
            (Json{{"type", "roomLeft"}, {"room", "general"}}));
  const ClientIndex bob = chat_.connect(1, user_named("bob"));
  chat_.enter(bob, "general");
  chat_.say(bob, {{"type", "message"}, {"room", "general"}, {"message", "anyone?"}});
  chat_.settle();
  EXPECT_TRUE(chat_.take(client_).empty());
}

TEST_F(ClassicCommands, PingIsAnsweredWithTheServersTime) {
  EXPECT_EQ(only_answer({{"type", "ping"}}),
            (Json{{"type", "pong"}, {"serverTime", 1'700'001'000'000}}));
}

TEST_F(ClassicCommands, UnknownTypesAndNoTypeAreErrors) {
  EXPECT_EQ(only_answer({{"type", "shout"}, {"id", "x"}})["code"], "unknown_type");
  EXPECT_EQ(only_answer({{"type", "Message"}})["code"], "unknown_type");
  EXPECT_EQ(only_answer({{"type", 5}})["code"], "bad_message");
  EXPECT_EQ(only_answer({{"room", "general"}})["code"], "bad_message");
}

TEST_F(ClassicCommands, WhatCannotBeReadIsAnError) {
  chat_.say_unreadable(client_, "bad_json");
  EXPECT_EQ(chat_.take_one(client_, "error")["code"], "bad_json");
  EXPECT_EQ(chat_.counts(0).errors_told, 1u);
}

TEST_F(ClassicCommands, TypingReachesAllButTheSender) {
  const ClientIndex same_worker = chat_.connect(0, user_named("bob"));
  const ClientIndex other_worker = chat_.connect(2, user_named("carol"));
  const ClientIndex second_tab = chat_.connect(0, user_named("alice"));
  for (const ClientIndex c : {client_, same_worker, other_worker, second_tab}) {
    chat_.enter(c, "general");
  }
  chat_.forget_all();
  chat_.say(client_, {{"type", "typing"}, {"room", "general"}});
  chat_.settle();
  const Json typing{{"type", "typing"},
                    {"room", "general"},
                    {"user", "alice"},
                    {"userId", "user:alice"},
                    {"typing", true}};
  EXPECT_TRUE(chat_.take(client_).empty());
  for (const ClientIndex c : {same_worker, other_worker, second_tab}) {
    EXPECT_EQ(chat_.take(c), std::vector<Json>{typing});
  }
  chat_.say(client_, {{"type", "typing"}, {"room", "general"}, {"typing", false}});
  chat_.settle();
  EXPECT_EQ(chat_.take_one(other_worker, "typing")["typing"], false);
  EXPECT_EQ(chat_.total().publications, 0u);  // It is not numbered.
  EXPECT_EQ(chat_.total().history_messages, 0u);
}

TEST_F(ClassicCommands, OnlineNamesWhoIsInTheRoom) {
  const ClientIndex bob = chat_.connect(1, user_named("bob"));
  const ClientIndex bobs_phone = chat_.connect(2, user_named("bob"));
  for (const ClientIndex c : {client_, bob, bobs_phone}) chat_.enter(c, "general");
  EXPECT_EQ(only_answer({{"type", "online"}, {"room", "general"}}),
            (Json{{"type", "online"},
                  {"room", "general"},
                  {"count", 3},
                  {"users",
                   {{{"id", "user:alice"}, {"username", "alice"}},
                    {{"id", "user:bob"}, {"username", "bob"}}}}}));
}

TEST_F(ClassicCommands, OnlineWithoutARoomCountsTheSessionsOfAllWorkers) {
  chat_.connect_guest(1);
  chat_.connect_guest(2);
  const ClientIndex leaver = chat_.connect_guest(2);
  const auto count = [this] {
    // From each worker to the counter, and from there to all.
    for (int i = 0; i < 3; ++i) {
      chat_.pass_time(seconds(2));
      chat_.tick();
      chat_.settle();
    }
    return only_answer({{"type", "online"}});
  };
  EXPECT_EQ(count(), (Json{{"type", "online"}, {"count", 4}}));
  chat_.close(leaver);
  EXPECT_EQ(count()["count"], 3);
  chat_.connect_guest(0);
  EXPECT_EQ(count()["count"], 4);
}

TEST_F(ClassicCommands, OnlineWithoutARoomIsAtLeastWhoIsConnectedHere) {
  chat_.connect_guest(0);
  EXPECT_EQ(only_answer({{"type", "online"}})["count"], 2);  // Nobody has counted all yet.
}

TEST_F(ClassicCommands, SessionsAreCountedOnWorkersOtherThanTheCounter) {
  const ClientIndex elsewhere = chat_.connect_guest(2);
  for (int i = 0; i < 3; ++i) {
    chat_.pass_time(seconds(2));
    chat_.tick();
    chat_.settle();
  }
  chat_.take(elsewhere);
  chat_.say(elsewhere, {{"type", "online"}});
  EXPECT_EQ(chat_.take_one(elsewhere, "online")["count"], 2);
}

}  // namespace
}  // namespace parley::core
