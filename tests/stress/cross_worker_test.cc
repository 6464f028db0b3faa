// A whole server with four workers, and clients on threads: what workers share must be in order,
// complete, and without a data race.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "server/log/log.h"
#include "server/process/server.h"
#include "tests/stress/cross_worker_client.h"

namespace parley::stress {
namespace {

class CrossWorker : public testing::Test {
 protected:
  void start(std::uint32_t mailbox_capacity) {
    config_.listen_port = 0;
    config_.workers = 4;
    config_.log_level = server::LogLevel::off;
    config_.connections_max = 400;
    config_.recv_buffers = 64;
    config_.mailbox_capacity = mailbox_capacity;
    config_.rate_connection = {};
    config_.rate_user = {};
    Result<std::unique_ptr<server::Log>> log = server::Log::open(config_);
    ASSERT_TRUE(log.has_value());
    log_ = *std::move(log);
    Result<std::unique_ptr<server::Server>> server = server::Server::start(config_, *log_);
    ASSERT_TRUE(server.has_value()) << server.error().message;
    server_ = *std::move(server);
  }

  server::Config config_;
  std::unique_ptr<server::Log> log_;
  std::unique_ptr<server::Server> server_;
};

TEST_F(CrossWorker, EveryMemberSeesTheSameOrderWithoutAGap) {
  constexpr std::size_t clients = 20;
  constexpr std::size_t rooms = 5;
  constexpr std::size_t messages_each = 100;
  constexpr std::size_t messages_of_room = messages_each * clients / rooms;
  start(1'024);
  std::vector<std::vector<std::string>> heard(clients);
  std::barrier all_in(clients);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < clients; ++i) {
      threads.emplace_back([&, i] {
        const std::string room = "room" + std::to_string(i % rooms);
        WsClient client(server_->port());
        EXPECT_EQ(client.join(room), 0u);
        all_in.arrive_and_wait();
        for (std::size_t m = 0; m < messages_each; ++m) {
          client.say(room, std::to_string(i) + "/" + std::to_string(m));
        }
        for (std::size_t m = 0; m < messages_of_room; ++m) {
          const std::string message = client.read_until("message");
          EXPECT_EQ(number_in(message, "seq"), m + 1);
          EXPECT_EQ(string_in(message, "room"), room);
          heard[i].push_back(string_in(message, "message"));
        }
        client.say_goodbye();
      });
    }
  }
  for (std::size_t i = 0; i < clients; ++i) {
    EXPECT_EQ(heard[i].size(), messages_of_room);
    EXPECT_EQ(heard[i], heard[i % rooms]) << "client " << i;
  }
  EXPECT_TRUE(server_->shut_down());
}

constexpr std::size_t members = 4;

// Talks in the room `churn` until nobody churns any more and all members have said `final`;
// returns the number of the last message it heard.
std::uint64_t stay(WsClient& client, std::size_t index, const std::atomic<std::size_t>& churning) {
  std::uint64_t last = 0;
  std::size_t finals = 0;
  int words = 0;
  std::string said;  // The next word only follows when the last one has come back.
  const auto speak = [&] {
    // relaxed: only says when to stop; nothing is read because of it.
    const bool stop = churning.load(std::memory_order_relaxed) == 0;
    said = stop ? "final" : std::to_string(index) + "/" + std::to_string(++words);
    client.say("churn", said);
  };
  speak();
  while (finals < members) {
    const std::string message = client.read_until("message");
    EXPECT_EQ(number_in(message, "seq"), last + 1);
    last = number_in(message, "seq");
    const std::string word = string_in(message, "message");
    if (word == "final") {
      finals += 1;
    } else if (word == said) {
      speak();
    }
  }
  return last;
}

// Comes in, says a little, and leaves in one of five ways.
void come_and_go(std::uint16_t port, std::size_t way) {
  WsClient client(port);
  std::uint64_t last = client.join("churn");
  for (int i = 0; i < 3; ++i) {
    client.say("churn", "passing by");
    const std::string message = client.read_until("message");
    EXPECT_EQ(number_in(message, "seq"), last + 1);
    last = number_in(message, "seq");
  }
  const std::string other = "side" + std::to_string(way % 7);
  switch (way % 5) {
    case 0:  // Gone in the middle of a frame.
      return client.send_bytes("\x81\xfe\x01");
    case 1:  // Gone while it joins.
      return client.send_text("{\"type\":\"joinRoom\",\"room\":\"" + other + "\"}");
    case 2:
      client.send_text("{\"type\":\"leaveRoom\",\"room\":\"churn\"}");
      static_cast<void>(client.read_until("roomLeft"));
      client.join(other);
      client.join("churn");
      return client.say_goodbye();
    case 3:
      client.join(other);
      client.say(other, "hello");
      static_cast<void>(client.read_until("message"));
      return client.say_goodbye();
    default:  // Gone without a word, with much unread.
      for (int i = 0; i < 10; ++i) client.say("churn", "unread");
  }
}

TEST_F(CrossWorker, MembersStayInOrderWhileOthersComeAndGo) {
  constexpr std::size_t churners = 6;
  constexpr std::size_t rounds = 20;
  start(16);  // Full mailboxes are part of it.
  std::barrier all_in(members + churners);
  std::atomic<std::size_t> churning{churners};
  std::vector<std::uint64_t> last_heard(members);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < members; ++i) {
      threads.emplace_back([&, i] {
        WsClient client(server_->port());
        client.join("churn");
        all_in.arrive_and_wait();
        last_heard[i] = stay(client, i, churning);
        client.say_goodbye();
      });
    }
    for (std::size_t i = 0; i < churners; ++i) {
      threads.emplace_back([&, i] {
        all_in.arrive_and_wait();
        for (std::size_t round = 0; round < rounds; ++round) {
          come_and_go(server_->port(), i + round);
        }
        churning.fetch_sub(1, std::memory_order_relaxed);
      });
    }
  }
  // Each stopped at the last of the four last words.
  for (const std::uint64_t last : last_heard) EXPECT_EQ(last, last_heard[0]);
  EXPECT_GE(last_heard[0], churners * rounds * 3);
  EXPECT_TRUE(server_->shut_down());
}

TEST_F(CrossWorker, ShutDownSaysGoodbyeToEverybody) {
  constexpr std::size_t clients = 20;
  start(1'024);
  std::barrier all_in(clients + 1);
  std::atomic<std::size_t> told{0};
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < clients; ++i) {
    threads.emplace_back([&, i] {
      WsClient client(server_->port());
      client.join("room" + std::to_string(i % 3));
      all_in.arrive_and_wait();
      if (i % 2 == 0) client.say("room" + std::to_string(i % 3), "still talking");
      while (client.read_text()) {
      }
      // relaxed: read after the threads are joined.
      if (client.close_code() == 1001) told.fetch_add(1, std::memory_order_relaxed);
    });
  }
  all_in.arrive_and_wait();
  EXPECT_TRUE(server_->shut_down());
  threads.clear();
  EXPECT_EQ(told.load(std::memory_order_relaxed), clients);
}

TEST_F(CrossWorker, StopsAndStartsAgainWithoutClients) {
  start(1'024);
  EXPECT_GT(server_->port(), 0);
  EXPECT_EQ(server_->workers(), 4);
  EXPECT_TRUE(server_->shut_down());
  EXPECT_TRUE(server_->shut_down());  // Again changes nothing.
  start(1'024);
  server_.reset();  // The destructor ends it too.
}

}  // namespace
}  // namespace parley::stress
