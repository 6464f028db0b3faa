// A person with a chat client: connects, upgrades, joins rooms, talks, leaves, stops reading, dies
// in the middle of a frame, and comes back where it was. What it does is drawn from the run's seed;
// what it sees goes to the oracle.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "tests/sim/digest.h"
#include "tests/sim/fault_plan.h"
#include "tests/sim/naive_frames.h"
#include "tests/sim/oracle.h"
#include "tests/sim/random.h"
#include "tests/sim/sim_net.h"

namespace parley::sim {

struct ClientScript {
  std::uint32_t actions = 20;  // Then it stays, and only reads.
  std::uint32_t rooms = 4;     // It knows room-0 to room-(rooms - 1).
  std::uint32_t text_bytes_max = 60;
  Duration pause_max = milliseconds(20);  // Between actions.
  bool chats_idly = true;                 // Also sends what an error cannot be told from.
  bool changes_its_mind = false;          // Joins, leaves and joins in one breath.
  bool says_and_leaves = false;           // Leaves in one breath with its last message.
  bool may_be_slow = false;               // Its outbox is so small that a burst can fill it.
  bool writes_bytewise = false;           // Each byte is a segment of its own.
  std::uint32_t dies_after_bytes = 0;     // Of its first connection; 0: never.
};

class SimClient final : public NetWatcher {
 public:
  struct Borrowed {  // All outlive the client.
    SimClock& clock;
    Random& random;
    FaultPlan& faults;
    SimNet& net;
    Oracle& oracle;
    Digest& digest;
    std::uint16_t workers;
  };

  SimClient(std::uint32_t number, const ClientScript& script, Borrowed borrowed);
  ~SimClient() override;

  // When step() has something to do.
  [[nodiscard]] Instant awake_at() const {
    return alarms_.empty() ? Instant::never() : alarms_.top();
  }
  void step();

  // The script is over: reads, answers, does nothing of its own. Comes back first when it is away.
  [[nodiscard]] bool acted_out() const;
  // Ends what makes it slow or deadly, so that the run comes to rest.
  void calm_down();
  // Asks who is in its rooms: exact once all is quiet.
  void ask_who_is_online();
  // Leaves politely, and for good.
  void say_goodbye();
  // Does not come back any more (the server is going away), but goes on otherwise.
  void stop_reconnecting() { may_reconnect_ = false; }

  [[nodiscard]] bool away() const { return stage_ == Stage::away; }
  [[nodiscard]] bool in_session() const { return stage_ == Stage::open; }
  // In a word, for a failure's message.
  [[nodiscard]] std::string state() const;
  // In a session, or at the door of a server that is full.
  [[nodiscard]] bool at_rest() const;

  struct Counts {
    std::uint64_t connections = 0;
    std::uint64_t refused = 0;
    std::uint64_t ended_by_peer = 0;
    std::uint64_t closed_1001 = 0;
    std::uint64_t closed_slow = 0;

    void add(const Counts& other);
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }

  void on_link(std::uint32_t tag, Instant at) override;
  void on_backlog(Instant at) override;

 private:
  enum class Stage : std::uint8_t { away, upgrading, open, closing };

  void connect();
  void act();
  void do_something();
  void join_or_leave(const std::string& room);
  void say(const std::string& room);
  void misbehave();
  void send_text(const std::string& text);
  void send_frame(std::uint8_t opcode, std::string_view payload, bool fin);
  void flush();
  void read();
  void take_in(std::string_view bytes);
  void on_frame(const NaiveFrame& frame);
  void on_message_part(const NaiveFrame& frame);
  void on_close_frame(const NaiveFrame& frame);
  void on_peer_gone(bool reset);
  void complain(const std::string& what);
  void go_away();
  void wake(Instant at);

  const std::uint32_t number_;
  ClientScript script_;

  Stage stage_ = Stage::away;
  std::priority_queue<Instant, std::vector<Instant>, std::greater<>> alarms_;
  Instant act_at_{};
  Instant reads_again_at_{};
  std::optional<LinkId> link_;
  std::optional<SessionId> session_;
  std::string unread_;  // Before the upgrade's answer is whole.
  NaiveFrames frames_;
  std::string message_;  // Of fragments so far.
  bool in_message_ = false;
  std::string unsent_;
  std::uint64_t sent_bytes_ = 0;  // On this connection.
  std::uint32_t actions_left_;
  std::uint32_t texts_ = 0;
  bool calm_ = false;
  bool may_reconnect_ = true;
  bool dies_with_next_frame_ = false;
  bool half_closed_ = false;
  bool told_to_close_ = false;  // The server's close frame has come.
  bool was_slow_ = false;       // On this connection.
  Counts counts_;

  Borrowed borrowed_;
};

}  // namespace parley::sim
