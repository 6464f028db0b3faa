// A whole server on its threads and the kernel's ring, clients on loopback: in steady state, a
// message takes nothing from the heap on its way from one socket to all others.
//
// Steady  Members are in, history is full and evicts with each message. How deep pools and queues
//         ever have to be is a matter of timing, so there is not one count but a few, one after the
//         other, until one is 0. What allocates per message never gets there.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "server/log/log.h"
#include "server/process/server.h"
#include "services/auth/token_verifier.h"
#include "tests/alloc/chat_client.h"
#include "tests/alloc/counted_allocations.h"

namespace parley::test {
namespace {

constexpr std::size_t members = 100;
constexpr std::uint32_t history_max = 64;
constexpr std::uint8_t ping = 9;
constexpr std::uint8_t pong = 10;
constexpr std::string_view room = "general";
constexpr std::string_view secret = "a secret of at least thirty-two bytes";

std::string say(std::size_t text_bytes) {
  return say_frame(room, std::string(text_bytes, 'x'));
}

// The value of a metric, of all workers or of one: `{worker="1"}`.
std::uint64_t metric(std::string_view metrics, std::string_view name, std::string_view worker) {
  const std::string start = "\nparley_" + std::string(name) + std::string(worker);
  std::uint64_t total = 0;
  for (std::size_t at = metrics.find(start); at != std::string_view::npos;
       at = metrics.find(start, at + 1)) {
    const std::size_t value = metrics.find(' ', at) + 1;
    if (metrics[value - 2] != '}') continue;
    total += std::stoull(std::string(metrics.substr(value, metrics.find('\n', value) - value)));
  }
  return total;
}

class SteadyState : public testing::Test {
 protected:
  SteadyState() {
    leave_this_thread_out();
    config_.listen_port = 0;
    config_.log_level = server::LogLevel::off;
    config_.connections_max = 2 * (members + 10);
    config_.echo_path = "/echo";
    config_.jwt_secret = secret;
    config_.history_count_max = history_max;
    // However slow this machine is, nobody is given up.
    config_.handshake_timeout_ms = 60'000;
    config_.idle_timeout_ms = 0;
    config_.ping_interval_ms = 0;
    // Limits that everything is held against and nothing reaches.
    for (server::Rate* rate : {&config_.rate_connection, &config_.rate_join, &config_.rate_user,
                               &config_.rate_address}) {
      *rate = {.count = 1'000'000, .window_ms = 1'000};
    }
  }

  void start(std::uint16_t workers) {
    config_.workers = workers;
    Result<std::unique_ptr<server::Log>> log = server::Log::open(config_);
    ASSERT_TRUE(log.has_value());
    log_ = *std::move(log);
    Result<std::unique_ptr<server::Server>> server = server::Server::start(config_, *log_);
    ASSERT_TRUE(server.has_value()) << server.error().message;
    server_ = *std::move(server);
  }

  // Guests and users with tokens in turn: their limits are held at different places.
  void connect_members(std::string_view path) {
    for (std::size_t i = 0; i < members; ++i) {
      std::string target(path);
      if (i % 2 == 1) target += "?token=" + token_of("user" + std::to_string(i));
      clients_.push_back(std::make_unique<ChatClient>(server_->port(), target));
    }
  }

  static std::string token_of(const std::string& user) {
    const services::TokenKey key{.algorithm = services::TokenAlgorithm::hs256,
                                 .key = std::string(secret)};
    const services::TokenClaims claims{
        .subject = user, .username = user, .expires = UnixMillis{INT64_MAX}};
    const Result<std::string> token = services::mint_token(key, claims, UnixMillis{0});
    CHECK(token.has_value());
    return *token;
  }

  void join_all() {
    for (const auto& client : clients_) client->join(room);
  }

  // Each worker publishes what it counts five times a second.
  std::string metrics_when(std::string_view name, std::uint64_t total) {
    std::string metrics;
    do {
      metrics = http_get(server_->port(), "/metrics");
    } while (metric(metrics, name, "") != total);
    return metrics;
  }

  // The room has members on all workers, and these have told each other.
  void wait_until_split() {
    const std::string metrics = metrics_when("memberships", members);
    for (std::uint16_t worker = 0; worker < config_.workers; ++worker) {
      EXPECT_GT(metric(metrics, "memberships", "{worker=\"" + std::to_string(worker) + "\"}"), 0u);
    }
    for (const auto& client : clients_) {
      do {
        client->write(client_frame(1, R"({"type":"online"})"));
      } while (client->read_until("online") != R"({"type":"online","count":100})");
    }
  }

  // Members take turns in saying `frame`, `in_flight` of them at a time, and all hear all of it.
  void chat(std::size_t messages, std::size_t in_flight, std::string_view frame) {
    for (std::size_t said = 0; said < messages; said += in_flight) {
      for (std::size_t i = 0; i < in_flight; ++i) next_client().write(frame);
      hear(in_flight);
    }
  }

  void hear(std::size_t messages) {
    for (const auto& client : clients_) {
      for (std::size_t i = 1; i <= messages; ++i) ASSERT_EQ(client->read_message(), heard_ + i);
    }
    heard_ += messages;
  }

  // So many in one turn that their pool is deep enough for whatever all members cause at once.
  void ask_for_many_pongs() {
    std::string pings;
    for (std::size_t i = 0; i < 2 * members; ++i) pings += client_frame(ping, "");
    for (const auto& client : clients_) {
      client->write(pings);
      for (std::size_t i = 0; i < 2 * members; ++i) client->await(pong);
    }
  }

  ChatClient& next_client() { return *clients_[turn_++ % clients_.size()]; }

  // What `load` takes from the heap on all threads of the server, in steady state.
  template <class Load>
  static std::uint64_t steady_allocations_of(Load load) {
    constexpr int counts_max = 20;
    std::uint64_t taken = 0;
    for (int i = 1; i <= counts_max; ++i) {
      const std::uint64_t before = allocations();
      tell_where(i == counts_max);
      load();
      tell_where(false);
      taken = allocations() - before;
      std::printf("count %d: %llu allocations\n", i, static_cast<unsigned long long>(taken));
      if (taken == 0) break;
    }
    return taken;
  }

  server::Config config_;
  std::unique_ptr<server::Log> log_;
  std::unique_ptr<server::Server> server_;
  std::vector<std::unique_ptr<ChatClient>> clients_;
  std::size_t turn_ = 0;
  std::uint64_t heard_ = 0;
};

struct Chat {
  std::uint16_t workers;
  std::size_t text_bytes;
  std::size_t in_flight;
  std::size_t messages;
};

std::string text_of(const Chat& chat) {
  return std::to_string(chat.messages) + "OfBytes" + std::to_string(chat.text_bytes) + "InFlight" +
         std::to_string(chat.in_flight) + "Workers" + std::to_string(chat.workers);
}

std::string name_of(const testing::TestParamInfo<Chat>& info) {
  return text_of(info.param);
}

void PrintTo(const Chat& chat, std::ostream* out) {
  *out << text_of(chat);
}

class SteadyChat : public SteadyState, public testing::WithParamInterface<Chat> {};

TEST_P(SteadyChat, AMessageToARoomAllocatesNothing) {
  const Chat& load = GetParam();
  start(load.workers);
  connect_members("/ws");
  join_all();
  wait_until_split();
  const std::string frame = say(load.text_bytes);
  chat(load.messages / 5, load.in_flight, frame);
  EXPECT_EQ(steady_allocations_of([&] { chat(load.messages, load.in_flight, frame); }), 0u);
  metrics_when("history_messages", history_max);
}

constexpr std::size_t many = 10'000;
constexpr std::size_t fewer = 1'000;  // Alone, each is a send of its own to each member.

INSTANTIATE_TEST_SUITE_P(Loads, SteadyChat,
                         testing::Values(Chat{1, 64, 1, fewer}, Chat{1, 64, 16, many},
                                         Chat{1, 512, 1, fewer}, Chat{1, 512, 16, many},
                                         Chat{2, 64, 1, fewer}, Chat{2, 64, 16, many},
                                         Chat{2, 512, 1, fewer}, Chat{2, 512, 16, many},
                                         Chat{1, 64, 256, many}, Chat{2, 64, 256, many}),
                         name_of);

// More in one write than a receive buffer holds: most buffers end inside a message, and a turn
// brings the room many.
TEST_F(SteadyState, MessagesInOneWriteAllocateNothing) {
  start(1);
  connect_members("/ws");
  join_all();
  for (const auto& [burst, text_bytes] : {std::pair{16uz, 512uz}, std::pair{256uz, 64uz}}) {
    std::string frames;
    for (std::size_t i = 0; i < burst; ++i) frames += say(text_bytes);
    const auto chat_in_bursts = [&] {
      for (std::size_t said = 0; said < many; said += burst) {
        next_client().write(frames);
        hear(burst);
      }
    };
    EXPECT_EQ(steady_allocations_of(chat_in_bursts), 0u) << burst;
  }
}

TEST_F(SteadyState, AnEchoAllocatesNothing) {
  start(2);
  connect_members("/echo");
  const std::string small = client_frame(1, std::string(64, 'x'));
  const std::string large = client_frame(2, std::string(512, 'y'));
  const auto talk = [&](std::size_t rounds) {
    for (std::size_t round = 0; round < rounds; ++round) {
      ChatClient& client = next_client();
      for (int i = 0; i < 8; ++i) {
        client.write(small);
        client.write(large);
      }
      for (int i = 0; i < 8; ++i) {
        ASSERT_EQ(client.read().payload.size(), 64u);
        ASSERT_EQ(client.read().payload.size(), 512u);
      }
    }
  };
  talk(200);
  EXPECT_EQ(steady_allocations_of([&] { talk(many / 16); }), 0u);
}

TEST_F(SteadyState, APingAllocatesNothing) {
  start(2);
  connect_members("/ws");
  const std::string pings = client_frame(ping, "are you there?") + client_frame(ping, "");
  const auto ping_all = [&] {
    for (int round = 0; round < 50; ++round) {
      for (const auto& client : clients_) client->write(pings);
      for (const auto& client : clients_) {
        client->await(pong);
        client->await(pong);
      }
    }
  };
  ask_for_many_pongs();
  EXPECT_EQ(steady_allocations_of(ping_all), 0u);
}

// One each, and no second count: the next ping would be a time-out away.
TEST_F(SteadyState, AServersPingAllocatesNothing) {
  config_.ping_interval_ms = 500;
  start(1);
  connect_members("/ws");
  join_all();
  chat(100, 1, say(64));
  ask_for_many_pongs();
  const std::uint64_t before = allocations();
  for (const auto& client : clients_) client->await(ping);
  EXPECT_EQ(allocations(), before);
}

// What this test would see if there was anything to see: a connection has a parser of its own.
TEST_F(SteadyState, ANewConnectionDoesAllocate) {
  start(1);
  connect_members("/ws");
  join_all();
  const std::string frame = say(64);
  chat(2'000, 16, frame);
  const std::uint64_t before = allocations();
  chat(160, 16, frame);
  const ChatClient another(server_->port(), "/ws");
  chat(160, 16, frame);
  EXPECT_GT(allocations(), before);
}

}  // namespace
}  // namespace parley::test
