#include "tests/sim/oracle.h"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "core/base/check.h"

namespace parley::sim {
namespace {

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

}  // namespace

SessionId Oracle::open_session(std::uint32_t client) {
  sessions_.emplace_back().client = client;
  return {static_cast<std::uint32_t>(sessions_.size() - 1)};
}

void Oracle::close_session(SessionId id) {
  Session& session = sessions_[id.value];
  for (const auto& [room, view] : session.rooms) {
    const bool member = view.membership == Membership::in || view.membership == Membership::leaving;
    if (member) keep_bookmark(session, room, view);
  }
  session.open = false;
}

void Oracle::keep_bookmark(const Session& session, const std::string& room, const RoomView& view) {
  const std::pair key(session.client, room);
  if (view.replay == Replay::plain) {  // What lies between the replay and `live` is unknown.
    bookmarks_.erase(key);
    return;
  }
  const std::uint64_t since = view.replay == Replay::resume ? view.replayed : view.live;
  bookmarks_[key] = {.since = since, .epoch = view.epoch};
}

void Oracle::on_join(SessionId id, const std::string& room, const std::optional<Bookmark>& from) {
  CHECK(may_join(id, room));
  RoomView& view = sessions_[id.value].rooms[room];
  view = RoomView{};
  view.membership = Membership::joining;
  view.wanted = from;
}

void Oracle::on_leave(SessionId id, const std::string& room) {
  CHECK(may_leave(id, room));
  sessions_[id.value].rooms[room].membership = Membership::leaving;
}

void Oracle::on_change_of_mind(SessionId id, const std::string& room) {
  RoomView& view = sessions_[id.value].rooms[room];
  CHECK(view.membership == Membership::joining && !view.rejoins);
  view.rejoins = true;
}

void Oracle::on_say(SessionId id, const std::string& room, const std::string& text,
                    const std::string& message_id) {
  Said said;
  said.session = id.value;
  said.order = said_.size();
  said.room = room;
  const bool fresh = said_.emplace(text, said).second;
  CHECK(fresh);
  sessions_[id.value].unanswered[message_id] = text;
}

void Oracle::on_ask_history(SessionId id, const std::string& room) {
  CHECK(may_ask_history(id, room));
  RoomView& view = sessions_[id.value].rooms[room];
  view.replay = Replay::asked;
  view.replayed = 0;
}

void Oracle::on_text(SessionId id, std::string_view text) {
  if (failed()) return;
  Session& session = sessions_[id.value];
  const Json event = Json::parse(text, nullptr, false);
  if (event.is_discarded() || !event.is_object()) return fail("not a JSON object");
  try {
    on_event(session, event);
  } catch (const std::exception& error) {  // A member that is absent, or not of its type.
    fail(error.what());
  }
  if (failed()) failure_ += "\n  in " + std::string(text.substr(0, 1'000));
}

void Oracle::on_event(Session& session, const Json& event) {
  const std::string& type = event.at("type").get_ref<const std::string&>();
  if (type == "welcome" || type == "authSuccess") {
    session.user_id = event.at("user").at("id").get<std::string>();
    return;
  }
  if (type == "pong" || type == "system") return;
  if (session.user_id.empty()) return fail(type + " before welcome");
  if (type == "error") return on_error(session, event);
  if (type == "roomJoined") return on_room_joined(session, event);
  if (type == "online") return on_online(event);
  if (type == "roomLeft") return on_room_left(session, event.at("room"));
  RoomView* const view = joined_view(session, event);
  if (view == nullptr) return fail(type + " of a room that was not joined");
  if (type == "message") return on_message(session, event);
  if (type == "history") return on_history(session, event);
  if (type == "gap") return on_gap(session, event);
  if (type == "typing") {
    if (event.at("userId") == session.user_id) fail("told of its own typing");
    return;
  }
  if (type == "userJoin" || type == "userLeave") return on_announced(*view, event);
  if (type != "userCount") fail("an unknown type: " + type);
}

void Oracle::on_announced(RoomView& view, const Json& event) {
  const std::string user = event.at("user").at("id");
  if (event.at("type") == "userJoin") {
    view.gone.erase(user);
  } else {
    view.gone.insert(user);
  }
}

void Oracle::on_room_joined(Session& session, const Json& event) {
  const std::string room = event.at("room");
  RoomView& view = session.rooms[room];
  if (view.membership != Membership::joining) return fail("roomJoined without joinRoom");
  view.membership = Membership::in;
  view.epoch = event.at("epoch").dump();
  view.joined_at = event.at("seq").get<std::uint64_t>();
  view.live = view.joined_at;
  view.replay = Replay::plain;
  view.replayed = 0;
  ++counts_.joins;
  if (event.at("userCount").get<std::uint64_t>() == 0) return fail("joined an empty room");
  const bool resumed = event.at("resumed").get<bool>();
  if (!view.wanted.has_value()) {
    if (resumed) fail("resumed what was not asked to be");
    return;
  }
  const bool same_life = view.wanted->epoch == view.epoch;
  if (resumed != same_life) {
    return fail("asked for epoch " + view.wanted->epoch + ", resumed " + event["resumed"].dump());
  }
  if (!resumed) return;
  if (view.wanted->since > view.joined_at) return fail("numbers ran backwards");
  view.replay = Replay::resume;
  view.replayed = view.wanted->since;
  ++counts_.resumes;
}

void Oracle::on_room_left(Session& session, const std::string& room) {
  RoomView& view = session.rooms[room];
  // What was said just before leaving is heard by the others only.
  session.left_some = true;
  std::erase_if(session.unanswered,
                [&](const auto& asked) { return said_.at(asked.second).room == room; });
  if (view.rejoins) {
    view = RoomView{};
    view.membership = Membership::joining;
    return;
  }
  if (view.membership != Membership::leaving) return fail("roomLeft without leaveRoom");
  keep_bookmark(session, room, view);
  view.membership = Membership::out;
}

void Oracle::on_message(Session& session, const Json& event) {
  const std::string room = event.at("room");
  RoomView& view = session.rooms[room];
  const auto sequence = event.at("seq").get<std::uint64_t>();
  if (sequence != view.live + 1) {
    return fail("number " + number(sequence) + " of " + room + " after " + number(view.live));
  }
  if (std::exchange(overlook_one_, false)) return;
  view.live = sequence;
  ++counts_.live;
  check_message(room, view.epoch, event);
  if (announces_all_ && view.gone.contains(event.at("userId"))) {
    return fail("said behind its sender's leave");
  }
  if (event.at("userId") == session.user_id) on_answered(session, event);
}

void Oracle::on_answered(Session& session, const Json& event) {
  if (!event.contains("id")) return fail("the id of a message did not come back");
  const std::string id = event.at("id");
  const auto asked = session.unanswered.find(id);
  if (asked != session.unanswered.end()) {
    session.unanswered.erase(asked);
  } else if (!session.left_some) {
    fail("answered twice, or never asked: " + id);
  }
}

void Oracle::on_history(Session& session, const Json& event) {
  const std::string room = event.at("room");
  RoomView& view = session.rooms[room];
  if (view.replay == Replay::none) return fail("history that nobody asked for");
  for (const Json& message : event.at("messages")) {
    replay_one(view, room, message.at("seq").get<std::uint64_t>());
    check_message(room, view.epoch, message);
    ++counts_.replayed;
  }
  // The answer to a request is one frame, and `more` says that there are older messages.
  if (view.replay == Replay::asked || !event.at("more").get<bool>()) end_replay(view, room);
}

void Oracle::replay_one(RoomView& view, const std::string& room, std::uint64_t sequence) {
  const bool first = view.replayed == 0 && view.replay != Replay::resume;
  if (!first && sequence != view.replayed + 1) {
    return fail("replayed " + number(sequence) + " of " + room + " after " + number(view.replayed));
  }
  if (view.replay != Replay::asked && sequence > view.joined_at) {
    return fail("replayed what came after the join: " + number(sequence));
  }
  view.replayed = sequence;
}

void Oracle::end_replay(RoomView& view, const std::string& room) {
  if (view.replay != Replay::asked && view.replayed != view.joined_at) {
    fail("the replay of " + room + " ended at " + number(view.replayed) + " of " +
         number(view.joined_at));
  }
  view.replay = Replay::none;
}

void Oracle::on_gap(Session& session, const Json& event) {
  const std::string room = event.at("room");
  RoomView& view = session.rooms[room];
  const std::string reason = event.at("reason");
  const auto from = event.at("from").get<std::uint64_t>();
  const auto to = event.at("to").get<std::uint64_t>();
  ++counts_.gaps;
  if (reason == "reset") {
    if (view.replay != Replay::plain || !view.wanted.has_value()) fail("reset without resume");
    return;
  }
  if (from > to) return fail("an empty gap");
  if (reason == "slow_reader") {
    if (from != view.live + 1) return fail("a gap after " + number(view.live));
    view.live = to;
    session.lost_some = true;
    return;
  }
  if (reason != "expired") return fail("an unknown reason: " + reason);
  if (view.replay != Replay::resume) return fail("expired without resume");
  if (from != view.replayed + 1 || to > view.joined_at) {
    return fail("a gap after " + number(view.replayed));
  }
  view.replayed = to;
}

void Oracle::on_error(Session& session, const Json& event) {
  ++counts_.errors;
  const std::string code = event.at("code");
  const std::array never = {"bad_json", "bad_message", "unknown_type", "bad_room", "empty_message"};
  if (std::ranges::find(never, code) != never.end()) return fail("blamed without reason: " + code);
  if (event.contains("id")) return on_answered(session, event);
  if (!event.contains("room")) return;
  RoomView& view = session.rooms[event.at("room").get<std::string>()];
  // Said of what was sent before it turned round, and came behind: it refuses no joining.
  const bool of_joining = code != "not_in_room";
  if (of_joining && view.rejoins) return fail("refused to turn round: " + code);
  if (of_joining && view.membership == Membership::joining) view.membership = Membership::out;
  if (view.membership == Membership::leaving) view.membership = Membership::in;
  if (view.replay == Replay::asked) view.replay = Replay::none;
}

void Oracle::on_online(const Json& event) {
  if (!settled_ || !event.contains("room")) return;
  const std::string room = event.at("room");
  const auto members = std::ranges::count_if(sessions_, [&](const Session& session) {
    const auto view = session.rooms.find(room);
    return session.open && view != session.rooms.end() && view->second.membership == Membership::in;
  });
  if (event.at("count").get<std::int64_t>() != members) {
    fail("a wrong count: " + std::to_string(members) + " are in the room");
  }
}

void Oracle::check_message(const std::string& room, const std::string& epoch, const Json& event) {
  const auto sequence = event.at("seq").get<std::uint64_t>();
  const Message message{.text = event.at("message"),
                        .user_id = event.at("userId"),
                        .timestamp = event.at("timestamp")};
  const auto said = said_.find(message.text);
  if (said == said_.end()) return fail("nobody said that");
  Said& source = said->second;
  if (source.room != room) return fail("said in another room: " + source.room);
  if (sessions_[source.session].user_id != message.user_id) return fail("said by somebody else");
  if (source.seen && (source.epoch != epoch || source.sequence != sequence)) {
    return fail("one message has two numbers, the other is " + number(source.sequence));
  }
  source.seen = true;
  source.epoch = epoch;
  source.sequence = sequence;
  const auto [known, fresh] = lives_[{room, epoch}].messages.emplace(sequence, message);
  if (!fresh && known->second != message) fail("another message has that number");
}

// A sender's messages to one room keep their order.
void Oracle::check_orders() {
  for (const auto& [key, life] : lives_) {
    std::map<std::uint32_t, std::uint64_t> newest;
    for (const auto& [sequence, message] : life.messages) {
      const Said& said = said_.at(message.text);
      const auto [last, first] = newest.emplace(said.session, said.order);
      if (!first && last->second > said.order) {
        return fail("number " + number(sequence) + " of " + key.first +
                    " was said before the one in front of it");
      }
      last->second = said.order;
    }
  }
}

std::string Oracle::unrest() const {
  for (const Session& session : sessions_) {
    if (!session.open) continue;
    const std::string who = "client " + number(session.client) + " ";
    if (session.user_id.empty()) return who + "was not welcomed";
    if (!session.unanswered.empty() && !session.lost_some) {
      return who + "waits for the answer to message " + session.unanswered.begin()->first;
    }
    for (const auto& [room, view] : session.rooms) {
      if (view.membership == Membership::joining) return who + "waits to join " + room;
      if (view.membership == Membership::leaving) return who + "waits to leave " + room;
      if (view.membership == Membership::out) continue;
      if (view.replay != Replay::none) return who + "waits for the history of " + room;
      const auto life = lives_.find({room, view.epoch});
      if (life == lives_.end() || life->second.messages.empty()) continue;
      const std::uint64_t newest = life->second.messages.rbegin()->first;
      if (view.live < newest) {
        return who + "has seen " + room + " up to " + number(view.live) + " of " + number(newest);
      }
    }
  }
  return {};
}

void Oracle::check_quiet() {
  settled_ = true;
  const std::string reason = unrest();
  if (!reason.empty()) fail("never answered: " + reason);
  check_orders();
}

bool Oracle::may_join(SessionId session, const std::string& room) const {
  const RoomView* const view = find_view(session, room);
  return view == nullptr || view->membership == Membership::out;
}

bool Oracle::is_member(SessionId session, const std::string& room) const {
  const RoomView* const view = find_view(session, room);
  return view != nullptr && view->membership == Membership::in;
}

bool Oracle::may_leave(SessionId session, const std::string& room) const {
  return may_ask_history(session, room);
}

bool Oracle::may_ask_history(SessionId session, const std::string& room) const {
  if (!is_member(session, room)) return false;
  const RoomView& view = *find_view(session, room);
  return view.replay == Replay::none && !view.rejoins;
}

std::optional<Bookmark> Oracle::bookmark(std::uint32_t client, const std::string& room) const {
  const auto bookmark = bookmarks_.find({client, room});
  if (bookmark == bookmarks_.end()) return std::nullopt;
  return bookmark->second;
}

void Oracle::fail(std::string reason) {
  if (failure_.empty()) failure_ = std::move(reason);
}

Oracle::RoomView* Oracle::joined_view(Session& session, const Json& event) {
  const auto view = session.rooms.find(event.at("room").get_ref<const std::string&>());
  if (view == session.rooms.end()) return nullptr;
  const Membership membership = view->second.membership;
  const bool member = membership == Membership::in || membership == Membership::leaving;
  return member ? &view->second : nullptr;
}

const Oracle::RoomView* Oracle::find_view(SessionId session, const std::string& room) const {
  const auto& rooms = sessions_[session.value].rooms;
  const auto view = rooms.find(room);
  return view == rooms.end() ? nullptr : &view->second;
}

}  // namespace parley::sim
