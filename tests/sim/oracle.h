// What clients of a chat server must and must not see, whatever breaks underneath. It knows
// docs/protocol-classic.md and nothing of how the server works.
//
// Rooms    A member sees the messages of a room from its join to its leave in order, exactly once,
//          without a hole, or is told which range it will not get. A number means the same message
//          for everybody, and every message was sent, once, by the one whose name it bears.
//          Who was told of somebody's leave hears no more of them before their next join.
// Resume   Who comes back with `since` and `epoch` misses nothing that it was not told is gone.
// Answers  When all is quiet, every request that reached the server has had its answer.
//
// The first violation is kept; the run is over then.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace parley::sim {

// One connection of a client, from the answer to its upgrade to its end. Never reused.
struct SessionId {
  std::uint32_t value{};
};

// Where a client stands in a room, for coming back.
struct Bookmark {
  std::uint64_t since{};
  std::string epoch;  // As JSON text, exactly as the server gave it.
};

class Oracle {
 public:
  [[nodiscard]] SessionId open_session(std::uint32_t client);
  void close_session(SessionId session);

  // What a client is about to send. The texts of a run differ.
  void on_join(SessionId session, const std::string& room, const std::optional<Bookmark>& from);
  void on_leave(SessionId session, const std::string& room);
  // Behind a join, without waiting for its answer: a leave and another join.
  void on_change_of_mind(SessionId session, const std::string& room);
  void on_say(SessionId session, const std::string& room, const std::string& text,
              const std::string& id);
  void on_ask_history(SessionId session, const std::string& room);

  // A whole text message from the server.
  void on_text(SessionId session, std::string_view text);

  // What a client may do now without making answers ambiguous.
  [[nodiscard]] bool may_join(SessionId session, const std::string& room) const;
  [[nodiscard]] bool is_member(SessionId session, const std::string& room) const;
  [[nodiscard]] bool may_leave(SessionId session, const std::string& room) const;
  [[nodiscard]] bool may_ask_history(SessionId session, const std::string& room) const;
  [[nodiscard]] std::optional<Bookmark> bookmark(std::uint32_t client,
                                                 const std::string& room) const;

  // True when no open session still waits for an answer or lags behind its rooms.
  [[nodiscard]] bool quiet() const { return unrest().empty(); }
  // Who waits for what; empty when all is quiet.
  [[nodiscard]] std::string unrest() const;
  // Everything has had time to arrive: what is not quiet now never will be. From here on the
  // answers to `online` must be exact.
  void check_quiet();

  // No room will be too large to be told who comes and goes.
  void expect_all_announcements() { announces_all_ = true; }

  // Does not look at one message, so that there is something to find: to test the oracle itself.
  void overlook_one_message() { overlook_one_ = true; }

  void fail(std::string reason);
  [[nodiscard]] bool failed() const { return !failure_.empty(); }
  [[nodiscard]] const std::string& failure() const { return failure_; }

  struct Counts {
    std::uint64_t live = 0;      // Messages seen as they were said.
    std::uint64_t replayed = 0;  // Messages seen in histories.
    std::uint64_t gaps = 0;
    std::uint64_t joins = 0;
    std::uint64_t resumes = 0;
    std::uint64_t errors = 0;
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  using Json = nlohmann::json;

  enum class Membership : std::uint8_t { out, joining, in, leaving };
  enum class Replay : std::uint8_t { none, plain, resume, asked };

  struct RoomView {  // A room as one session sees it.
    Membership membership = Membership::out;
    Replay replay = Replay::none;
    bool rejoins = false;            // A leave and a join follow what is under way.
    std::optional<Bookmark> wanted;  // Of the join under way.
    std::string epoch;
    std::uint64_t live = 0;       // The last number that was seen or told gone.
    std::uint64_t joined_at = 0;  // The last number before the join.
    std::uint64_t replayed = 0;   // The last number of the replay under way.
    std::set<std::string> gone;   // Users of whose leave it was told.
  };
  struct Session {
    std::uint32_t client{};
    bool open = true;
    bool lost_some = false;  // A gap may have swallowed answers.
    bool left_some = false;  // A late answer may come from a room that was left.
    std::string user_id;
    std::map<std::string, RoomView> rooms;
    std::map<std::string, std::string> unanswered;  // Message id -> text.
  };
  struct Said {  // A message that was sent.
    std::uint32_t session{};
    std::uint64_t order{};
    std::string room;
    bool seen = false;
    std::string epoch;
    std::uint64_t sequence{};
  };
  struct Message {  // A message that has a number.
    std::string text;
    std::string user_id;
    std::int64_t timestamp{};
    friend bool operator==(const Message&, const Message&) = default;
  };
  struct Life {  // One epoch of a room.
    std::map<std::uint64_t, Message> messages;
  };

  void on_event(Session& session, const Json& event);
  void on_room_joined(Session& session, const Json& event);
  void on_message(Session& session, const Json& event);
  void on_history(Session& session, const Json& event);
  void on_gap(Session& session, const Json& event);
  void on_room_left(Session& session, const std::string& room);
  void on_error(Session& session, const Json& event);
  void on_online(const Json& event);
  void on_announced(RoomView& view, const Json& event);
  void on_answered(Session& session, const Json& event);
  void replay_one(RoomView& view, const std::string& room, std::uint64_t sequence);
  void end_replay(RoomView& view, const std::string& room);
  void check_message(const std::string& room, const std::string& epoch, const Json& message);
  void check_orders();
  void keep_bookmark(const Session& session, const std::string& room, const RoomView& view);
  [[nodiscard]] RoomView* joined_view(Session& session, const Json& event);
  [[nodiscard]] const RoomView* find_view(SessionId session, const std::string& room) const;

  std::vector<Session> sessions_;
  std::map<std::string, Said> said_;                                     // By text.
  std::map<std::pair<std::string, std::string>, Life> lives_;            // By room and epoch.
  std::map<std::pair<std::uint32_t, std::string>, Bookmark> bookmarks_;  // By client and room.
  std::string failure_;
  bool settled_ = false;
  bool overlook_one_ = false;
  bool announces_all_ = false;
  Counts counts_;
};

}  // namespace parley::sim
