// The chat domain of one worker: the sessions of its own connections (edge), and the rooms, users
// and addresses whose home it is (home).
//
// Threading  The owning worker alone. Other workers are reached by mail only.
// Purity     No sockets, no clock, no randomness of its own: the same calls give the same effects.
// Flow       A client's message enters at on_message(); what it causes leaves through the
//            EdgeSink. Publications to a room gather during a turn and leave in end_turn(), as one
//            frame sequence shared by all members.
// Order      Whatever changes who is in a room first delivers what the room has gathered.
// Memory     A guest in one room of 100 costs about 120 bytes: its session (core/chat/session.h), a
//            place in the room where it is connected, and one on the roster at the room's home.
// Errors     A limit is a value the client is told about. A broken rule is a CHECK.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/base/ip_address.h"
#include "core/base/time.h"
#include "core/base/types.h"
#include "core/base/value.h"
#include "core/chat/edge_sink.h"
#include "core/chat/encoder.h"
#include "core/chat/hub_config.h"
#include "core/chat/identity.h"
#include "core/chat/vocabulary.h"

namespace parley::core {

class Hub {
 public:
  // Verifies a token of the in-band `auth` message; nullopt: not valid. Runs on this worker.
  class TokenVerifier {
   public:
    virtual ~TokenVerifier() = default;
    [[nodiscard]] virtual std::optional<Identity> verify(std::string_view token,
                                                         UnixMillis now) = 0;
  };

  struct Borrowed {  // All outlive the Hub.
    PayloadPool& pool;
    Encoder& encoder;
    EdgeSink& sink;
    Vocabulary& vocabulary;
    TokenVerifier* tokens;  // Null: in-band authentication is answered with auth_failed.
  };

  Hub(const HubConfig& config, WorkerId self, std::uint16_t worker_count, Borrowed borrowed);
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;
  ~Hub();

  // The time of this turn. Called first in each turn.
  void begin_turn(Instant now, UnixMillis wall_now);

  // A new connection's address: answered with EdgeSink::admitted(), possibly at once. Each verdict
  // that allowed one, and that the sink took, is paired with one release().
  void admit(ConnId conn, const IpAddress& address);
  void release(const IpAddress& address);

  // A connection became a session; on_closed() ends it. `address` counts for per-address limits.
  void on_open(ConnId conn, const Identity& identity, const IpAddress& address);
  void on_message(ConnId conn, const Value& message);
  // The peer's text was not the JSON it should be; `code` is the error's code for the client.
  void on_unreadable(ConnId conn, std::string_view code, std::string_view text);
  void on_closed(ConnId conn);

  // The frame that tells a client which numbers of a room it will not get, because it reads too
  // slowly. Null when no connection of this worker is in the room any more.
  [[nodiscard]] PayloadRef encode_gap(RoomId room, Sequence first, Sequence last);

  // What an operator says to everybody, as a frame.
  [[nodiscard]] PayloadRef encode_announcement(std::string_view text);

  // The outbox of a connection that EdgeSink::has_room() said was full has room again.
  void on_drained(ConnId conn);

  void on_mail(Mail&& mail);

  // Whether there is something for end_turn() to deliver.
  [[nodiscard]] bool has_gathered() const;

  // Delivers what rooms gathered. Called last in each turn, before sends are flushed.
  void end_turn();

  // Expiry of history, presence totals, idle rooms and buckets. About ten times a second.
  void tick();

  [[nodiscard]] HubCounts counts() const;
  void check_invariants() const;  // O(everything); aborts. Simulation: every step.

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace parley::core
