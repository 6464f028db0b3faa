#include "tests/unit/core/chat/chat_harness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/check.h"
#include "core/rooms/room_name.h"

namespace parley::core {

class Chat::Sink final : public EdgeSink {
 public:
  Sink(Chat& chat, std::uint16_t self) : chat_(chat), self_(self) {}

  void send(ConnId conn, PayloadRef frame) override {
    const Client& client = chat_.clients_[chat_.client_at_.at({self_, conn.slot})];
    EXPECT_EQ(client.conn, conn);
    chat_.hear(self_, conn.slot, frame->frame());
  }
  void deliver(std::span<const std::uint32_t> slots, const PayloadRef& frame) override {
    for (const std::uint32_t slot : slots) {
      std::vector<Json>& heard = chat_.clients_[chat_.client_at_.at({self_, slot})].heard;
      const std::size_t before = heard.size();
      chat_.hear(self_, slot, frame->frame());
      if (frame->first_sequence == 0) continue;
      // It may be dropped, so it holds what its numbers say and nothing else.
      EXPECT_EQ(heard.size() - before, frame->last_sequence - frame->first_sequence + 1);
    }
  }
  void close(ConnId, CloseCode, std::string_view) override {
    ADD_FAILURE() << "the classic vocabulary closes no connection";
  }
  // Its clients read at once.
  bool has_room(ConnId) override { return true; }
  bool admitted(ConnId conn, bool allowed) override {
    if (chat_.abandoned_.contains(conn.generation)) return false;
    EXPECT_TRUE(chat_.verdicts_.emplace(conn.generation, allowed).second);
    return true;
  }
  void post(WorkerId target, Mail&& mail) override {
    mail.from = WorkerId{self_};
    EXPECT_NE(target.value, self_) << "mail to oneself is handled at once";
    chat_.mail_[{self_, target.value, rank_of(mail.kind)}].push_back(std::move(mail));
  }

 private:
  Chat& chat_;
  const std::uint16_t self_;
};

class Chat::Tokens final : public Hub::TokenVerifier {
 public:
  std::optional<Identity> verify(std::string_view token, UnixMillis) override {
    if (!token.starts_with("token-of-")) return std::nullopt;
    return user_named(token.substr(std::strlen("token-of-")));
  }
};

Chat::Chat(const Setup& setup)
    : config_(setup.config), random_(setup.seed), tokens_(std::make_unique<Tokens>()) {
  constexpr std::uint64_t idle_bytes_max = 0;  // Freed at once: a late use is a heap error.
  for (std::uint16_t i = 0; i < setup.workers; ++i) {
    pools_.push_back(std::make_unique<PayloadPool>(idle_bytes_max));
    encoders_.push_back(std::make_unique<server::JsonEncoder>(*pools_[i]));
    sinks_.push_back(std::make_unique<Sink>(*this, i));
    hubs_.push_back(std::make_unique<Hub>(config_, WorkerId{i}, setup.workers,
                                          Hub::Borrowed{.pool = *pools_[i],
                                                        .encoder = *encoders_[i],
                                                        .sink = *sinks_[i],
                                                        .vocabulary = vocabulary_,
                                                        .tokens = tokens_.get()}));
  }
  free_slots_.resize(setup.workers);
  slots_used_.resize(setup.workers);
}

Chat::~Chat() = default;

ClientIndex Chat::connect(std::uint16_t worker, const Identity& identity) {
  return connect_from(worker, identity, IpAddress::v4(127, 0, 0, 1));
}

ClientIndex Chat::connect_guest(std::uint16_t worker) {
  const std::string number = std::to_string(clients_.size());
  return connect(worker, new_guest(std::string(guest_digits - number.size(), '0') + number));
}

ClientIndex Chat::connect_from(std::uint16_t worker, const Identity& identity,
                               const IpAddress& address) {
  std::uint32_t slot = slots_used_[worker];
  if (free_slots_[worker].empty()) {
    slots_used_[worker] += 1;
  } else {
    slot = free_slots_[worker].back();
    free_slots_[worker].pop_back();
  }
  const ClientIndex index = clients_.size();
  clients_.push_back({.worker = worker, .conn = {slot, ++generations_}, .heard = {}});
  client_at_[{worker, slot}] = index;
  begin(worker);
  hubs_[worker]->on_open(clients_[index].conn, identity, address);
  end(worker);
  return index;
}

Chat::Client& Chat::open_client(ClientIndex client) {
  CHECK(clients_[client].open);
  return clients_[client];
}

void Chat::close(ClientIndex index) {
  Client& client = open_client(index);
  begin(client.worker);
  hubs_[client.worker]->on_closed(client.conn);
  client.open = false;
  client_at_.erase({client.worker, client.conn.slot});
  free_slots_[client.worker].push_back(client.conn.slot);
  end(client.worker);
}

void Chat::say(ClientIndex index, const Json& message) {
  const Client& client = open_client(index);
  const Value* value = nullptr;
  const std::string text = message.dump();
  CHECK(reader_.read(text, value) == protocol::JsonStatus::ok);
  begin(client.worker);
  hubs_[client.worker]->on_message(client.conn, *value);
  end(client.worker);
}

void Chat::say_unreadable(ClientIndex index, std::string_view code) {
  const Client& client = open_client(index);
  begin(client.worker);
  hubs_[client.worker]->on_unreadable(client.conn, code, "this cannot be read");
  end(client.worker);
}

void Chat::enter(ClientIndex client, std::string_view room) {
  say(client, {{"type", "joinRoom"}, {"room", room}});
  settle();
  take(client);
}

void Chat::begin(std::uint16_t worker) {
  hubs_[worker]->begin_turn(now_, UnixMillis{1'700'000'000'000 + now_.ns / 1'000'000});
}

void Chat::end(std::uint16_t worker) {
  hubs_[worker]->end_turn();
}

void Chat::turn(std::uint16_t worker, std::uint32_t letters_max) {
  begin(worker);
  for (std::uint32_t i = 0; i < letters_max; ++i) {
    std::vector<std::deque<Mail>*> waiting;
    for (auto& [key, queue] : mail_) {
      if (std::get<1>(key) == worker && !queue.empty()) waiting.push_back(&queue);
    }
    if (waiting.empty()) break;
    std::deque<Mail>& queue = *waiting[random_() % waiting.size()];
    Mail letter = std::move(queue.front());
    queue.pop_front();
    hubs_[worker]->on_mail(std::move(letter));
  }
  end(worker);
}

void Chat::settle() {
  while (mail_waiting() > 0) {
    const auto letters_max = static_cast<std::uint32_t>(1 + random_() % 8);
    turn(static_cast<std::uint16_t>(random_() % hubs_.size()), letters_max);
  }
}

std::size_t Chat::mail_waiting() const {
  std::size_t count = 0;
  for (const auto& [key, queue] : mail_) count += queue.size();
  return count;
}

void Chat::tick() {
  for (std::uint16_t worker = 0; worker < workers(); ++worker) {
    begin(worker);
    hubs_[worker]->tick();
    end(worker);
  }
}

// Splits unmasked, unfragmented text frames (RFC 6455 5.2): all that a hub may send.
void Chat::hear(std::uint16_t worker, std::uint32_t slot, Bytes frames) {
  const auto at = client_at_.find({worker, slot});
  ASSERT_NE(at, client_at_.end()) << "a frame for a connection that has closed";
  const auto byte = [&frames](std::size_t i) { return std::to_integer<std::uint64_t>(frames[i]); };
  while (!frames.empty()) {
    ASSERT_GE(frames.size(), 2u);
    ASSERT_EQ(byte(0), 0x81u);
    std::uint64_t bytes = byte(1);
    std::size_t header = 2;
    if (bytes == 126) {
      bytes = byte(2) << 8 | byte(3);
      header = 4;
    } else if (bytes == 127) {
      bytes = 0;
      for (std::size_t i = 2; i < 10; ++i) bytes = bytes << 8 | byte(i);
      header = 10;
    }
    ASSERT_GE(frames.size(), header + bytes);
    const Bytes text = frames.subspan(header, bytes);
    clients_[at->second].heard.push_back(
        Json::parse(std::string_view(reinterpret_cast<const char*>(text.data()), text.size())));
    frames = frames.subspan(header + bytes);
  }
}

std::vector<Json> Chat::take(ClientIndex client) {
  return std::exchange(clients_[client].heard, {});
}

std::vector<Json> Chat::take(ClientIndex client, std::string_view type) {
  std::vector<Json> heard = take(client);
  std::erase_if(heard, [type](const Json& message) { return message["type"] != type; });
  return heard;
}

Json Chat::take_one(ClientIndex client, std::string_view type) {
  const std::vector<Json> heard = take(client, type);
  return heard.empty() ? Json() : heard.front();
}

void Chat::forget_all() {
  for (Client& client : clients_) client.heard.clear();
}

ConnId Chat::ask_admission(std::uint16_t worker, const IpAddress& address) {
  const ConnId conn{0, ++generations_};
  begin(worker);
  hubs_[worker]->admit(conn, address);
  end(worker);
  return conn;
}

void Chat::abandon(ConnId conn) {
  abandoned_[conn.generation] = true;
}

void Chat::release(std::uint16_t worker, const IpAddress& address) {
  begin(worker);
  hubs_[worker]->release(address);
  end(worker);
}

HubCounts Chat::total() const {
  HubCounts total;
  for (const std::unique_ptr<Hub>& hub : hubs_) {
    const HubCounts counts = hub->counts();
    total.sessions += counts.sessions;
    total.rooms_home += counts.rooms_home;
    total.rooms_edge += counts.rooms_edge;
    total.memberships += counts.memberships;
    total.history_messages += counts.history_messages;
    total.history_bytes += counts.history_bytes;
    total.publications += counts.publications;
    total.deliveries += counts.deliveries;
    total.commands += counts.commands;
    total.errors_told += counts.errors_told;
    total.rate_limited += counts.rate_limited;
  }
  return total;
}

std::uint16_t Chat::home_of(std::string_view room) const {
  return static_cast<std::uint16_t>(room_id(room, config_.hash_key).high % hubs_.size());
}

std::string Chat::room_at(std::uint16_t worker, std::string_view prefix) const {
  for (int i = 0;; ++i) {
    std::string name = std::string(prefix) + std::to_string(i);
    if (home_of(name) == worker) return name;
  }
}

void Chat::check_invariants() const {
  for (const std::unique_ptr<Hub>& hub : hubs_) hub->check_invariants();
}

HubConfig unlimited() {
  HubConfig config;
  config.hash_key.fill(7);
  config.epoch_seed = 11;
  config.connections_max = 4'096;
  config.connection_commands = {};
  config.joins = {};
  config.user_messages = {};
  return config;
}

}  // namespace parley::core
