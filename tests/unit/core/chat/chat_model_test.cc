// Random joins, leaves, closes and publications over three hubs, with mail in any order the
// mailboxes allow, against a model of what each client must have heard.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "tests/unit/core/chat/chat_harness.h"

namespace parley::core {
namespace {

// What one client has seen of one room since it last asked to join.
struct View {
  bool live = false;
  Sequence next = 0;  // The number it must hear next.
};

class ChatModel {
 public:
  ChatModel(std::uint64_t seed, const RateLimit& user_messages)
      : random_(seed), chat_({.config = config(user_messages), .seed = seed}) {}

  void step() {
    const std::uint32_t choice = below(100);
    if (choice < 12 && clients_.size() < 24) {
      open();
    } else if (choice < 40) {
      with_client([this](ClientIndex c) { join(c); });
    } else if (choice < 55) {
      with_client([this](ClientIndex c) { leave(c); });
    } else if (choice < 62) {
      with_client([this](ClientIndex c) { close(c); });
    } else if (choice < 80) {
      with_client([this](ClientIndex c) { publish(c); });
    } else if (choice < 97) {
      chat_.turn(static_cast<std::uint16_t>(below(chat_.workers())), below(6));
    } else {
      chat_.pass_time(milliseconds(300));
      chat_.tick();
    }
    chat_.check_invariants();
    listen();
  }

  void finish() {
    chat_.settle();
    listen();
    ASSERT_EQ(said_, chat_.total().publications);
    ASSERT_LE(heard_of_.size(), said_);  // Some were heard by nobody.
    std::size_t memberships = 0;
    for (const auto& [client, views] : clients_) {
      for (const auto& [room, view] : views) memberships += view.live ? 1 : 0;
    }
    ASSERT_EQ(chat_.total().memberships, memberships);
    while (!clients_.empty()) close(clients_.begin()->first);
    chat_.settle();
    for (int i = 0; i < 3; ++i) {
      chat_.pass_time(seconds(120));
      chat_.tick();
      chat_.settle();
    }
    const HubCounts total = chat_.total();
    EXPECT_EQ(total.sessions, 0u);
    EXPECT_EQ(total.memberships, 0u);
    EXPECT_EQ(total.rooms_edge, 0u);
    EXPECT_EQ(total.rooms_home, 0u);
    EXPECT_EQ(total.history_messages, 0u);
  }

 private:
  static constexpr std::uint32_t rooms = 5;

  static HubConfig config(const RateLimit& user_messages) {
    HubConfig config = unlimited();
    config.user_messages = user_messages;
    config.presence_members_max = 4;
    config.history_age_max = seconds(100);
    return config;
  }

  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }
  std::string random_room() { return "room" + std::to_string(below(rooms)); }

  template <class Action>
  void with_client(Action action) {
    if (clients_.empty()) return;
    auto at = clients_.begin();
    std::advance(at, below(static_cast<std::uint32_t>(clients_.size())));
    action(at->first);
  }

  void open() {
    const auto worker = static_cast<std::uint16_t>(below(chat_.workers()));
    const ClientIndex client = below(2) == 0
                                   ? chat_.connect_guest(worker)
                                   : chat_.connect(worker, user_named(std::to_string(below(4))));
    clients_[client];
    chat_.take(client);
  }

  void join(ClientIndex client) {
    const std::string room = random_room();
    chat_.say(client, {{"type", "joinRoom"}, {"room", room}});
    clients_[client].try_emplace(room);
  }

  void leave(ClientIndex client) {
    chat_.say(client, {{"type", "leaveRoom"}, {"room", random_room()}});
  }

  void close(ClientIndex client) {
    listen_to(client);
    chat_.close(client);
    clients_.erase(client);
  }

  void publish(ClientIndex client) {
    listen_to(client);
    const std::string room = random_room();
    const auto view = clients_[client].find(room);
    if (view != clients_[client].end() && view->second.live) said_ += 1;
    chat_.say(client, {{"type", "message"}, {"room", room}, {"message", std::to_string(client)}});
  }

  void listen() {
    for (const auto& [client, views] : clients_) listen_to(client);
  }

  void listen_to(ClientIndex client) {
    std::map<std::string, View>& views = clients_[client];
    for (const Json& message : chat_.take(client)) {
      const std::string type = message["type"];
      if (type == "error") {
        EXPECT_TRUE(message["code"] == "not_in_room" || message["code"] == "already_in_room");
        continue;
      }
      const std::string room = message["room"];
      ASSERT_TRUE(views.contains(room)) << "of a room it never asked for: " << message;
      View& view = views[room];
      if (type == "roomJoined") {
        EXPECT_FALSE(view.live);
        view = {.live = true, .next = message["seq"].get<Sequence>() + 1};
        continue;
      }
      if (type == "roomLeft") {
        view.live = false;  // It was in, or on its way.
        continue;
      }
      if (type == "history" && !view.live) continue;  // It left before its history came.
      ASSERT_TRUE(view.live) << "of a room it is not in: " << message;
      if (type == "message") {
        EXPECT_EQ(message["seq"], view.next) << "client " << client << " in " << room;
        view.next += 1;
        remember(room, message);
      } else if (type == "history") {
        for (const Json& old : message["messages"]) remember(room, old);
      }
    }
  }

  // All clients must agree on what a number stands for.
  void remember(const std::string& room, const Json& message) {
    const std::string key = room + "#" + message["seq"].dump();
    const auto [at, is_new] = heard_of_.try_emplace(key, message);
    EXPECT_TRUE(is_new || at->second == message) << key;
  }

  std::mt19937_64 random_;
  Chat chat_;
  std::map<ClientIndex, std::map<std::string, View>> clients_;
  std::map<std::string, Json> heard_of_;
  std::size_t said_ = 0;
};

void run_models(const RateLimit& user_messages) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE(seed);
    ChatModel model(seed, user_messages);
    for (int step = 0; step < 500; ++step) {
      model.step();
      if (testing::Test::HasFailure()) return;
    }
    model.finish();
    if (testing::Test::HasFailure()) return;
  }
}

TEST(ChatModel, AgreesWithTheHubsInAnyOrderOfMail) {
  run_models({});
}

// A limit that nobody reaches: what users do goes round by their homes, and none of it is lost.
TEST(ChatModel, AgreesWithTheHubsWhenUsersHaveALimit) {
  run_models({.burst = 1'000'000, .window = seconds(1)});
}

}  // namespace
}  // namespace parley::core
