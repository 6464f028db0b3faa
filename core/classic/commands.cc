#include "core/classic/commands.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/base/text.h"
#include "core/classic/epoch.h"
#include "core/classic/wording.h"
#include "core/rooms/room_name.h"

namespace parley::core {

namespace {

constexpr std::size_t tag_bytes_max = 64;
constexpr std::size_t name_code_points_max = 32;
constexpr std::int64_t history_limit_default = 20;
constexpr std::int64_t history_limit_max = 100;

// One message of a client. Whatever is wrong with it is told with its room and its id.
struct Request {
  EdgeSession& session;
  const Value& message;

  [[nodiscard]] std::string_view text(std::string_view name) const {
    return message.string_or_empty(name);
  }
  // Absent or not a whole number: `fallback`.
  [[nodiscard]] std::int64_t integer(std::string_view name, std::int64_t fallback) const {
    const Value* value = message.find(name);
    return value != nullptr && value->kind == Value::Kind::integer ? value->integer : fallback;
  }
  // The client's own name of the request, which comes back.
  [[nodiscard]] std::string_view tag() const {
    const std::string_view tag = text("id");
    return tag.size() <= tag_bytes_max ? tag : std::string_view{};
  }
  [[nodiscard]] bool has_bad_tag() const {
    const Value* tag = message.find("id");
    return tag != nullptr &&
           (tag->kind != Value::Kind::string || text("id").size() > tag_bytes_max);
  }

  void refuse(std::string_view code, std::string_view what) const { refuse(code, what, {}); }
  void refuse_for_now(std::string_view what, Duration wait) const {
    refuse("rate_limited", what, wait);
  }

 private:
  void refuse(std::string_view code, std::string_view what, Duration wait) const {
    const std::string_view room = text("room");
    complain(session, {.code = code,
                       .text = what,
                       .room = valid_room_name(room) ? room : std::string_view{},
                       .tag = tag(),
                       .retry_after = wait});
  }
};

// The room a command names, if it can be one; else says what is wrong.
std::optional<std::string_view> room_of(const Request& request) {
  const std::string_view room = request.text("room");
  if (valid_room_name(room)) return room;
  request.refuse("bad_room",
                 "room must be a string of 1 to 64 bytes without characters that cannot be seen");
  return std::nullopt;
}

// The same, when the client is in it.
std::optional<std::string_view> room_of_member(const Request& request) {
  const std::optional<std::string_view> room = room_of(request);
  if (!room || request.session.in_room(*room)) return room;
  request.refuse("not_in_room", "join the room first");
  return std::nullopt;
}

std::size_t code_points(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

// Says what is wrong, if anything is.
bool become_user_of_token(const Request& request) {
  if (request.session.authenticate(request.text("token"))) return true;
  request.refuse("auth_failed", "the token is not valid");
  return false;
}

bool choose_name(const Request& request) {
  EdgeSession& session = request.session;
  const Value* user = request.message.find("user");
  const std::string_view name =
      user != nullptr ? user->string_or_empty("username") : std::string_view{};
  if (!valid_user_name(name) || code_points(name) > name_code_points_max) {
    request.refuse("bad_name",
                   "username must be 1 to 32 characters that can be seen, without spaces at its "
                   "ends");
    return false;
  }
  if (!session.identity().guest || !session.config().guests_may_choose_names) {
    request.refuse("not_authenticated", "only a token can say who you are here");
    return false;
  }
  const Duration wait = session.rename(name);
  if (wait.ns > 0) request.refuse_for_now("you are choosing names too fast", wait);
  return wait.ns == 0;
}

void on_auth(const Request& request) {
  EdgeSession& session = request.session;
  if (session.rooms_joined() > 0) {
    return request.refuse("auth_after_join", "leave all rooms before you become somebody else");
  }
  const bool done = request.message.find("token") != nullptr ? become_user_of_token(request)
                                                             : choose_name(request);
  if (!done) return;
  ValueWriter& w = session.encoder().begin("authSuccess", Stamped::no);
  w.key("user");
  write_user(w, session.identity());
  session.reply(session.encoder().finish());
}

void on_join_room(const Request& request) {
  const std::optional<std::string_view> room = room_of(request);
  if (!room) return;
  JoinOptions options{.resume = {}, .tag = request.tag()};
  if (const Value* since = request.message.find("since"); since != nullptr) {
    if (since->kind != Value::Kind::integer || since->integer < 0) {
      return request.refuse("bad_message", "since must be a whole number, 0 or more");
    }
    options.resume =
        Resume{static_cast<Sequence>(since->integer), parse_epoch(request.text("epoch"))};
  }
  if (const Duration wait = request.session.take_join(); wait.ns > 0) {
    return request.refuse_for_now("you are joining rooms too fast", wait);
  }
  switch (request.session.join(*room, options)) {
    case JoinStatus::asked:
      return;
    case JoinStatus::already_in_room:
      return request.refuse("already_in_room", "you are in the room, or on your way");
    case JoinStatus::too_many_rooms:
      return request.refuse("too_many_rooms", "leave a room before you join another");
    case JoinStatus::server_full:
      return request.refuse("server_full", "the server can hold no more rooms");
  }
}

void on_leave_room(const Request& request) {
  EdgeSession& session = request.session;
  const std::string_view room = request.text("room");
  // Who is still on the way in may turn round.
  if (!session.is_joining(room) && !room_of_member(request)) return;
  session.leave(room);
  ValueWriter& w = session.encoder().begin("roomLeft", Stamped::no);
  w.key("room");
  w.string(room);
  session.reply(session.encoder().finish());
}

void write_speaker(ValueWriter& w, std::string_view room, const IdentityView& identity) {
  w.key("room");
  w.string(room);
  w.key("user");
  w.string(identity.name);
  w.key("userId");
  w.string(identity.id);
  if (!identity.guest) return;
  w.key("guest");
  w.boolean(true);
}

void on_chat_message(const Request& request) {
  EdgeSession& session = request.session;
  const std::optional<std::string_view> room = room_of_member(request);
  if (!room) return;
  const std::string_view text = request.text("message");
  const std::string_view tag = request.tag();
  if (text.empty()) {
    return request.refuse("empty_message", "message must be a string that is not empty");
  }
  // S0-07: who speaks is what the server knows, whatever the message claims.
  ValueWriter& w = session.encoder().begin("message", Stamped::yes);
  write_speaker(w, *room, session.identity());
  w.key("message");
  w.string(text);
  if (!tag.empty()) {
    w.key("id");
    w.string(tag);
  }
  session.publish(*room, session.encoder().finish(), tag);
}

void on_typing(const Request& request) {
  EdgeSession& session = request.session;
  const std::optional<std::string_view> room = room_of_member(request);
  if (!room) return;
  const Value* typing = request.message.find("typing");
  const bool stopped =
      typing != nullptr && typing->kind == Value::Kind::boolean && !typing->boolean;
  ValueWriter& w = session.encoder().begin("typing", Stamped::no);
  write_speaker(w, *room, session.identity());
  w.key("typing");
  w.boolean(!stopped);
  session.signal(*room, session.encoder().finish());
}

void refuse_if_too_many_wait(const Request& request, Duration wait) {
  if (wait.ns > 0) request.refuse_for_now("too many requests wait for their answers", wait);
}

void on_online(const Request& request) {
  EdgeSession& session = request.session;
  if (request.message.find("room") != nullptr) {
    const std::optional<std::string_view> room = room_of_member(request);
    if (room) refuse_if_too_many_wait(request, session.ask_presence(*room));
    return;
  }
  ValueWriter& w = session.encoder().begin("online", Stamped::no);
  w.key("count");
  w.integer(static_cast<std::int64_t>(session.sessions_total()));
  session.reply(session.encoder().finish());
}

void on_history(const Request& request) {
  const std::optional<std::string_view> room = room_of_member(request);
  if (!room) return;
  const std::int64_t limit = std::clamp(request.integer("limit", history_limit_default),
                                        std::int64_t{1}, history_limit_max);
  const std::int64_t since = request.integer("since", -1);
  const std::int64_t before = request.integer("before", INT64_MAX);
  HistoryQuery query{.limit = static_cast<std::uint32_t>(limit)};
  if (since >= 0) {
    query.since = static_cast<Sequence>(since);
  } else {
    query.before = static_cast<Sequence>(std::max(before, std::int64_t{1}));
  }
  refuse_if_too_many_wait(request, request.session.ask_history(*room, query));
}

void on_ping(const Request& request) {
  EdgeSession& session = request.session;
  ValueWriter& w = session.encoder().begin("pong", Stamped::no);
  w.key("serverTime");
  w.integer(session.now().value);
  session.reply(session.encoder().finish());
}

struct Command {
  std::string_view type;
  void (*handle)(const Request&);
};

constexpr std::array commands = {
    Command{"message", on_chat_message},
    Command{"typing", on_typing},
    Command{"joinRoom", on_join_room},
    Command{"leaveRoom", on_leave_room},
    Command{"history", on_history},
    Command{"online", on_online},
    Command{"auth", on_auth},
    Command{"ping", on_ping},
};

}  // namespace

void run_command(EdgeSession& session, const Value& message) {
  const Request request{session, message};
  if (const Duration wait = session.take_command(); wait.ns > 0) {
    return request.refuse_for_now("too many commands on this connection", wait);
  }
  if (request.has_bad_tag()) {
    return request.refuse("bad_message", "id must be a string of at most 64 bytes");
  }
  const std::string_view type = request.text("type");
  if (type.empty()) {
    return request.refuse("bad_message", "a message is an object with a type");
  }
  for (const Command& command : commands) {
    if (command.type == type) return command.handle(request);
  }
  request.refuse("unknown_type", "no such type");
}

}  // namespace parley::core
