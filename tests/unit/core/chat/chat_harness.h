// Some hubs in one thread, with mail between them instead of threads, and clients that remember
// what they were told.
//
// Order  Mail keeps its order between two workers at one rank, as core/mail/ promises, and nothing
//        else: settle() picks at random, from a seed, which queue moves next.
// Turns  say() and its like are a turn of that worker alone; settle() takes turns until no mail is
//        left.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/chat/hub.h"
#include "core/classic/classic.h"
#include "core/payload/payload_pool.h"
#include "protocol/json/json_reader.h"
#include "server/chat/json_encoder.h"

namespace parley::core {

using Json = nlohmann::json;

// An index of a client of one Chat, in the order of their connects.
using ClientIndex = std::size_t;

class Chat {
 public:
  struct Setup {
    HubConfig config;
    std::uint16_t workers = 3;
    std::uint64_t seed = 1;
  };

  explicit Chat(const Setup& setup);
  ~Chat();

  // A session, its `welcome` still unread.
  ClientIndex connect(std::uint16_t worker, const Identity& identity);
  ClientIndex connect_from(std::uint16_t worker, const Identity& identity,
                           const IpAddress& address);
  // Guest N is the Nth client: "guest:0000000000007", "guest-0007".
  ClientIndex connect_guest(std::uint16_t worker);
  void close(ClientIndex client);
  void say(ClientIndex client, const Json& message);
  // What the connection tells the hub when the text was not JSON.
  void say_unreadable(ClientIndex client, std::string_view code);

  // joinRoom, and all that follows from it; what the client heard is dropped.
  void enter(ClientIndex client, std::string_view room);

  void settle();
  // One turn of one worker: at most `letters_max` of the mail that waits for it.
  void turn(std::uint16_t worker, std::uint32_t letters_max);
  void tick();
  void pass_time(Duration duration) { now_ = now_ + duration; }

  // What the client heard since it was last asked, in order.
  std::vector<Json> take(ClientIndex client);
  // The same, of one type; the rest is dropped.
  std::vector<Json> take(ClientIndex client, std::string_view type);
  // The first of that type since the last take; the rest is dropped. Null: there was none.
  Json take_one(ClientIndex client, std::string_view type);
  void forget_all();  // Everybody's.

  // Admission.
  ConnId ask_admission(std::uint16_t worker, const IpAddress& address);
  void abandon(ConnId conn);  // It goes before it hears the verdict.
  void release(std::uint16_t worker, const IpAddress& address);
  // Verdicts by connection; absent: none yet.
  [[nodiscard]] const std::map<std::uint32_t, bool>& verdicts() const { return verdicts_; }

  [[nodiscard]] HubCounts total() const;
  [[nodiscard]] HubCounts counts(std::uint16_t worker) const { return hubs_[worker]->counts(); }
  [[nodiscard]] std::size_t mail_waiting() const;
  [[nodiscard]] std::uint16_t workers() const { return static_cast<std::uint16_t>(hubs_.size()); }
  [[nodiscard]] bool is_open(ClientIndex client) const { return clients_[client].open; }
  [[nodiscard]] Hub& hub(std::uint16_t worker) { return *hubs_[worker]; }
  [[nodiscard]] std::uint16_t home_of(std::string_view room) const;
  // A name that begins with `prefix`, of a room whose home is `worker`.
  [[nodiscard]] std::string room_at(std::uint16_t worker, std::string_view prefix) const;
  void check_invariants() const;

 private:
  class Sink;
  class Tokens;
  struct Client {
    std::uint16_t worker{};
    ConnId conn;
    bool open = true;
    std::vector<Json> heard;
  };
  using QueueKey = std::tuple<std::uint16_t, std::uint16_t, MailRank>;  // From, to, rank.

  void begin(std::uint16_t worker);
  void end(std::uint16_t worker);
  void hear(std::uint16_t worker, std::uint32_t slot, Bytes frames);
  [[nodiscard]] Client& open_client(ClientIndex client);

  const HubConfig config_;
  std::mt19937_64 random_;
  Instant now_{seconds(1'000).ns};
  protocol::JsonReader reader_{4'096};
  std::vector<std::unique_ptr<PayloadPool>> pools_;  // By worker, as all that follows.
  std::map<QueueKey, std::deque<Mail>> mail_;
  std::vector<std::unique_ptr<server::JsonEncoder>> encoders_;
  std::vector<std::unique_ptr<Sink>> sinks_;
  std::unique_ptr<Tokens> tokens_;
  ClassicVocabulary vocabulary_;
  std::vector<std::unique_ptr<Hub>> hubs_;
  std::vector<Client> clients_;
  std::map<std::pair<std::uint16_t, std::uint32_t>, ClientIndex> client_at_;  // By worker and slot.
  std::vector<std::vector<std::uint32_t>> free_slots_;
  std::vector<std::uint32_t> slots_used_;
  std::uint32_t generations_ = 0;
  std::map<std::uint32_t, bool> verdicts_;  // By generation.
  std::map<std::uint32_t, bool> abandoned_;
};

// A user as a token would name it.
[[nodiscard]] inline Identity user_named(std::string_view name) {
  return {.id = "user:" + std::string(name), .name = std::string(name), .guest = false};
}

// Limits out of the way, for tests of something else.
[[nodiscard]] HubConfig unlimited();

}  // namespace parley::core
