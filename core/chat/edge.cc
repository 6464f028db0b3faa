#include "core/chat/edge.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

#include "core/base/check.h"
#include "core/base/trim.h"
#include "core/chat/packed_identity.h"
#include "core/payload/payload_pool.h"
#include "core/rooms/join_request.h"
#include "core/rooms/room_homes.h"
#include "core/rooms/room_name.h"

namespace parley::core {

namespace {

// Frames up to this size are copied into one sequence per room and turn; larger ones are cheaper
// to send by reference, each by itself.
constexpr std::uint32_t copied_frame_bytes_max = 16 * 1024;
constexpr std::uint32_t sequence_bytes_max = 64 * 1024;

// Publications that a room keeps room for between turns: many rooms burst once, when all join. Room
// for more is kept in few places, for whichever rooms burst next.
constexpr std::size_t gathered_kept_max = 64;
constexpr std::size_t spare_gathered_max = 8192;
constexpr std::size_t spares_max = 16;

// A session that is in more rooms looks one up in the table of all.
constexpr std::uint32_t rooms_looked_at_max = 2;

// After so many letters a tick leaves the remaining rooms to the next one.
constexpr std::size_t member_letters_per_tick = 1'000;

// Requests of one session that may wait, beyond the joins of all the rooms it may be in.
constexpr std::size_t waiting_max = 64;

struct Joining {
  ConnId conn;
  Gates gates;       // The way of this join, for the `leave` that undoes it.
  bool abandoned{};  // It left or closed before the home answered.
};

std::uint32_t frame_bytes(const PayloadRef& frame) {
  return frame->end - frame->begin;
}

// An outbox may drop what is numbered, as a whole, and nothing else may go with it.
bool are_of_a_kind(const PayloadRef& one, const PayloadRef& other) {
  return (one->first_sequence == 0) == (other->first_sequence == 0);
}

Requests& requests_of(Session& session) {
  if (session.requests == nullptr) session.requests = std::make_unique<Requests>();
  return *session.requests;
}

bool is_done(const Requests& requests) {
  return !requests.asking && !requests.posting && requests.waiting.empty();
}

void forget_requests_if_done(Session& session) {
  if (is_done(*session.requests)) session.requests.reset();
}

}  // namespace

// What each publication needs comes first, in one cache line.
struct alignas(cache_line_bytes) Edge::Room {
  RoomId id;
  std::vector<std::uint32_t> members;  // Slots of live members.
  std::vector<PayloadRef> gathered;
  std::string name;
  std::vector<Joining> joining;  // In the order of their joins, as the home answers them.
  std::uint32_t waiting = 0;     // Joins that wait for their turn in their sessions.

  // The home has answered a join. It answers in the order it was asked, so the first with this id
  // is the one.
  Joining take_joining(ConnId conn) {
    const auto found = std::ranges::find(joining, conn, &Joining::conn);
    CHECK(found != joining.end());
    const Joining taken = *found;
    joining.erase(found);
    if (joining.empty()) joining = std::vector<Joining>();
    return taken;
  }
};

Edge::Edge(const HubConfig& config, WorkerId self, std::uint16_t worker_count, Borrowed borrowed)
    : config_(config), self_(self), worker_count_(worker_count), borrowed_(borrowed) {
  static_assert(offsetof(Room, name) <= cache_line_bytes, "A publication reads one line.");
}

Edge::~Edge() = default;

Session& Edge::open(ConnId conn, const IdentityView& identity) {
  CHECK(conn.slot < config_.connections_max);
  Session& session = sessions_.open(conn);
  session.identity = CompactIdentity(identity);
  return session;
}

void Edge::close(ConnId conn) {
  Session* session = find(conn);
  CHECK(session != nullptr);
  while (!session->rooms.empty()) leave(*session, rooms_[session->rooms.back().room]->id);
  sessions_.close(*session);
}

std::uint32_t Edge::find_or_create(RoomId id, std::string_view name) {
  const std::uint32_t found = table_.find(id);
  if (found != RoomTable::none) return found;
  if (table_.size() >= config_.rooms_max) return RoomTable::none;
  std::uint32_t index;
  if (free_rooms_.empty()) {
    index = static_cast<std::uint32_t>(rooms_.size());
    rooms_.emplace_back();
  } else {
    index = free_rooms_.back();
    free_rooms_.pop_back();
  }
  rooms_[index] = std::make_unique<Room>();
  rooms_[index]->id = id;
  rooms_[index]->name = name;
  table_.insert(id, index);
  return index;
}

void Edge::drop_if_unused(std::uint32_t index) {
  const Room& room = *rooms_[index];
  if (!room.members.empty() || !room.joining.empty() || room.waiting > 0) return;
  CHECK(room.gathered.empty());
  table_.erase(room.id);
  rooms_[index].reset();
  free_rooms_.push_back(index);
}

const Membership* Edge::find_membership(const Session& session, RoomId id) const {
  // Most sessions are in a room or two, and what happens there needs those anyway.
  if (session.rooms.size() <= rooms_looked_at_max) {
    const auto is_it = [this, id](const Membership& m) { return rooms_[m.room]->id == id; };
    const Membership* const found = std::ranges::find_if(session.rooms, is_it);
    return found == session.rooms.end() ? nullptr : found;
  }
  const std::uint32_t index = table_.find(id);
  return index == RoomTable::none ? nullptr : session.rooms.find(index);
}

bool Edge::is_live(const Session& session, RoomId id) const {
  const Membership* membership = find_membership(session, id);
  return membership != nullptr && membership->position != Membership::joining;
}

bool Edge::is_joining(const Session& session, RoomId id) const {
  const Membership* membership = find_membership(session, id);
  return membership != nullptr && membership->position == Membership::joining;
}

std::string_view Edge::room_name(RoomId id) const {
  const std::uint32_t index = table_.find(id);
  return index == RoomTable::none ? std::string_view{} : std::string_view(rooms_[index]->name);
}

JoinStatus Edge::join(Session& session, std::string_view room, const JoinOptions& options,
                      const IdentityView& user) {
  const RoomId id = room_id(room, config_.hash_key);
  if (const std::uint32_t index = table_.find(id);
      index != RoomTable::none && session.rooms.find(index) != nullptr) {
    return JoinStatus::already_in_room;
  }
  if (session.rooms.size() >= config_.rooms_per_connection_max) return JoinStatus::too_many_rooms;
  const std::uint32_t index = find_or_create(id, room);
  if (index == RoomTable::none) return JoinStatus::server_full;
  rooms_[index]->waiting += 1;
  session.rooms.add({index, Membership::joining});
  memberships_ += 1;

  Mail mail;
  mail.kind = MailKind::join;
  mail.conn = session.conn;
  mail.origin = self_;
  mail.room = id;
  mail.payload = pack(borrowed_.pool, user);
  JoinRequest request{.room = room, .tag = options.tag};
  if (options.resume) {
    mail.flags = RoomMailFlags::resume;
    request.since = options.resume->since;
    request.epoch = options.resume->epoch;
  }
  mail.subject = pack(borrowed_.pool, request);
  requests_of(session).waiting.push_back(std::move(mail));
  ask_next(session);
  return JoinStatus::asked;
}

bool Edge::ask(Session& session, Mail&& mail) {
  std::vector<Mail>& waiting = requests_of(session).waiting;
  if (waiting.size() >= waiting_max + config_.rooms_per_connection_max) return false;
  waiting.push_back(std::move(mail));
  ask_next(session);
  return true;
}

void Edge::ask_next(Session& session) {
  if (session.requests == nullptr) return;
  Requests& requests = *session.requests;
  if (requests.posting) return;  // A home on this worker answers at once: the loop below goes on.
  requests.posting = true;
  while (!requests.asking && !requests.waiting.empty() && borrowed_.sink.has_room(session.conn)) {
    Mail mail = std::move(requests.waiting.front());
    requests.waiting.erase(requests.waiting.begin());
    requests.asking = true;
    requests.asked = mail.room;
    if (mail.kind == MailKind::join) {
      const std::uint32_t index = table_.find(mail.room);
      CHECK(index != RoomTable::none && rooms_[index]->waiting > 0);
      rooms_[index]->waiting -= 1;
      rooms_[index]->joining.push_back({session.conn, session.gates, false});
      borrowed_.gatekeeper.pass(std::move(mail), session.gates);
    } else {
      const WorkerId home = home_of(mail.room, worker_count_);
      borrowed_.post.send(home, std::move(mail));
    }
  }
  requests.posting = false;
  forget_requests_if_done(session);
}

void Edge::on_reply(Mail&& mail) {
  Session* session = find(mail.conn);
  if (session == nullptr) return;
  CHECK(session->requests != nullptr);
  Requests& requests = *session->requests;
  CHECK(requests.asking);
  if (mail.payload && !requests.unwanted) {
    borrowed_.sink.send(mail.conn, std::move(mail.payload));
  }
  if ((mail.flags & RoomMailFlags::last) == 0) return;
  requests.asking = false;
  const bool unwanted = std::exchange(requests.unwanted, false);
  if ((mail.flags & RoomMailFlags::resume) != 0 && !unwanted) {
    // What was missed did not fit one answer: go on where it ended, before anything else.
    Mail next;
    next.kind = MailKind::ask_history;
    next.flags = RoomMailFlags::resume;
    next.conn = mail.conn;
    next.origin = self_;
    next.room = mail.room;
    next.number = mail.number;
    next.number2 = mail.number2;
    requests.waiting.insert(requests.waiting.begin(), std::move(next));
  }
  ask_next(*session);
}

void Edge::leave(Session& session, RoomId id) {
  const std::uint32_t index = table_.find(id);
  CHECK(index != RoomTable::none);
  Membership* membership = session.rooms.find(index);
  CHECK(membership != nullptr);
  const std::uint32_t position = membership->position;
  session.rooms.remove(membership);
  memberships_ -= 1;
  Room& room = *rooms_[index];
  withdraw_requests(session, room);
  if (position == Membership::joining) {
    // The home's answer is on its way: on_joined() will send the `leave`, on a refusal nothing.
    for (Joining& joining : room.joining) {
      if (joining.conn == session.conn) joining.abandoned = true;
    }
    return drop_if_unused(index);
  }
  flush(room);
  remove_member(index, position);
  post_leave(session.conn, session.gates, id);
  drop_if_unused(index);
}

// Nobody will answer what the session still wanted of a room, and nobody needs to.
void Edge::withdraw_requests(Session& session, Room& room) {
  if (session.requests == nullptr) return;
  Requests& requests = *session.requests;
  if (requests.asking && requests.asked == room.id) requests.unwanted = true;
  std::erase_if(requests.waiting, [&room](const Mail& mail) {
    if (mail.room != room.id) return false;
    if (mail.kind == MailKind::join) room.waiting -= 1;
    return true;
  });
  forget_requests_if_done(session);
}

void Edge::remove_member(std::uint32_t index, std::uint32_t position) {
  std::vector<std::uint32_t>& members = rooms_[index]->members;
  CHECK(position < members.size());
  const std::uint32_t moved = members.back();
  members[position] = moved;
  members.pop_back();
  trim(members);
  if (position == members.size()) return;
  Membership* membership = sessions_.at(moved).rooms.find(index);
  CHECK(membership != nullptr);
  membership->position = position;
}

// The way of the join and of what was published in between, so that it arrives behind them.
void Edge::post_leave(ConnId conn, const Gates& gates, RoomId room) {
  Mail mail;
  mail.kind = MailKind::leave;
  mail.conn = conn;
  mail.origin = self_;
  mail.room = room;
  borrowed_.gatekeeper.pass(std::move(mail), gates);
}

void Edge::on_joined(Mail&& mail) {
  const std::uint32_t index = table_.find(mail.room);
  CHECK(index != RoomTable::none);
  Room& room = *rooms_[index];
  const Joining joined = room.take_joining(mail.conn);
  if (joined.abandoned) {
    post_leave(joined.conn, joined.gates, mail.room);
    drop_if_unused(index);
    return;
  }
  flush(room);
  Session* session = find(mail.conn);
  CHECK(session != nullptr);
  Membership* membership = session->rooms.find(index);
  CHECK(membership != nullptr && membership->position == Membership::joining);
  membership->position = static_cast<std::uint32_t>(room.members.size());
  room.members.push_back(mail.conn.slot);
  if (mail.payload) borrowed_.sink.send(mail.conn, std::move(mail.payload));
}

Session* Edge::on_join_refused(const Mail& mail) {
  const std::uint32_t index = table_.find(mail.room);
  CHECK(index != RoomTable::none);
  Room& room = *rooms_[index];
  const bool abandoned = room.take_joining(mail.conn).abandoned;
  Session* session = nullptr;
  if (!abandoned) {
    session = find(mail.conn);
    CHECK(session != nullptr);
    Membership* membership = session->rooms.find(index);
    CHECK(membership != nullptr && membership->position == Membership::joining);
    session->rooms.remove(membership);
    memberships_ -= 1;
  }
  drop_if_unused(index);
  return session;
}

void Edge::on_deliver(Mail&& mail) {
  const std::uint32_t index = table_.find(mail.room);
  if (index == RoomTable::none) return;  // The last member here left while it was on its way.
  Room& room = *rooms_[index];
  if (room.members.empty()) return;
  if ((mail.flags & RoomMailFlags::signal) == 0) {
    if (room.gathered.empty()) {
      gathering_.push_back(index);
      take_spare(room);
    }
    room.gathered.push_back(std::move(mail.payload));
    return;
  }
  flush(room);
  const std::span<const std::uint32_t> members = room.members;
  const Session* sender = mail.origin == self_ ? find(mail.conn) : nullptr;
  const Membership* theirs = sender == nullptr ? nullptr : sender->rooms.find(index);
  deliveries_ += members.size();
  if (theirs == nullptr || theirs->position == Membership::joining) {
    return borrowed_.sink.deliver(members, mail.payload);
  }
  deliveries_ -= 1;
  borrowed_.sink.deliver(members.first(theirs->position), mail.payload);
  borrowed_.sink.deliver(members.subspan(theirs->position + 1), mail.payload);
}

void Edge::on_ask_members(const Mail& mail) {
  members_wanted_.push_back(mail.room);
}

void Edge::tick() {
  std::size_t letters = 0;
  while (!members_wanted_.empty() && letters < member_letters_per_tick) {
    const RoomId room = members_wanted_.back();
    members_wanted_.pop_back();
    letters += send_members(room);
  }
}

std::size_t Edge::send_members(RoomId id) {
  const std::uint32_t index = table_.find(id);
  if (index == RoomTable::none) return 0;
  const std::vector<std::uint32_t>& members = rooms_[index]->members;
  const std::size_t count = std::min<std::size_t>(members.size(), config_.presence_members_max);
  for (const std::uint32_t slot : std::span(members).first(count)) {
    const Session& session = sessions_.at(slot);
    IdentitySpelling spelling;
    Mail mail;
    mail.kind = MailKind::member;
    mail.conn = session.conn;
    mail.origin = self_;
    mail.room = id;
    mail.payload = pack(borrowed_.pool, session.identity.view(spelling));
    borrowed_.gatekeeper.pass(std::move(mail), session.gates);
  }
  return count;
}

void Edge::end_turn() {
  for (const std::uint32_t index : gathering_) {
    if (rooms_[index] != nullptr) flush(*rooms_[index]);
  }
  gathering_.clear();
}

void Edge::flush(Room& room) {
  if (room.gathered.empty()) return;
  std::vector<PayloadRef>& frames = room.gathered;
  deliveries_ += frames.size() * room.members.size();
  for (std::size_t first = 0; first < frames.size();) {
    std::size_t last = first + 1;
    std::uint32_t bytes = frame_bytes(frames[first]);
    while (last < frames.size() && are_of_a_kind(frames[first], frames[last]) &&
           bytes <= copied_frame_bytes_max && frame_bytes(frames[last]) <= copied_frame_bytes_max &&
           bytes + frame_bytes(frames[last]) <= sequence_bytes_max) {
      bytes += frame_bytes(frames[last]);
      last += 1;
    }
    if (last - first == 1) {
      borrowed_.sink.deliver(room.members, frames[first]);
    } else {
      borrowed_.sink.deliver(room.members, join_frames(room, first, last));
    }
    first = last;
  }
  frames.clear();
  if (frames.capacity() > gathered_kept_max) give_spare(room);
}

void Edge::take_spare(Room& room) {
  if (room.gathered.capacity() > 0 || spare_gathered_.empty()) return;
  room.gathered = std::move(spare_gathered_.back());
  spare_gathered_.pop_back();
}

void Edge::give_spare(Room& room) {
  std::vector<PayloadRef> taken = std::exchange(room.gathered, {});
  if (taken.capacity() > spare_gathered_max || spare_gathered_.size() == spares_max) return;
  spare_gathered_.push_back(std::move(taken));
}

PayloadRef Edge::join_frames(Room& room, std::size_t first, std::size_t last) {
  std::uint32_t bytes = 0;
  for (std::size_t i = first; i < last; ++i) bytes += frame_bytes(room.gathered[i]);
  PayloadRef joined = borrowed_.pool.allocate(bytes);
  joined->room = room.id;
  for (std::size_t i = first; i < last; ++i) {
    const PayloadRef& frame = room.gathered[i];
    const Bytes source = frame->frame();
    std::memcpy(joined->bytes() + joined->end, source.data(), source.size());
    joined->end += static_cast<std::uint32_t>(source.size());
  }
  joined->first_sequence = room.gathered[first]->first_sequence;
  joined->last_sequence = room.gathered[last - 1]->last_sequence;
  return joined;
}

void Edge::check_invariants() const {
  std::uint64_t live = 0;
  std::uint64_t joining = 0;
  for (std::size_t index = 0; index < rooms_.size(); ++index) {
    const Room* room = rooms_[index].get();
    if (room == nullptr) continue;
    CHECK(table_.find(room->id) == index);
    CHECK(room->gathered.empty() || !gathering_.empty());
    live += room->members.size();
    for (const Joining& entry : room->joining) joining += entry.abandoned ? 0 : 1;
    joining += room->waiting;
    for (std::uint32_t position = 0; position < room->members.size(); ++position) {
      const Session& session = sessions_.at(room->members[position]);
      const Membership* membership = session.rooms.find(static_cast<std::uint32_t>(index));
      CHECK(membership != nullptr && membership->position == position);
      CHECK(session.requests == nullptr || !is_done(*session.requests));
    }
  }
  CHECK(live + joining == memberships_);
}

}  // namespace parley::core
