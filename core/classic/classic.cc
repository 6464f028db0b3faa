#include "core/classic/classic.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/base/text.h"
#include "core/classic/epoch.h"
#include "core/rooms/room_name.h"

namespace parley::core {

namespace {

constexpr std::size_t tag_bytes_max = 64;
constexpr std::size_t name_code_points_max = 32;
constexpr std::int64_t history_limit_default = 20;
constexpr std::int64_t history_limit_max = 100;

struct Complaint {
  std::string_view code;
  std::string_view text;
  std::string_view room;
  std::string_view tag;  // The client's `id`.
  Duration retry_after;
};

void complain(EdgeSession& session, const Complaint& complaint) {
  ValueWriter& w = session.encoder().begin("error", Stamped::no);
  w.key("code");
  w.string(complaint.code);
  w.key("message");
  w.string(complaint.text);
  if (complaint.retry_after.ns > 0) {
    w.key("retryAfter");
    w.integer((complaint.retry_after.ns + 999'999) / 1'000'000);
  }
  if (!complaint.room.empty()) {
    w.key("room");
    w.string(complaint.room);
  }
  if (!complaint.tag.empty()) {
    w.key("id");
    w.string(complaint.tag);
  }
  session.reply_error(session.encoder().finish());
}

void write_user(ValueWriter& w, const Identity& identity) {
  w.begin_object();
  w.key("id");
  w.string(identity.id);
  w.key("username");
  w.string(identity.name);
  if (identity.guest) {
    w.key("guest");
    w.boolean(true);
  }
  w.end_object();
}

void write_users(ValueWriter& w, std::span<const std::string_view> users) {
  w.key("users");
  w.begin_array();
  for (const std::string_view user : users) w.encoded(user);
  w.end_array();
}

std::string_view tag_of(const Value& message) {
  const std::string_view tag = message.string_or_empty("id");
  return tag.size() <= tag_bytes_max ? tag : std::string_view{};
}

// The room a command names, when the client is in it; else says what is wrong.
std::optional<std::string_view> room_of_member(EdgeSession& session, const Value& message) {
  const std::string_view room = message.string_or_empty("room");
  if (!valid_room_name(room)) {
    complain(session, {.code = "bad_room",
                       .text = "room must be a string of 1 to 64 bytes without control characters",
                       .tag = tag_of(message)});
    return std::nullopt;
  }
  if (!session.in_room(room)) {
    complain(session, {.code = "not_in_room",
                       .text = "join the room first",
                       .room = room,
                       .tag = tag_of(message)});
    return std::nullopt;
  }
  return room;
}

// Absent or not a number: `fallback`.
std::int64_t integer_of(const Value& message, std::string_view name, std::int64_t fallback) {
  const Value* value = message.find(name);
  return value != nullptr && value->kind == Value::Kind::integer ? value->integer : fallback;
}

std::size_t code_points(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

bool valid_user_name(std::string_view name) {
  if (name.empty() || code_points(name) > name_code_points_max) return false;
  constexpr std::string_view hard_space = "\u00a0";
  const bool spaced = name.front() == ' ' || name.back() == ' ' || name.starts_with(hard_space) ||
                      name.ends_with(hard_space);
  return !spaced && !has_invisible_characters(name);
}

void on_auth(EdgeSession& session, const Value& message) {
  if (session.rooms_joined() > 0) {
    return complain(session, {.code = "auth_after_join",
                              .text = "leave all rooms before you become somebody else"});
  }
  if (message.find("token") != nullptr) {
    if (!session.authenticate(message.string_or_empty("token"))) {
      return complain(session, {.code = "auth_failed", .text = "the token is not valid"});
    }
  } else {
    const Value* user = message.find("user");
    const std::string_view name =
        user != nullptr ? user->string_or_empty("username") : std::string_view{};
    if (!valid_user_name(name)) {
      return complain(session, {.code = "bad_name",
                                .text = "username must be 1 to 32 characters, without control "
                                        "characters or spaces at its ends"});
    }
    if (!session.identity().guest || !session.rename(name)) {
      return complain(
          session, {.code = "not_authenticated", .text = "only a token can say who you are here"});
    }
  }
  ValueWriter& w = session.encoder().begin("authSuccess", Stamped::no);
  w.key("user");
  write_user(w, session.identity());
  session.reply(session.encoder().finish());
}

void on_join_room(EdgeSession& session, const Value& message) {
  const std::string_view room = message.string_or_empty("room");
  if (!valid_room_name(room)) {
    return complain(session,
                    {.code = "bad_room",
                     .text = "room must be a string of 1 to 64 bytes without control characters"});
  }
  std::optional<Resume> resume;
  if (const Value* since = message.find("since"); since != nullptr) {
    if (since->kind != Value::Kind::integer || since->integer < 0) {
      return complain(
          session,
          {.code = "bad_message", .text = "since must be a whole number, 0 or more", .room = room});
    }
    resume = Resume{static_cast<Sequence>(since->integer),
                    parse_epoch(message.string_or_empty("epoch"))};
  }
  switch (session.join(room, resume)) {
    case JoinStatus::asked:
      return;
    case JoinStatus::already_in_room:
      return complain(
          session,
          {.code = "already_in_room", .text = "you are in the room, or on your way", .room = room});
    case JoinStatus::too_many_rooms:
      return complain(
          session,
          {.code = "too_many_rooms", .text = "leave a room before you join another", .room = room});
    case JoinStatus::server_full:
      return complain(
          session,
          {.code = "server_full", .text = "the server can hold no more rooms", .room = room});
  }
}

void on_leave_room(EdgeSession& session, const Value& message) {
  const std::string_view room = message.string_or_empty("room");
  // Who is still on the way in may turn round.
  if (!session.is_joining(room) && !room_of_member(session, message)) return;
  session.leave(room);
  ValueWriter& w = session.encoder().begin("roomLeft", Stamped::no);
  w.key("room");
  w.string(room);
  session.reply(session.encoder().finish());
}

void on_chat_message(EdgeSession& session, const Value& message) {
  const std::optional<std::string_view> room = room_of_member(session, message);
  if (!room) return;
  const std::string_view text = message.string_or_empty("message");
  const std::string_view tag = tag_of(message);
  if (message.string_or_empty("id").size() > tag_bytes_max) {
    return complain(session,
                    {.code = "bad_message", .text = "id is at most 64 bytes", .room = *room});
  }
  if (text.empty()) {
    return complain(session, {.code = "empty_message",
                              .text = "message must be a string that is not empty",
                              .room = *room,
                              .tag = tag});
  }
  // S0-07: who speaks is what the server knows, whatever the message claims.
  const Identity& identity = session.identity();
  ValueWriter& w = session.encoder().begin("message", Stamped::yes);
  w.key("room");
  w.string(*room);
  w.key("user");
  w.string(identity.name);
  w.key("userId");
  w.string(identity.id);
  if (identity.guest) {
    w.key("guest");
    w.boolean(true);
  }
  w.key("message");
  w.string(text);
  if (!tag.empty()) {
    w.key("id");
    w.string(tag);
  }
  session.publish(*room, session.encoder().finish(), tag);
}

void on_typing(EdgeSession& session, const Value& message) {
  const std::optional<std::string_view> room = room_of_member(session, message);
  if (!room) return;
  const Value* typing = message.find("typing");
  const bool stopped =
      typing != nullptr && typing->kind == Value::Kind::boolean && !typing->boolean;
  ValueWriter& w = session.encoder().begin("typing", Stamped::no);
  w.key("room");
  w.string(*room);
  w.key("user");
  w.string(session.identity().name);
  w.key("userId");
  w.string(session.identity().id);
  if (session.identity().guest) {
    w.key("guest");
    w.boolean(true);
  }
  w.key("typing");
  w.boolean(!stopped);
  session.signal(*room, session.encoder().finish());
}

void on_online(EdgeSession& session, const Value& message) {
  if (message.find("room") != nullptr) {
    const std::optional<std::string_view> room = room_of_member(session, message);
    if (room) session.ask_presence(*room);
    return;
  }
  ValueWriter& w = session.encoder().begin("online", Stamped::no);
  w.key("count");
  w.integer(static_cast<std::int64_t>(session.sessions_total()));
  session.reply(session.encoder().finish());
}

void on_history(EdgeSession& session, const Value& message) {
  const std::optional<std::string_view> room = room_of_member(session, message);
  if (!room) return;
  const std::int64_t limit = std::clamp(integer_of(message, "limit", history_limit_default),
                                        std::int64_t{1}, history_limit_max);
  const std::int64_t since = integer_of(message, "since", -1);
  const std::int64_t before = integer_of(message, "before", INT64_MAX);
  HistoryQuery query{.limit = static_cast<std::uint32_t>(limit)};
  if (since >= 0) {
    query.since = static_cast<Sequence>(since);
  } else {
    query.before = static_cast<Sequence>(std::max(before, std::int64_t{1}));
  }
  session.ask_history(*room, query);
}

void on_ping(EdgeSession& session, const Value&) {
  ValueWriter& w = session.encoder().begin("pong", Stamped::no);
  w.key("serverTime");
  w.integer(session.now().value);
  session.reply(session.encoder().finish());
}

struct Command {
  std::string_view type;
  void (*handle)(EdgeSession&, const Value&);
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

void ClassicVocabulary::on_open(EdgeSession& session) {
  const HubConfig& config = session.config();
  ValueWriter& w = session.encoder().begin("welcome", Stamped::no);
  w.key("user");
  write_user(w, session.identity());
  w.key("rooms");
  w.begin_array();
  for (const std::string& room : config.rooms_initial) w.string(room);
  w.end_array();
  w.key("serverTime");
  w.integer(session.now().value);
  w.key("limits");
  w.begin_object();
  w.key("messageBytesMax");
  w.integer(config.message_bytes_max);
  w.key("roomsMax");
  w.integer(config.rooms_per_connection_max);
  w.end_object();
  session.reply(session.encoder().finish());
}

void ClassicVocabulary::on_message(EdgeSession& session, const Value& message) {
  const Duration wait = session.take_command();
  if (wait.ns > 0) {
    const std::string_view room = message.string_or_empty("room");
    return complain(session, {.code = "rate_limited",
                              .text = "too many commands on this connection",
                              .room = valid_room_name(room) ? room : std::string_view{},
                              .tag = tag_of(message),
                              .retry_after = wait});
  }
  const std::string_view type = message.string_or_empty("type");
  if (type.empty()) {
    return complain(session, {.code = "bad_message", .text = "a message is an object with a type"});
  }
  for (const Command& command : commands) {
    if (command.type == type) return command.handle(session, message);
  }
  complain(session, {.code = "unknown_type", .text = "no such type", .tag = tag_of(message)});
}

void ClassicVocabulary::on_unreadable(EdgeSession& session, std::string_view code,
                                      std::string_view text) {
  const Duration wait = session.take_command();
  if (wait.ns > 0) {
    return complain(session, {.code = "rate_limited",
                              .text = "too many commands on this connection",
                              .retry_after = wait});
  }
  complain(session, {.code = code, .text = text});
}

void ClassicVocabulary::on_refused(EdgeSession& session, Refusal why, std::string_view room,
                                   std::string_view tag, Duration retry_after) {
  switch (why) {
    case Refusal::room_full:
      return complain(session, {.code = "room_full", .text = "the room is full", .room = room});
    case Refusal::server_full:
      return complain(
          session,
          {.code = "server_full", .text = "the server can hold no more rooms", .room = room});
    case Refusal::rate_limited:
      return complain(session, {.code = "rate_limited",
                                .text = "you are sending too fast; the message was not sent",
                                .room = room,
                                .tag = tag,
                                .retry_after = retry_after});
  }
}

std::string_view ClassicVocabulary::user(Encoder& encoder, const Identity& identity) {
  write_user(encoder.begin_value(), identity);
  return encoder.finish_value();
}

PayloadRef ClassicVocabulary::joined(Encoder& encoder, const RoomFacts& facts) {
  ValueWriter& w = encoder.begin("roomJoined", Stamped::no);
  w.key("room");
  w.string(facts.room);
  w.key("seq");
  w.integer(static_cast<std::int64_t>(facts.last));
  w.key("epoch");
  w.string(EpochText(facts.epoch).view());
  w.key("resumed");
  w.boolean(facts.resumed);
  w.key("userCount");
  w.integer(facts.members);
  write_users(w, facts.users);
  return encoder.finish();
}

namespace {

PayloadRef came_or_went(Encoder& encoder, std::string_view event, std::string_view room,
                        std::string_view user, std::uint32_t members) {
  ValueWriter& w = encoder.begin(event, Stamped::no);
  w.key("room");
  w.string(room);
  w.key("user");
  w.encoded(user);
  w.key("userCount");
  w.integer(members);
  return encoder.finish();
}

std::string_view text_of_reason(GapReason reason) {
  switch (reason) {
    case GapReason::slow_reader:
      return "slow_reader";
    case GapReason::expired:
      return "expired";
    case GapReason::reset:
      return "reset";
  }
  return {};
}

}  // namespace

PayloadRef ClassicVocabulary::came(Encoder& encoder, std::string_view room, std::string_view user,
                                   std::uint32_t members) {
  return came_or_went(encoder, "userJoin", room, user, members);
}

PayloadRef ClassicVocabulary::went(Encoder& encoder, std::string_view room, std::string_view user,
                                   std::uint32_t members) {
  return came_or_went(encoder, "userLeave", room, user, members);
}

PayloadRef ClassicVocabulary::counted(Encoder& encoder, std::string_view room,
                                      std::uint32_t members) {
  ValueWriter& w = encoder.begin("userCount", Stamped::no);
  w.key("room");
  w.string(room);
  w.key("count");
  w.integer(members);
  return encoder.finish();
}

PayloadRef ClassicVocabulary::present(Encoder& encoder, const RoomFacts& facts) {
  ValueWriter& w = encoder.begin("online", Stamped::no);
  w.key("room");
  w.string(facts.room);
  w.key("count");
  w.integer(facts.members);
  write_users(w, facts.users);
  return encoder.finish();
}

PayloadRef ClassicVocabulary::history(Encoder& encoder, std::string_view room,
                                      std::span<PayloadBlock* const> messages, bool more) {
  ValueWriter& w = encoder.begin("history", Stamped::no);
  w.key("room");
  w.string(room);
  w.key("messages");
  w.begin_array();
  for (PayloadBlock* message : messages) w.encoded(encoder.as_value(*message));
  w.end_array();
  w.key("more");
  w.boolean(more);
  return encoder.finish();
}

PayloadRef ClassicVocabulary::announced(Encoder& encoder, std::string_view text) {
  ValueWriter& w = encoder.begin("system", Stamped::no);
  w.key("message");
  w.string(text);
  return encoder.finish();
}

PayloadRef ClassicVocabulary::gap(Encoder& encoder, std::string_view room, Sequence first,
                                  Sequence last, GapReason reason) {
  ValueWriter& w = encoder.begin("gap", Stamped::no);
  w.key("room");
  w.string(room);
  w.key("from");
  w.integer(static_cast<std::int64_t>(first));
  w.key("to");
  w.integer(static_cast<std::int64_t>(last));
  w.key("reason");
  w.string(text_of_reason(reason));
  return encoder.finish();
}

}  // namespace parley::core
