// Members of a LoadWorker from connect to close.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/check.h"
#include "loadgen/engine/load_worker.h"
#include "loadgen/plan/units.h"
#include "protocol/websocket/ws_client_handshake.h"
#include "protocol/websocket/ws_close.h"

namespace parley::loadgen {

namespace {

constexpr std::uint32_t message_bytes_max = 64u << 20;
constexpr Duration goodbye_timeout = seconds(2);
constexpr Duration slow_interval = milliseconds(100);

std::string error_kind(std::string_view what, std::int32_t error) {
  return std::string(what) + ": " + std::strerror(-error);
}

std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

void LoadWorker::connect_missing() {
  if (phase_ == Phase::close) return;
  const double per_worker = plan_.ramp / setup_.share.count;
  while (!to_connect_.empty() && connecting_.size() < plan_.in_progress_max) {
    if (plan_.ramp > 0) {
      const double elapsed_s = static_cast<double>((now_ - started_).ns) / 1e9;
      if (static_cast<double>(connects_begun_) > per_worker * elapsed_s) return;
    }
    Member& member = members_[to_connect_.front()];
    to_connect_.pop_front();
    connect(member);
  }
}

void LoadWorker::connect(Member& member) {
  CHECK(member.state == MemberState::idle);
  const Target& target = setup_.targets[member.id.slot % setup_.targets.size()];
  const IpAddress from =
      setup_.sources.empty() ? IpAddress{} : setup_.sources[source_++ % setup_.sources.size()];
  member.state = MemberState::connecting;
  member.expected = false;
  member.since = now_;
  member.reader = protocol::WsReader(protocol::WsRole::client, message_bytes_max);
  if (!wslay_.empty()) wslay_[member.id.slot] = std::make_unique<WslayReader>(message_bytes_max);
  connects_begun_ += 1;
  open_ += 1;
  connecting_.push_back(member.id.slot);
  ring_.connect(member.id, {.ip = target.address, .port = target.port}, from);
}

void LoadWorker::on_completion(const io::Completion& completion) {
  if (completion.op == io::Op::wake) return;
  CHECK(completion.conn.slot < members_.size());
  Member& member = members_[completion.conn.slot];
  CHECK(member.id == completion.conn);  // A slot waits for the last completion of its operations.
  switch (completion.op) {
    case io::Op::connect:
      return on_connected(member, completion.result);
    case io::Op::recv:
      return on_received(member, completion);
    case io::Op::send:
      return on_sent(member, completion.result);
    case io::Op::cancel:
      return on_cancelled(member);
    case io::Op::close:
      return on_closed(member);
    case io::Op::accept:
    case io::Op::shutdown:
    case io::Op::wake:
      break;
  }
  CHECK(false);
}

void LoadWorker::on_connected(Member& member, std::int32_t result) {
  if (result < 0) {
    if (member.state == MemberState::connecting) fail(member, error_kind("connect", result));
    member.state = MemberState::closing;
    return on_closed(member);
  }
  member.socket = SocketId{static_cast<std::uint32_t>(result)};
  if (member.state == MemberState::dying) return close_when_joined(member);
  member.state = MemberState::handshaking;
  member.receiving = true;
  ring_.recv(member.id, member.socket);
  const Target& target = setup_.targets[member.id.slot % setup_.targets.size()];
  const Room& room = rooms_[member.room];
  const std::string text =
      protocol::ws_client_request({.host = target.host,
                                   .target = filled(target.target, room.name(), room.share().room,
                                                    room.share().first_member + member.index),
                                   .key = key_});
  const MutableBytes out = sends_.push(member.queue, text.size());
  std::memcpy(out.data(), text.data(), text.size());
  flush_later(member);
}

void LoadWorker::on_received(Member& member, const io::Completion& completion) {
  member.receiving = completion.more;
  if (completion.result > 0) {
    const auto count = static_cast<std::uint32_t>(completion.result);
    results_.total.receives += 1;
    if (member.state != MemberState::leaving) results_.total.bytes_received += count;
    const MutableBytes bytes = ring_.buffer(completion.buffer, count);
    if (member.state == MemberState::handshaking) {
      read_answer(member, bytes);
    } else if (member.state != MemberState::dying && member.state != MemberState::closing) {
      read_frames(member, bytes);
    }
    ring_.recycle(completion.buffer);
    if (member.slow && member.state == MemberState::live) {
      member.budget_bytes -= completion.result;
      if (member.budget_bytes < 0) pause_slow(member);
    }
  } else if (completion.result == 0) {
    return on_ended(member, "closed by the server");
  } else if (completion.result != -ENOBUFS && completion.result != -ECANCELED) {
    return on_ended(member, error_kind("receive", completion.result));
  }
  const bool may_receive =
      member.state != MemberState::dying && member.state != MemberState::closing && !member.paused;
  if (!member.receiving && may_receive) {
    member.receiving = true;
    ring_.recv(member.id, member.socket);
  }
  close_when_joined(member);
}

void LoadWorker::on_sent(Member& member, std::int32_t result) {
  member.sending = false;
  if (result < 0) {
    // Pausing a slow member ends its send, too: what it did not send is still in its queue.
    if (result != -ECANCELED) return on_ended(member, error_kind("send", result));
    if (member.state != MemberState::dying) flush_later(member);
    return close_when_joined(member);
  }
  results_.total.bytes_sent += static_cast<std::uint64_t>(result);
  sends_.on_sent(member.queue, static_cast<std::size_t>(result));
  if (!member.queue.empty() && member.state != MemberState::dying) flush_later(member);
  close_when_joined(member);
}

// The peer has ended the connection, or it broke.
void LoadWorker::on_ended(Member& member, std::string_view kind) {
  if (member.state == MemberState::dying || member.state == MemberState::closing) {
    return close_when_joined(member);
  }
  if (member.state == MemberState::leaving) answered_goodbye_ = now_;
  fail(member, kind);
  kill(member);
}

void LoadWorker::fail(Member& member, std::string_view kind) {
  if (member.expected) return;
  results_.count_error(printable(kind));
  second_of(now_).errors += 1;
  // That a server lets go who reads too slowly is what such plans ask for.
  if (member.was_live && !member.slow) results_.total.disconnects += 1;
  member.expected = true;
}

void LoadWorker::read_answer(Member& member, MutableBytes bytes) {
  std::string& so_far = answers_[member.id.slot];
  so_far.append(text_of(bytes));
  protocol::WsAnswerHead head;
  switch (protocol::read_ws_answer(so_far, key_, head)) {
    case protocol::WsAnswer::need_more:
      return;
    case protocol::WsAnswer::refused:
      fail(member, "upgrade: HTTP " + std::to_string(head.status));
      answers_.erase(member.id.slot);
      return kill(member);
    case protocol::WsAnswer::malformed:
      fail(member, "upgrade: malformed answer");
      answers_.erase(member.id.slot);
      return kill(member);
    case protocol::WsAnswer::accepted:
      break;
  }
  // What is behind the head came with the last piece.
  const std::size_t rest = so_far.size() - head.bytes;
  answers_.erase(member.id.slot);
  on_open(member, bytes.last(rest));
}

void LoadWorker::on_open(Member& member, MutableBytes rest) {
  member.state = MemberState::joining;
  const Room& room = rooms_[member.room];
  if (!plan_.hello.empty()) {
    send_text(member,
              filled(plan_.hello, room.name(), room.share().room,
                     room.share().first_member + member.index),
              nullptr, {});
  }
  if (plan_.ready.empty()) become_live(member);
  if (!rest.empty()) read_frames(member, rest);
}

void LoadWorker::become_live(Member& member) {
  member.state = MemberState::live;
  member.was_live = true;
  std::erase(connecting_, member.id.slot);
  live_ += 1;
  results_.total.connects += 1;
  results_.connecting.record(now_ - member.since);
  second_of(now_).connects += 1;
  Room& room = rooms_[member.room];
  if (member.slow) {
    member.since = now_ + slow_interval;
    member.budget_bytes = 0;
    pause_slow(member);
  } else {
    room.live += 1;
    std::vector<std::uint32_t> sent(room.sent().begin(), room.sent().end());
    // Before the load begins nobody has published, here or in another worker.
    if (phase_ == Phase::ramp) std::fill(sent.begin(), sent.end(), 0);
    const std::optional<std::uint32_t> own = room.stream_of(member.index);
    if (own && !plan_.sender_hears) sent[*own] = Ledger::not_known;
    room.ledger().begin(member.index, sent);
  }
  if (live_ < members_.size()) return;
  if (!ramp_done_) results_.ramp = now_ - started_;
  ramp_done_ = true;
  if (storm_done_ && results_.recovery.ns == 0) results_.recovery = now_ - storm_began_;
}

void LoadWorker::stop_being_live(Member& member) {
  if (member.state != MemberState::live) {
    std::erase(connecting_, member.id.slot);
    return;
  }
  live_ -= 1;
  // At the end of the run what everybody has received stays on record.
  if (member.slow || phase_ == Phase::close) return;
  Room& room = rooms_[member.room];
  room.live -= 1;
  if (setup_.share.rooms_are_whole) owed_ -= room.ledger().owed(member.index, room.sent());
  forget_in_flight(room, member.index);
  room.ledger().end(member.index);
}

void LoadWorker::say_goodbye(Member& member) {
  member.expected = true;
  stop_being_live(member);
  member.state = MemberState::leaving;
  leaving_.push_back({.member = member.id, .since = now_});
  std::array<std::byte, protocol::ws_control_payload_bytes_max> payload;
  const std::uint32_t bytes = protocol::write_close_payload(
      static_cast<std::uint16_t>(protocol::WsCloseCode::normal), {}, payload);
  send_control(member, protocol::WsOpcode::close, Bytes(payload).first(bytes));
}

// Some at a time: what a million say and answer at once is more than a machine has memory for.
void LoadWorker::part() {
  while (live_ > 0 && open_ - live_ < partings_max_) {
    CHECK(next_to_part_ < members_.size());
    Member& member = members_[next_to_part_++];
    if (member.state == MemberState::live) say_goodbye(member);
  }
}

void LoadWorker::kill(Member& member) {
  if (member.state == MemberState::dying || member.state == MemberState::closing) return;
  CHECK(member.state != MemberState::idle);
  const bool connecting = member.state == MemberState::connecting;
  stop_being_live(member);
  member.state = MemberState::dying;
  if (connecting) return ring_.cancel_connect(member.id);
  if (member.receiving || member.sending) cancel(member);
  close_when_joined(member);
}

// One at a time: what has begun since the last one takes another.
void LoadWorker::cancel(Member& member) {
  member.cancel_again = member.cancelling;
  if (member.cancelling) return;
  member.cancelling = true;
  ring_.cancel(member.id, member.socket);
}

void LoadWorker::on_cancelled(Member& member) {
  member.cancelling = false;
  const bool again = member.cancel_again;
  member.cancel_again = false;
  if (again && (member.receiving || member.sending)) cancel(member);
  close_when_joined(member);
}

void LoadWorker::close_when_joined(Member& member) {
  if (member.state != MemberState::dying) return;
  if (member.receiving || member.sending || member.cancelling) return;
  sends_.clear(member.queue);
  member.state = MemberState::closing;
  ring_.close(member.id, member.socket);
}

void LoadWorker::on_closed(Member& member) {
  CHECK(member.state == MemberState::closing);
  std::erase(connecting_, member.id.slot);
  member.state = MemberState::idle;
  member.id.generation += 1;
  open_ -= 1;
  const bool failed = !member.was_live;
  member.was_live = false;
  member.paused = false;
  if (!wslay_.empty()) wslay_[member.id.slot].reset();
  if (!member.comes_back || phase_ == Phase::close) return;
  (failed ? retry_ : to_connect_).push_back(member.id.slot);
}

void LoadWorker::expire_connects() {
  for (std::size_t i = 0; i < connecting_.size(); ++i) {
    Member& member = members_[connecting_[i]];
    if (now_ - member.since < plan_.connect_timeout) continue;
    fail(member, "connect: no answer in time");
    kill(member);  // Takes it off the list, so that another is at its place.
    i -= 1;
  }
  while (!leaving_.empty() && now_ - leaving_.front().since > goodbye_timeout) {
    Member& member = members_[leaving_.front().member.slot];
    const bool waits = member.id == leaving_.front().member && member.state == MemberState::leaving;
    leaving_.pop_front();
    if (waits) kill(member);
  }
  // A server that answers nobody is asked by more and more: one that has died ends in seconds, and
  // one that is busy is not flooded.
  if (phase_ == Phase::close && now_ - answered_goodbye_ > goodbye_timeout) {
    partings_max_ = 2 * std::min(partings_max_, UINT32_MAX / 2);
    answered_goodbye_ = now_;
  }
}

void LoadWorker::pause_slow(Member& member) {
  if (member.paused) return;
  member.paused = true;
  if (plan_.slow_bytes_per_s > 0) slow_paused_.push_back(member.id.slot);
  if (member.receiving) cancel(member);
}

void LoadWorker::resume_slow() {
  if (plan_.slow_bytes_per_s == 0) return;
  const double per_interval = plan_.slow_bytes_per_s * static_cast<double>(slow_interval.ns) / 1e9;
  std::vector<std::uint32_t> still_paused;
  for (const std::uint32_t slot : slow_paused_) {
    Member& member = members_[slot];
    if (member.state != MemberState::live || !member.paused) continue;
    const bool joined = !member.receiving && !member.cancelling;
    while (now_ >= member.since) {
      member.since = member.since + slow_interval;
      member.budget_bytes += static_cast<std::int32_t>(per_interval);
    }
    if (!joined || member.budget_bytes <= 0) {
      still_paused.push_back(slot);
      continue;
    }
    member.paused = false;
    member.receiving = true;
    ring_.recv(member.id, member.socket);
  }
  slow_paused_ = std::move(still_paused);
}

void LoadWorker::churn() {
  if (plan_.churn == 0 || now_ < epoch_ || members_.empty()) return;
  const double elapsed_s = static_cast<double>((now_ - epoch_).ns) / 1e9;
  const auto wanted = static_cast<std::uint64_t>(plan_.churn / setup_.share.count * elapsed_s);
  for (; churned_ < wanted; ++churned_) {
    Member& member = members_[random() % members_.size()];
    if (member.state == MemberState::live && !member.slow) say_goodbye(member);
  }
}

void LoadWorker::storm() {
  if (plan_.storm_at.ns == 0 || storm_done_ || now_ < steady_from_ + plan_.storm_at) return;
  storm_done_ = true;
  storm_began_ = now_;
  const auto threshold = static_cast<std::uint64_t>(plan_.storm_share * 1'000'000);
  for (Member& member : members_) {
    if (member.state != MemberState::live || random() % 1'000'000 >= threshold) continue;
    // Those who stay are owed what this one has published: then it is not to be lost on its way.
    const bool publishes = rooms_[member.room].stream_of(member.index).has_value();
    if (publishes && (plan_.storm_share < 1 || !setup_.share.rooms_are_whole)) {
      say_goodbye(member);
      continue;
    }
    member.expected = true;
    kill(member);
  }
}

}  // namespace parley::loadgen
