// What the members of a LoadWorker publish and receive.
#include <algorithm>
#include <cstring>

#include "core/base/check.h"
#include "loadgen/engine/load_worker.h"
#include "loadgen/plan/units.h"
#include "protocol/websocket/ws_close.h"
#include "protocol/websocket/ws_mask.h"

namespace parley::loadgen {

namespace {

std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The part of an error that says which one: its "code", or its beginning.
std::string error_name(std::string_view text) {
  constexpr std::string_view code = R"("code":")";
  constexpr std::size_t shown_max = 60;
  const std::size_t at = text.find(code);
  if (at == std::string_view::npos) return "error: " + std::string(text.substr(0, shown_max));
  const std::string_view name = text.substr(at + code.size());
  return "error: " + std::string(name.substr(0, std::min(name.find('"'), shown_max)));
}

}  // namespace

void LoadWorker::publish_due() {
  if (phase_ != Phase::load || now_ < epoch_) return;
  if (plan_.mode == LoadMode::closed) return;  // on_delivery() and tick() publish.
  if (schedule_ == nullptr) return;
  // Not endlessly: completions have their turn, too.
  constexpr std::uint32_t publications_per_turn_max = 1'024;
  for (std::uint32_t i = 0; i < publications_per_turn_max; ++i) {
    const Duration due = schedule_->next();
    if (due == RateCurve::never || epoch_ + due > now_) return;
    schedule_->advance();
    Room& room = rooms_[publishing_rooms_[next_room_]];
    next_room_ = next_room_ + 1 == publishing_rooms_.size() ? 0 : next_room_ + 1;
    if (!publish(room, 0, due)) results_.total.skipped += 1;
    if (is_steady(epoch_ + due)) results_.lag.record(now_ - (epoch_ + due));
    now_ = ring_.now();
  }
}

// What was due and never went out was late by now at least: left out, a generator that cannot keep
// up would look as if it could.
void LoadWorker::count_overdue() {
  if (schedule_ == nullptr) return;
  constexpr std::uint64_t counted_max = 10'000'000;  // No doubt is left by then.
  const Instant until = std::min(steady_until_, now_);
  while (results_.total.overdue < counted_max) {
    const Duration due = schedule_->next();
    if (due == RateCurve::never || epoch_ + due >= until) return;
    schedule_->advance();
    results_.total.overdue += 1;
    if (is_steady(epoch_ + due)) results_.lag.record(now_ - (epoch_ + due));
  }
}

// False when none of the room's publishers is live.
bool LoadWorker::publish(Room& room, std::uint32_t slot, Duration due) {
  for (std::size_t tries = room.publishers().size(); tries > 0; --tries) {
    const Room::Publisher& publisher = room.next_publisher();
    Member& member = members_[room.slot_of(publisher.member)];
    if (member.state != MemberState::live || member.slow) continue;
    const Stamp stamp{.run = setup_.run,
                      .room = room.share().room,
                      .stream = publisher.stream,
                      .number = room.take_number(publisher.stream),
                      .due = due,
                      .slot = slot,
                      .bytes = plan_.payload.pick(random())};
    send_text(member, room.message().before, &stamp, room.message().behind);
    const std::uint32_t hearers = plan_.sender_hears ? room.live : room.live - 1;
    if (setup_.share.rooms_are_whole) owed_ += hearers;
    results_.total.publications += 1;
    second_of(now_).publications += 1;
    if (is_steady(now_)) results_.steady.publications += 1;
    if (plan_.mode == LoadMode::closed) {
      room.in_flight()[slot] = {.stream = stamp.stream,
                                .number = stamp.number,
                                .left = hearers,
                                .open = hearers > 0,
                                .since = now_};
    }
    return true;
  }
  return false;
}

void LoadWorker::open_slots(Room& room) {
  // What has not reached everybody after so long has been lost; others go on without it.
  constexpr Duration patience = seconds(5);
  for (std::uint32_t slot = 0; slot < room.in_flight().size(); ++slot) {
    const Room::InFlight& message = room.in_flight()[slot];
    if (message.open && now_ - message.since < patience) continue;
    if (!publish(room, slot, now_ - epoch_)) return;
  }
}

// One masked frame (RFC 6455 5.3): `before`, the payload of the stamp if there is one, `behind`.
void LoadWorker::send_text(Member& member, std::string_view before, const Stamp* stamp,
                           std::string_view behind) {
  const std::size_t payload_bytes = stamp == nullptr ? 0 : stamp->bytes;
  const std::size_t message_bytes = before.size() + payload_bytes + behind.size();
  std::array<std::byte, protocol::WsFramer::header_bytes_max> header;
  const auto mask = static_cast<std::uint32_t>(random());
  // What is no payload is words of the protocol.
  const bool binary = plan_.binary && stamp != nullptr;
  const std::uint32_t header_bytes = protocol::WsFramer::write_header(
      protocol::WsRole::client, binary ? protocol::WsOpcode::binary : protocol::WsOpcode::text,
      message_bytes, mask, header);
  const MutableBytes frame = sends_.push(member.queue, header_bytes + message_bytes);
  std::memcpy(frame.data(), header.data(), header_bytes);
  const MutableBytes message = frame.subspan(header_bytes);
  std::memcpy(message.data(), before.data(), before.size());
  if (stamp != nullptr) write_payload(*stamp, message.subspan(before.size(), payload_bytes));
  if (!behind.empty()) {
    std::memcpy(message.data() + before.size() + payload_bytes, behind.data(), behind.size());
  }
  protocol::unmask(message, mask);
  flush_later(member);
}

void LoadWorker::send_control(Member& member, protocol::WsOpcode opcode, Bytes payload) {
  std::array<std::byte, protocol::WsFramer::header_bytes_max> header;
  const auto mask = static_cast<std::uint32_t>(random());
  const std::uint32_t header_bytes = protocol::WsFramer::write_header(
      protocol::WsRole::client, opcode, payload.size(), mask, header);
  const MutableBytes frame = sends_.push(member.queue, header_bytes + payload.size());
  std::memcpy(frame.data(), header.data(), header_bytes);
  if (!payload.empty()) std::memcpy(frame.data() + header_bytes, payload.data(), payload.size());
  protocol::unmask(frame.subspan(header_bytes), mask);
  flush_later(member);
}

void LoadWorker::read_frames(Member& member, MutableBytes bytes) {
  WslayReader* wslay = wslay_.empty() ? nullptr : wslay_[member.id.slot].get();
  if (wslay != nullptr) wslay->feed(bytes);
  protocol::WsEvent event;
  while (true) {
    const protocol::WsReadStatus status =
        wslay != nullptr ? wslay->next(event) : member.reader.next(bytes, event);
    switch (status) {
      case protocol::WsReadStatus::event:
        on_frame(member, event);
        break;
      case protocol::WsReadStatus::need_more:
        return member.reader.shed();  // A million of them wait.
      case protocol::WsReadStatus::error:
        return on_ended(member, "frames that break RFC 6455");
    }
    if (member.state == MemberState::dying || member.state == MemberState::closing) return;
  }
}

void LoadWorker::on_frame(Member& member, const protocol::WsEvent& event) {
  switch (event.opcode) {
    case protocol::WsOpcode::text:
    case protocol::WsOpcode::binary:
      return on_message(member, event.payload);
    case protocol::WsOpcode::ping:
      return send_control(member, protocol::WsOpcode::pong, event.payload);
    case protocol::WsOpcode::close:
      if (member.state == MemberState::leaving) return;
      fail(member, "closed: " + std::to_string(event.close_code) + " " +
                       std::string(text_of(event.payload)));
      return say_goodbye(member);
    case protocol::WsOpcode::pong:
    case protocol::WsOpcode::continuation:
      return;
  }
}

void LoadWorker::on_message(Member& member, Bytes message) {
  const std::string_view text = text_of(message);
  if (member.state == MemberState::leaving) return;
  if (member.state == MemberState::joining) {
    if (text.starts_with(plan_.ready)) return become_live(member);
  } else if (text.starts_with(plan_.delivery) && on_delivery(member, message)) {
    return;
  }
  if (!plan_.ping.empty() && text == plan_.ping) {
    return send_text(member, plan_.pong, nullptr, {});
  }
  if (!plan_.error.empty() && text.starts_with(plan_.error)) {
    results_.count_error(printable(error_name(text)));
    second_of(now_).errors += 1;
    return;
  }
  results_.total.other_frames += 1;
  if (is_steady(now_)) results_.steady.other_frames += 1;
}

// False when there is no stamp in it.
bool LoadWorker::on_delivery(Member& member, Bytes message) {
  const std::optional<std::size_t> at = find_stamp(message, stamp_at_);
  if (!at) return false;
  stamp_at_ = *at;
  Stamp stamp;
  switch (read_stamp(message, *at, stamp)) {
    case StampStatus::good:
      break;
    case StampStatus::malformed:
      results_.total.damaged += 1;
      return true;
    case StampStatus::damaged:
      on_damaged(member, stamp);
      return true;
  }
  if (stamp.run != setup_.run) {
    results_.total.foreign += 1;
  } else if (stamp.room != rooms_[member.room].share().room) {
    results_.total.leaks += 1;
  } else {
    count_receipt(member, stamp);
  }
  return true;
}

// What its stamp says may be wrong, too; but when it is just what comes next, it is not lost as
// well.
void LoadWorker::on_damaged(Member& member, const Stamp& stamp) {
  results_.total.damaged += 1;
  Room& room = rooms_[member.room];
  const bool ours = stamp.run == setup_.run && stamp.room == room.share().room;
  if (!ours || member.slow || member.state != MemberState::live) return;
  if (!room.ledger().expects(member.index, stamp.stream, stamp.number)) return;
  static_cast<void>(room.ledger().receive(member.index, stamp.stream, stamp.number));
  settle(member, room, stamp);
}

void LoadWorker::count_receipt(Member& member, const Stamp& stamp) {
  heard_ = now_;
  if (phase_ == Phase::drain) results_.drained_after = now_ - steady_until_;
  if (member.slow || member.state != MemberState::live) {
    results_.total.slow_deliveries += 1;
    return;
  }
  Room& room = rooms_[member.room];
  switch (room.ledger().receive(member.index, stamp.stream, stamp.number)) {
    case Receipt::fresh:
      return count_fresh(member, room, stamp);
    case Receipt::late:
      results_.total.reordered += 1;
      return count_fresh(member, room, stamp);
    case Receipt::duplicate:
      results_.total.duplicates += 1;
      return;
    case Receipt::early:
      results_.total.foreign += 1;
      return;
    case Receipt::unknown:
      results_.total.damaged += 1;
      return;
  }
}

void LoadWorker::count_fresh(Member& member, Room& room, const Stamp& stamp) {
  results_.total.deliveries += 1;
  if (is_steady(now_)) results_.steady.deliveries += 1;
  const Instant due = epoch_ + stamp.due;
  const std::uint64_t units = Histogram::units_of(now_ - due);
  Second& second = second_of(now_);
  second.deliveries += 1;
  second.latency.record_units(units);
  if (is_steady(due)) results_.latency.record_units(units);
  settle(member, room, stamp);
}

// The member is not owed this one any more.
void LoadWorker::settle(Member& member, Room& room, const Stamp& stamp) {
  // The publisher's own stream, which the server was not to send it, is owed to nobody.
  const bool own = !plan_.sender_hears && room.stream_of(member.index) == stamp.stream;
  if (own) return;
  if (setup_.share.rooms_are_whole) owed_ -= 1;
  if (plan_.mode == LoadMode::closed) complete_one(room, stamp);
}

void LoadWorker::complete_one(Room& room, const Stamp& stamp) {
  if (stamp.slot >= room.in_flight().size()) return;
  Room::InFlight& message = room.in_flight()[stamp.slot];
  if (!message.open || message.stream != stamp.stream || message.number != stamp.number) return;
  message.left -= 1;
  if (message.left > 0) return;
  message.open = false;
  if (phase_ != Phase::load || now_ >= steady_until_) return;
  static_cast<void>(publish(room, stamp.slot, now_ - epoch_));
}

// Whoever leaves keeps nobody waiting for it.
void LoadWorker::forget_in_flight(Room& room, std::uint32_t member) {
  for (Room::InFlight& message : room.in_flight()) {
    if (!message.open || !room.ledger().lacks(member, message.stream, message.number)) continue;
    message.left -= 1;
    if (message.left == 0) message.open = false;  // tick() opens it again.
  }
}

}  // namespace parley::loadgen
