#include "core/classic/classic.h"

#include "core/classic/commands.h"
#include "core/classic/epoch.h"
#include "core/classic/guest_pattern.h"
#include "core/classic/wording.h"

namespace parley::core {

namespace {

void write_users(ValueWriter& w, GuestPattern& pattern, std::span<const IdentityView> users) {
  w.key("users");
  w.begin_array();
  for (const IdentityView& user : users) {
    if (is_called_by_digits(user)) {
      w.encoded(pattern.of(user));
    } else {
      write_user(w, user);
    }
  }
  w.end_array();
}

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
  run_command(session, message);
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
      return complain(session,
                      {.code = "room_full", .text = "the room is full", .room = room, .tag = tag});
    case Refusal::server_full:
      return complain(session, {.code = "server_full",
                                .text = "the server can hold no more rooms",
                                .room = room,
                                .tag = tag});
    case Refusal::rate_limited:
      return complain(session, {.code = "rate_limited",
                                .text = "you are sending too fast; the message was not sent",
                                .room = room,
                                .tag = tag,
                                .retry_after = retry_after});
  }
}

PayloadRef ClassicVocabulary::joined(Encoder& encoder, const RoomFacts& facts) {
  GuestPattern pattern(encoder);
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
  write_users(w, pattern, facts.users);
  return encoder.finish();
}

namespace {

PayloadRef came_or_went(Encoder& encoder, std::string_view event, std::string_view room,
                        const IdentityView& user, std::uint32_t members) {
  ValueWriter& w = encoder.begin(event, Stamped::no);
  w.key("room");
  w.string(room);
  w.key("user");
  write_user(w, user);
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

PayloadRef ClassicVocabulary::came(Encoder& encoder, std::string_view room,
                                   const IdentityView& user, std::uint32_t members) {
  return came_or_went(encoder, "userJoin", room, user, members);
}

PayloadRef ClassicVocabulary::went(Encoder& encoder, std::string_view room,
                                   const IdentityView& user, std::uint32_t members) {
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
  GuestPattern pattern(encoder);
  ValueWriter& w = encoder.begin("online", Stamped::no);
  w.key("room");
  w.string(facts.room);
  w.key("count");
  w.integer(facts.members);
  write_users(w, pattern, facts.users);
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
