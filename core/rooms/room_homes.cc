#include "core/rooms/room_homes.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "core/base/check.h"
#include "core/chat/packed_identity.h"
#include "core/rooms/join_request.h"
#include "core/rooms/roster.h"
#include "core/rooms/workers_of_room.h"

namespace parley::core {

namespace {

constexpr std::uint32_t history_messages_per_frame = 100;
constexpr std::uint32_t history_bytes_per_frame = 64 * 1024;
constexpr std::int64_t size_interval_ms = 1000;

std::uint64_t mix(
    std::uint64_t x) {  // The finaliser of SplitMix64: every bit depends on every bit.
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

RoomMember member_of(const Mail& mail) {
  return {.conn = mail.conn, .worker = mail.origin};
}

std::uint32_t frame_bytes(PayloadBlock* block) {
  return block->end - block->begin;
}

}  // namespace

// What each publication needs comes first, in one cache line.
struct alignas(cache_line_bytes) RoomHomes::Room {
  RoomId id;
  Sequence last{};
  WorkersOfRoom workers;
  std::uint32_t members{};
  bool permanent{};
  bool size_due{};
  bool members_asked{};  // The roster lacks names that are on their way.
  std::uint64_t epoch{};
  std::string name;
  Roster roster;
};

RoomHomes::RoomHomes(const HubConfig& config, WorkerId self, Borrowed borrowed)
    : config_(config),
      self_(self),
      borrowed_(borrowed),
      history_({.count_max = config.history_count_max,
                .room_bytes_max = config.history_room_bytes_max,
                .bytes_max = config.history_bytes_max,
                .age_max = config.history_age_max}) {
  static_assert(offsetof(Room, epoch) <= cache_line_bytes, "A publication reads one line.");
}

RoomHomes::~RoomHomes() = default;

void RoomHomes::create_permanent(RoomId id, std::string_view name) {
  const std::uint32_t index = find_or_create(id, name);
  CHECK(index != RoomTable::none);
  rooms_[index]->permanent = true;
}

std::uint32_t RoomHomes::find_or_create(RoomId id, std::string_view name) {
  const std::uint32_t found = table_.find(id);
  if (found != RoomTable::none) return found;
  if (table_.size() >= config_.rooms_homed_max) return RoomTable::none;
  std::uint32_t index;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(rooms_.size());
    rooms_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  auto room = std::make_unique<Room>();
  room->id = id;
  room->name = name;
  room->epoch = mix(config_.epoch_seed + mix((std::uint64_t{self_.value} << 48) + ++epochs_)) | 1;
  rooms_[index] = std::move(room);
  table_.insert(id, index);
  return index;
}

void RoomHomes::drop_if_idle(std::uint32_t index) {
  Room& room = *rooms_[index];
  if (room.members > 0 || room.permanent || !history_.empty(index)) return;
  if (room.size_due) return;  // It is in sizes_due_: tick() comes by and drops it.
  table_.erase(room.id);
  rooms_[index].reset();
  free_.push_back(index);
}

void RoomHomes::on_join(Mail&& mail) {
  const JoinRequest request = unpack(mail.subject);
  const std::uint32_t index = find_or_create(mail.room, request.room);
  if (index == RoomTable::none) return refuse(mail, Refusal::server_full);
  Room& room = *rooms_[index];
  if (config_.members_per_room_max != 0 && room.members >= config_.members_per_room_max) {
    return refuse(mail, Refusal::room_full);
  }
  room.members += 1;
  tell_arrival(room, mail);
  room.workers.add_member(mail.origin);
  add_to_roster(room, mail);

  if ((mail.flags & RoomMailFlags::resume) == 0) {
    send_joined(index, mail, false);
    send_recent(index, mail);
    return send_last(mail, {});
  }
  const bool same_epoch = request.epoch == 0 || request.epoch == room.epoch;
  const bool resumed = same_epoch && request.since <= room.last;
  send_joined(index, mail, resumed);
  if (!resumed) tell_reset(room, mail);
  const Sequence since = resumed ? request.since : 0;
  send_last(mail, send_range(index, mail, {.since = since, .messages = room.last - since}, true));
}

void RoomHomes::refuse(const Mail& mail, Refusal why) {
  Mail answer;
  answer.kind = MailKind::join_refused;
  answer.conn = mail.conn;
  answer.origin = mail.origin;
  answer.room = mail.room;
  answer.number = static_cast<std::uint64_t>(why);
  answer.subject = mail.subject.share();
  borrowed_.post.send(mail.origin, std::move(answer));
  send_last(mail, {});
}

void RoomHomes::on_leave(const Mail& mail) {
  const std::uint32_t index = table_.find(mail.room);
  CHECK(index != RoomTable::none);
  Room& room = *rooms_[index];
  room.members -= 1;
  room.workers.remove_member(mail.origin);
  tell_departure(room, room.roster.take(member_of(mail)));
  complete_roster(room);
  drop_if_idle(index);
}

void RoomHomes::add_to_roster(Room& room, const Mail& mail) {
  if (room.roster.size() >= config_.presence_members_max) return;
  static_assert(packed_identity_bytes_max <= Roster::user_bytes_max);
  room.roster.add(member_of(mail), text_of(mail.payload));
}

// A room that was too large for its roster may have become small enough for one that is complete.
void RoomHomes::complete_roster(Room& room) {
  const bool small = room.members <= config_.presence_members_max;
  const bool complete = room.roster.size() == room.members;
  if (!small || complete) {
    // That it is complete is a reason for clients to ask who is there.
    if (complete && room.members_asked && room.members > 0) tell_size(room);
    room.members_asked = false;
    return;
  }
  if (room.members_asked) return;
  room.members_asked = true;
  room.workers.for_each([this, &room](WorkerId worker) {
    Mail mail;
    mail.kind = MailKind::ask_members;
    mail.room = room.id;
    borrowed_.post.send(worker, std::move(mail));
  });
}

void RoomHomes::on_member(const Mail& mail) {
  const std::uint32_t index = table_.find(mail.room);
  CHECK(index != RoomTable::none);  // Its `leave` would come behind this.
  Room& room = *rooms_[index];
  if (!room.roster.has(member_of(mail))) add_to_roster(room, mail);
  complete_roster(room);
}

// At the next tick that tells sizes.
void RoomHomes::tell_size(Room& room) {
  if (!room.size_due) sizes_due_.push_back(table_.find(room.id));
  room.size_due = true;
}

void RoomHomes::tell_arrival(Room& room, const Mail& mail) {
  if (room.members == 1) return;
  if (room.members > config_.presence_members_max) return tell_size(room);
  const std::string_view user = text_of(mail.payload);
  if (room.roster.has_user(user)) return;
  IdentitySpelling spelling;
  PayloadRef frame =
      borrowed_.vocabulary.came(borrowed_.encoder, room.name, unpack(user, spelling), room.members);
  if (frame) tell_members(room, frame, nullptr);
}

void RoomHomes::tell_departure(Room& room, std::string_view user) {
  if (room.members == 0) return;
  // Whoever was not on the roster has no name here: the room learns its new size only.
  if (user.empty() || room.members >= config_.presence_members_max) return tell_size(room);
  if (room.roster.has_user(user)) return;
  IdentitySpelling spelling;
  PayloadRef frame =
      borrowed_.vocabulary.went(borrowed_.encoder, room.name, unpack(user, spelling), room.members);
  if (frame) tell_members(room, frame, nullptr);
}

void RoomHomes::tell_members(Room& room, const PayloadRef& frame, const Mail* except) {
  frame->room = room.id;
  room.workers.for_each([this, &room, &frame, except](WorkerId worker) {
    Mail mail;
    mail.kind = MailKind::deliver;
    mail.room = room.id;
    mail.payload = frame.share();
    if (except != nullptr) {
      mail.flags = RoomMailFlags::signal;
      mail.conn = except->conn;
      mail.origin = except->origin;
    }
    borrowed_.post.send(worker, std::move(mail));
  });
}

void RoomHomes::expect_publication(RoomId id) const {
  const std::uint32_t index = table_.find(id);
  if (index == RoomTable::none) return;
  __builtin_prefetch(rooms_[index].get(), 1);
  history_.prefetch_entries(index);
}

void RoomHomes::on_publish(Mail&& mail) {
  const std::uint32_t index = table_.find(mail.room);
  CHECK(index != RoomTable::none);  // Its sender's `leave` comes behind this.
  Room& room = *rooms_[index];
  if ((mail.flags & RoomMailFlags::signal) != 0) {
    tell_members(room, mail.payload, &mail);
    return;
  }
  history_.prefetch_oldest(index);
  room.last += 1;
  publications_ += 1;
  PayloadRef frame = std::move(mail.payload);
  borrowed_.encoder.stamp(*frame.get(), room.last, now_);
  frame->room = room.id;
  frame->first_sequence = room.last;
  frame->last_sequence = room.last;
  history_.append(index, frame.share(), now_);
  tell_members(room, frame, nullptr);
}

void RoomHomes::reply(const Mail& request, PayloadRef frame) {
  Mail mail;
  mail.kind = MailKind::reply;
  mail.conn = request.conn;
  mail.origin = request.origin;
  mail.payload = std::move(frame);
  borrowed_.post.send(request.origin, std::move(mail));
}

std::span<const IdentityView> RoomHomes::users_of(const Room& room) {
  packed_.clear();
  room.roster.list(packed_);
  spellings_.resize(packed_.size());
  users_.clear();
  for (std::size_t i = 0; i < packed_.size(); ++i) {
    users_.push_back(unpack(packed_[i], spellings_[i]));
  }
  return users_;
}

void RoomHomes::send_joined(std::uint32_t index, const Mail& mail, bool resumed) {
  const Room& room = *rooms_[index];
  Mail answer;
  answer.kind = MailKind::joined;
  answer.conn = mail.conn;
  answer.origin = mail.origin;
  answer.room = room.id;
  answer.number = room.last;
  answer.payload = borrowed_.vocabulary.joined(borrowed_.encoder, {.room = room.name,
                                                                   .last = room.last,
                                                                   .epoch = room.epoch,
                                                                   .resumed = resumed,
                                                                   .members = room.members,
                                                                   .users = users_of(room)});
  borrowed_.post.send(mail.origin, std::move(answer));
}

// One frame's worth from the end: one message at least, if there is one.
std::span<PayloadBlock* const> RoomHomes::newest_that_fit(std::span<PayloadBlock* const> messages) {
  std::size_t first = messages.size();
  std::uint64_t bytes = 0;
  while (first > 0 && (first == messages.size() ||
                       bytes + frame_bytes(messages[first - 1]) <= history_bytes_per_frame)) {
    first -= 1;
    bytes += frame_bytes(messages[first]);
  }
  return messages.subspan(first);
}

void RoomHomes::send_recent(std::uint32_t index, const Mail& mail) {
  const Room& room = *rooms_[index];
  messages_.resize(config_.history_on_join);
  const std::uint32_t count = history_.before(index, room.last + 1, messages_);
  const std::span<PayloadBlock* const> recent = newest_that_fit(std::span(messages_).first(count));
  PayloadRef frame = borrowed_.vocabulary.history(borrowed_.encoder, room.name, recent, false);
  if (frame) reply(mail, std::move(frame));
}

void RoomHomes::tell_reset(const Room& room, const Mail& mail) {
  PayloadRef gap = borrowed_.vocabulary.gap(borrowed_.encoder, room.name, 0, 0, GapReason::reset);
  if (gap) reply(mail, std::move(gap));
}

// What is wanted, as far as history_reply_bytes_max goes; the rest is for another request. Or, when
// nothing follows by itself, one frame's worth: who asks once is answered once.
RoomHomes::Rest RoomHomes::send_range(std::uint32_t index, const Mail& mail, Rest wanted,
                                      bool follows_by_itself) {
  const Room& room = *rooms_[index];
  const Sequence oldest = history_.empty(index) ? room.last + 1 : history_.oldest(index);
  if (wanted.since + 1 < oldest) {
    PayloadRef gap = borrowed_.vocabulary.gap(borrowed_.encoder, room.name, wanted.since + 1,
                                              oldest - 1, GapReason::expired);
    if (gap) reply(mail, std::move(gap));
    if (follows_by_itself) {
      wanted.messages -= std::min<std::uint64_t>(wanted.messages, oldest - 1 - wanted.since);
    }
    wanted.since = oldest - 1;
  }
  std::uint64_t bytes_left = config_.history_reply_bytes_max;
  for (bool another = true; another;) {
    const std::span<PayloadBlock* const> part = next_part(index, wanted, bytes_left);
    if (!part.empty()) wanted.since = part.back()->last_sequence;
    wanted.messages -= part.size();
    another =
        follows_by_itself && wanted.messages > 0 && wanted.since < room.last && bytes_left > 0;
    const bool more = follows_by_itself ? wanted.messages > 0 : wanted.since < room.last;
    PayloadRef frame = borrowed_.vocabulary.history(borrowed_.encoder, room.name, part, more);
    if (!frame) return {};
    reply(mail, std::move(frame));
  }
  return follows_by_itself ? wanted : Rest{};
}

// The next frame's worth: one message at least, if there is one.
std::span<PayloadBlock* const> RoomHomes::next_part(std::uint32_t index, const Rest& wanted,
                                                    std::uint64_t& bytes_left) {
  messages_.resize(std::min<std::uint64_t>(history_messages_per_frame, wanted.messages));
  const std::uint32_t count = history_.since(index, wanted.since, messages_);
  const std::uint64_t bytes_max = std::min<std::uint64_t>(history_bytes_per_frame, bytes_left);
  std::uint64_t bytes = 0;
  std::uint32_t taken = 0;
  while (taken < count && (taken == 0 || bytes + frame_bytes(messages_[taken]) <= bytes_max)) {
    bytes += frame_bytes(messages_[taken]);
    taken += 1;
  }
  bytes_left -= std::min(bytes_left, bytes);
  return {messages_.data(), taken};
}

void RoomHomes::send_last(const Mail& mail, Rest rest) {
  Mail answer;
  answer.kind = MailKind::reply;
  answer.flags = RoomMailFlags::last;
  answer.conn = mail.conn;
  answer.origin = mail.origin;
  answer.room = mail.room;
  if (rest.messages > 0) {
    answer.flags |= RoomMailFlags::resume;
    answer.number = rest.since;
    answer.number2 = rest.messages;
  }
  borrowed_.post.send(mail.origin, std::move(answer));
}

void RoomHomes::on_ask_history(const Mail& mail) {
  const std::uint32_t index = table_.find(mail.room);
  if (index == RoomTable::none) return send_last(mail, {});
  const Rest wanted{.since = mail.number, .messages = mail.number2};
  if ((mail.flags & RoomMailFlags::before) == 0) {
    const bool resumes = (mail.flags & RoomMailFlags::resume) != 0;
    return send_last(mail, send_range(index, mail, wanted, resumes));
  }
  const Room& room = *rooms_[index];
  messages_.resize(std::min<std::uint64_t>(wanted.messages, history_messages_per_frame));
  const std::uint32_t count = history_.before(index, mail.number, messages_);
  const std::span<PayloadBlock* const> part = newest_that_fit(std::span(messages_).first(count));
  const bool more = !part.empty() && part.front()->first_sequence > history_.oldest(index);
  PayloadRef frame = borrowed_.vocabulary.history(borrowed_.encoder, room.name, part, more);
  if (frame) reply(mail, std::move(frame));
  send_last(mail, {});
}

void RoomHomes::on_ask_presence(const Mail& mail) {
  const std::uint32_t index = table_.find(mail.room);
  if (index == RoomTable::none) return send_last(mail, {});
  const Room& room = *rooms_[index];
  PayloadRef frame = borrowed_.vocabulary.present(borrowed_.encoder, {.room = room.name,
                                                                      .last = room.last,
                                                                      .epoch = room.epoch,
                                                                      .resumed = false,
                                                                      .members = room.members,
                                                                      .users = users_of(room)});
  if (frame) reply(mail, std::move(frame));
  send_last(mail, {});
}

void RoomHomes::tick() {
  history_.expire(now_);
  if (now_.value - sizes_told_.value >= size_interval_ms) {
    sizes_told_ = now_;
    std::vector<std::uint32_t> due;
    due.swap(sizes_due_);
    std::uint64_t told = 0;
    for (const std::uint32_t index : due) {
      Room& room = *rooms_[index];
      if (told >= config_.sizes_told_per_second_max) {
        sizes_due_.push_back(index);
        continue;
      }
      told += room.members;
      room.size_due = false;
      PayloadRef frame = borrowed_.vocabulary.counted(borrowed_.encoder, room.name, room.members);
      if (frame) tell_members(room, frame, nullptr);
      drop_if_idle(index);
    }
  }
  for (const std::uint32_t index : history_.take_emptied()) {
    if (rooms_[index] != nullptr) drop_if_idle(index);
  }
}

void RoomHomes::check_invariants() const {
  std::uint32_t live = 0;
  for (const std::unique_ptr<Room>& room : rooms_) {
    if (room == nullptr) continue;
    live += 1;
    CHECK(room->workers.members() == room->members);
    CHECK(room->roster.size() <= room->members);
    CHECK(room->roster.size() <= config_.presence_members_max);
  }
  CHECK(live == table_.size());
}

}  // namespace parley::core
