// Sequence numbers: from 1, without a gap, and one order for all members on all workers.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/core/chat/chat_harness.h"

namespace parley::core {
namespace {

TEST(Order, IsTheSameForAllMembersOnAllWorkersAndWithoutAGap) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Chat chat({.config = unlimited(), .workers = 4, .seed = seed});
    std::vector<ClientIndex> clients;
    for (std::uint16_t i = 0; i < 8; ++i) {
      clients.push_back(chat.connect_guest(static_cast<std::uint16_t>(i % 4)));
      chat.enter(clients.back(), "general");
    }
    chat.forget_all();
    for (int i = 0; i < 20; ++i) {
      for (const ClientIndex client : clients) {
        chat.say(client, {{"type", "message"},
                          {"room", "general"},
                          {"message", std::to_string(client) + ":" + std::to_string(i)}});
      }
      if (i % 3 == 0) chat.turn(static_cast<std::uint16_t>(i % 4), 5);
    }
    chat.settle();
    std::vector<std::string> order;
    for (const ClientIndex client : clients) {
      const std::vector<Json> messages = chat.take(client, "message");
      ASSERT_EQ(messages.size(), 160u);
      std::vector<std::string> texts;
      for (std::size_t i = 0; i < messages.size(); ++i) {
        ASSERT_EQ(messages[i]["seq"], i + 1);
        texts.push_back(messages[i]["message"]);
      }
      if (order.empty()) order = texts;
      ASSERT_EQ(texts, order);
    }
    // Each sender's own messages keep their order.
    for (const ClientIndex client : clients) {
      int next = 0;
      const std::string prefix = std::to_string(client) + ":";
      for (const std::string& text : order) {
        if (!text.starts_with(prefix)) continue;
        EXPECT_EQ(text, prefix + std::to_string(next++));
      }
    }
  }
}

TEST(Order, CountsEachRoomByItself) {
  Chat chat({.config = unlimited()});
  const ClientIndex client = chat.connect_guest(0);
  for (const char* room : {"a", "b", "c"}) chat.enter(client, room);
  for (int i = 1; i <= 5; ++i) {
    for (const char* room : {"a", "b", "c"}) {
      chat.say(client, {{"type", "message"}, {"room", room}, {"message", "m"}});
      chat.settle();
      EXPECT_EQ(chat.take_one(client, "message")["seq"], i);
    }
  }
}

TEST(Order, HoldsForMessagesTooLargeToBeCopiedTogether) {
  Chat chat({.config = unlimited()});
  const std::string far = chat.room_at(1, "far");
  const ClientIndex client = chat.connect_guest(0);
  const ClientIndex other = chat.connect_guest(0);
  chat.enter(client, far);
  chat.enter(other, far);
  chat.forget_all();
  // 16 KiB is copied into a sequence, more goes by reference; a sequence holds 64 KiB.
  const std::size_t sizes[] = {1, 20'000, 10, 16'000, 15'000, 16'200, 16'300, 14'000, 17'000, 3, 4};
  std::vector<std::string> texts;
  for (const std::size_t size : sizes) {
    texts.push_back(std::string(size, 'x'));
    chat.say(client, {{"type", "message"}, {"room", far}, {"message", texts.back()}});
  }
  chat.turn(1, 100);
  chat.turn(0, 100);  // All in one turn of the members' worker.
  for (const ClientIndex listener : {client, other}) {
    const std::vector<Json> messages = chat.take(listener, "message");
    ASSERT_EQ(messages.size(), texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      EXPECT_EQ(messages[i]["seq"], i + 1);
      EXPECT_EQ(messages[i]["message"], texts[i]);
    }
  }
  EXPECT_EQ(chat.counts(0).deliveries, 2 * texts.size() + 1);  // And one userJoin.
}

TEST(Order, PutsAJoinersArrivalBehindWhatWasSaidBefore) {
  Chat chat({.config = unlimited()});
  const std::string far = chat.room_at(1, "far");
  const ClientIndex first = chat.connect(0, user_named("first"));
  chat.enter(first, far);
  const ClientIndex second = chat.connect(2, user_named("second"));
  chat.take(second);
  chat.say(first, {{"type", "message"}, {"room", far}, {"message", "one"}});
  chat.turn(1, 100);
  chat.say(second, {{"type", "joinRoom"}, {"room", far}});
  chat.turn(1, 100);
  chat.say(first, {{"type", "message"}, {"room", far}, {"message", "two"}});
  chat.settle();
  const std::vector<Json> heard = chat.take(first);
  ASSERT_EQ(heard.size(), 3u);
  EXPECT_EQ(heard[0]["message"], "one");
  EXPECT_EQ(heard[1]["type"], "userJoin");
  EXPECT_EQ(heard[2]["message"], "two");
  const std::vector<Json> joiner = chat.take(second);
  ASSERT_EQ(joiner.size(), 3u);
  EXPECT_EQ(joiner[0]["type"], "roomJoined");
  EXPECT_EQ(joiner[0]["seq"], 1);
  EXPECT_EQ(joiner[1]["messages"][0]["message"], "one");
  EXPECT_EQ(joiner[2]["seq"], 2);
}

}  // namespace
}  // namespace parley::core
