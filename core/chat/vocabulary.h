// What the messages of one service mean. A vocabulary is written against EdgeSession alone: a
// client's message comes in, effects go out. It knows no sockets, wire formats or threads.
//
// It has two halves. Handlers run where the connection lives. Phrases put into words what the
// domain does; they run wherever the domain does it, which for rooms is the room's home.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/base/time.h"
#include "core/base/types.h"
#include "core/base/value.h"
#include "core/chat/edge_sink.h"
#include "core/chat/encoder.h"
#include "core/chat/hub_config.h"
#include "core/chat/identity.h"
#include "core/payload/payload.h"

namespace parley::core {

enum class [[nodiscard]] JoinStatus : std::uint8_t {
  asked,  // The room's home will answer.
  already_in_room,
  too_many_rooms,
  server_full,
};

// Why a room's home said no, or a limit stopped a publication.
enum class Refusal : std::uint8_t { room_full, server_full, rate_limited };

enum class GapReason : std::uint8_t { slow_reader, expired, reset };

// From where a client wants to go on.
struct Resume {
  Sequence since{};
  std::uint64_t epoch{};  // 0: it does not know.
};

struct JoinOptions {
  std::optional<Resume> resume;
  std::string_view tag;  // Comes back with a refusal.
};

struct HistoryQuery {
  Sequence since{};   // Messages above this, oldest first, unless before is set.
  Sequence before{};  // Messages below this, the newest of them. 0: not set.
  std::uint32_t limit{};
};

// One connection, as its vocabulary sees it, during one call.
class EdgeSession {
 public:
  EdgeSession() = default;
  EdgeSession(const EdgeSession&) = delete;
  EdgeSession& operator=(const EdgeSession&) = delete;
  virtual ~EdgeSession() = default;

  [[nodiscard]] virtual IdentityView identity() const = 0;
  [[nodiscard]] virtual UnixMillis now() const = 0;
  [[nodiscard]] virtual const HubConfig& config() const = 0;
  [[nodiscard]] virtual std::uint32_t rooms_joined() const = 0;
  [[nodiscard]] virtual bool in_room(std::string_view room) const = 0;
  // Asked to join; the room's home has not answered yet.
  [[nodiscard]] virtual bool is_joining(std::string_view room) const = 0;
  // Sessions of all workers, at most a second or two old; this worker's own at least.
  [[nodiscard]] virtual std::uint64_t sessions_total() const = 0;

  // Counts one command, or one attempt to join, against the connection's own limits: zero, or how
  // long to wait.
  [[nodiscard]] virtual Duration take_command() = 0;
  [[nodiscard]] virtual Duration take_join() = 0;

  virtual Encoder& encoder() = 0;
  virtual void reply(PayloadRef frame) = 0;
  virtual void reply_error(PayloadRef frame) = 0;  // The same, counted as an error.
  virtual void close(CloseCode code, std::string_view reason) = 0;

  // REQUIRES: valid_room_name(room).
  virtual JoinStatus join(std::string_view room, const JoinOptions& options) = 0;
  // REQUIRES: in_room(room) or is_joining(room).
  virtual void leave(std::string_view room) = 0;
  // REQUIRES of the rest: in_room(room).
  // Numbered, recorded, to every member, unless a limit of the user or the address stops it; then
  // Vocabulary::on_refused() hears of it with `tag`.
  virtual void publish(std::string_view room, PayloadRef frame, std::string_view tag) = 0;
  // Not numbered, not recorded, to every other member; beyond HubConfig::signals silently to none.
  virtual void signal(std::string_view room, PayloadRef frame) = 0;
  // Zero, or how long to wait until less is waiting for an answer.
  [[nodiscard]] virtual Duration ask_history(std::string_view room, const HistoryQuery& query) = 0;
  [[nodiscard]] virtual Duration ask_presence(std::string_view room) = 0;

  // Become who the token names; false: it is not valid. REQUIRES: rooms_joined() == 0.
  [[nodiscard]] virtual bool authenticate(std::string_view token) = 0;
  // A guest's choice. Others will read it, so it counts as a message: zero, or how long to wait.
  // REQUIRES: rooms_joined() == 0, a guest, and guests may choose names here.
  [[nodiscard]] virtual Duration rename(std::string_view name) = 0;
};

struct RoomFacts {
  std::string_view room;
  Sequence last{};
  std::uint64_t epoch{};
  bool resumed{};
  std::uint32_t members{};
  std::span<const IdentityView> users;  // Each once: who is on the roster.
};

class Vocabulary {
 public:
  Vocabulary() = default;
  Vocabulary(const Vocabulary&) = delete;
  Vocabulary& operator=(const Vocabulary&) = delete;
  virtual ~Vocabulary() = default;

  // Handlers.
  virtual void on_open(EdgeSession& session) = 0;
  virtual void on_message(EdgeSession& session, const Value& message) = 0;
  virtual void on_unreadable(EdgeSession& session, std::string_view code,
                             std::string_view text) = 0;
  // `room` is empty when the refusal is of the connection as a whole.
  virtual void on_refused(EdgeSession& session, Refusal why, std::string_view room,
                          std::string_view tag, Duration retry_after) = 0;

  // Phrases. An empty result: this vocabulary does not tell.
  [[nodiscard]] virtual PayloadRef joined(Encoder& encoder, const RoomFacts& facts) = 0;
  [[nodiscard]] virtual PayloadRef came(Encoder& encoder, std::string_view room,
                                        const IdentityView& user, std::uint32_t members) = 0;
  [[nodiscard]] virtual PayloadRef went(Encoder& encoder, std::string_view room,
                                        const IdentityView& user, std::uint32_t members) = 0;
  [[nodiscard]] virtual PayloadRef counted(Encoder& encoder, std::string_view room,
                                           std::uint32_t members) = 0;
  [[nodiscard]] virtual PayloadRef present(Encoder& encoder, const RoomFacts& facts) = 0;
  [[nodiscard]] virtual PayloadRef history(Encoder& encoder, std::string_view room,
                                           std::span<PayloadBlock* const> messages, bool more) = 0;
  [[nodiscard]] virtual PayloadRef announced(Encoder& encoder, std::string_view text) = 0;
  [[nodiscard]] virtual PayloadRef gap(Encoder& encoder, std::string_view room, Sequence first,
                                       Sequence last, GapReason reason) = 0;
};

}  // namespace parley::core
