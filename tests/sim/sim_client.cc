#include "tests/sim/sim_client.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/check.h"

namespace parley::sim {
namespace {

// The key and its answer are the example of RFC 6455 section 1.3.
constexpr std::string_view upgrade_request =
    "GET /ws HTTP/1.1\r\nHost: chat.example.com\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n\r\n";
constexpr std::string_view accept_key = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

constexpr std::uint8_t opcode_continuation = 0;
constexpr std::uint8_t opcode_text = 1;
constexpr std::uint8_t opcode_close = 8;
constexpr std::uint8_t opcode_ping = 9;
constexpr std::uint8_t opcode_pong = 10;

Bytes bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string close_payload(std::uint16_t code) {
  return {static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
}

}  // namespace

SimClient::SimClient(std::uint32_t number, const ClientScript& script, Borrowed borrowed)
    : number_(number), script_(script), actions_left_(script.actions), borrowed_(borrowed) {
  act_at_ = borrowed.clock.now + microseconds(borrowed.random.below(50'000));
  wake(act_at_);
}

SimClient::~SimClient() {
  if (link_.has_value()) borrowed_.net.reset(*link_, Side::client);
}

void SimClient::on_link(std::uint32_t, Instant at) {
  wake(at);
}

void SimClient::on_backlog(Instant) {}

void SimClient::wake(Instant at) {
  alarms_.push(at);
}

bool SimClient::acted_out() const {
  if (stage_ == Stage::upgrading && !borrowed_.net.accepted(*link_)) return true;
  return actions_left_ == 0 && stage_ != Stage::closing;
}

std::string SimClient::state() const {
  const std::array<std::string_view, 4> stages = {"away", "upgrading", "open", "closing"};
  return "client " + std::to_string(number_) + " is " +
         std::string(stages[std::to_underlying(stage_)]) + " with " +
         std::to_string(unsent_.size()) + " bytes to send and " + std::to_string(actions_left_) +
         " things to do";
}

bool SimClient::at_rest() const {
  if (stage_ == Stage::upgrading) return !borrowed_.net.accepted(*link_);
  return stage_ == Stage::open && unsent_.empty();
}

void SimClient::Counts::add(const Counts& other) {
  connections += other.connections;
  refused += other.refused;
  ended_by_peer += other.ended_by_peer;
  closed_1001 += other.closed_1001;
  closed_slow += other.closed_slow;
}

void SimClient::calm_down() {
  calm_ = true;
  dies_with_next_frame_ = false;
  reads_again_at_ = {};
  script_.dies_after_bytes = 0;
  // A half-closed connection will never be told anything new: it starts again.
  if (half_closed_ && stage_ != Stage::away) go_away();
  wake(borrowed_.clock.now);
}

void SimClient::step() {
  const Instant now = borrowed_.clock.now;
  while (!alarms_.empty() && alarms_.top() <= now) alarms_.pop();
  if (stage_ == Stage::away) {
    if (act_at_ > now || !may_reconnect_) return;  // An alarm is set for act_at_.
    connect();
    if (stage_ == Stage::away) return;
  }
  if (reads_again_at_ > now) {
    wake(reads_again_at_);
  } else {
    read();
  }
  if (stage_ == Stage::open && act_at_ <= now && unsent_.empty()) act();
  if (stage_ != Stage::away) flush();
  if (stage_ == Stage::open && actions_left_ > 0 && unsent_.empty()) {
    wake(std::max(act_at_, now + microseconds(1)));
  }
}

void SimClient::connect() {
  const WorkerId worker{static_cast<std::uint16_t>(borrowed_.random.below(borrowed_.workers))};
  const IpAddress from = IpAddress::v4(10, 1, static_cast<std::uint8_t>(number_ >> 8),
                                       static_cast<std::uint8_t>(number_));
  link_ = borrowed_.net.connect(worker, from);
  if (!link_.has_value()) {
    ++counts_.refused;
    act_at_ = borrowed_.clock.now + milliseconds(50);
    return wake(act_at_);
  }
  ++counts_.connections;
  borrowed_.net.watch(*link_, Side::client, this, 0);
  stage_ = Stage::upgrading;
  unsent_ = upgrade_request;
}

void SimClient::act() {
  const auto pause_us = static_cast<std::uint32_t>(script_.pause_max.ns / 1'000);
  act_at_ = borrowed_.clock.now + microseconds(borrowed_.random.between(1, pause_us));
  if (actions_left_ == 0) return;
  --actions_left_;
  if (!calm_) misbehave();
  if (stage_ == Stage::open && !half_closed_) do_something();
}

void SimClient::misbehave() {
  FaultPlan& faults = borrowed_.faults;
  Random& random = borrowed_.random;
  if (faults.fires(Fault::client_slow, random)) {
    reads_again_at_ = borrowed_.clock.now + milliseconds(random.between(500, 5'000));
    was_slow_ = true;
  }
  if (faults.fires(Fault::client_dies, random)) dies_with_next_frame_ = true;
  if (faults.fires(Fault::client_half_closes, random) && unsent_.empty() && !half_closed_) {
    borrowed_.net.shutdown(*link_, Side::client);
    half_closed_ = true;
  }
  if (faults.fires(Fault::client_leaves, random)) go_away();
}

void SimClient::do_something() {
  Random& random = borrowed_.random;
  const std::string room = "room-" + std::to_string(random.below(script_.rooms));
  const std::uint32_t choice = random.below(100);
  if (!borrowed_.oracle.is_member(*session_, room) || choice < 8) return join_or_leave(room);
  if (choice < 75) return say(room);
  if (choice < 90 && !script_.chats_idly) return say(room);
  if (choice < 80) return send_text(R"({"type":"typing","room":")" + room + R"("})");
  if (choice < 84) return send_text(R"({"type":"online","room":")" + room + R"("})");
  if (choice < 87) return send_text(R"({"type":"ping"})");
  if (choice < 90) return send_frame(opcode_ping, "are you there", true);
  if (choice < 92) {
    send_frame(opcode_close, close_payload(1000), true);
    stage_ = Stage::closing;
    return;
  }
  if (!borrowed_.oracle.may_ask_history(*session_, room)) return;
  borrowed_.oracle.on_ask_history(*session_, room);
  send_text(R"({"type":"history","room":")" + room + R"(","limit":30})");
}

void SimClient::join_or_leave(const std::string& room) {
  Oracle& oracle = borrowed_.oracle;
  if (oracle.may_leave(*session_, room)) {
    oracle.on_leave(*session_, room);
    return send_text(R"({"type":"leaveRoom","room":")" + room + R"("})");
  }
  if (!oracle.may_join(*session_, room)) return;
  std::optional<Bookmark> from = oracle.bookmark(number_, room);
  if (borrowed_.random.chance(200'000)) from.reset();
  oracle.on_join(*session_, room, from);
  std::string text = R"({"type":"joinRoom","room":")" + room + '"';
  if (from.has_value()) {
    text += R"(,"since":)" + std::to_string(from->since) + R"(,"epoch":)" + from->epoch;
  }
  send_text(text + '}');
  if (!script_.changes_its_mind || !borrowed_.random.chance(300'000)) return;
  oracle.on_change_of_mind(*session_, room);
  send_text(R"({"type":"leaveRoom","room":")" + room + R"("})");
  send_text(R"({"type":"joinRoom","room":")" + room + R"("})");
}

void SimClient::say(const std::string& room) {
  const std::string id = std::to_string(number_) + '-' + std::to_string(++texts_);
  std::string text = id + ' ';
  const std::uint32_t bytes = borrowed_.random.below(script_.text_bytes_max + 1);
  for (std::uint32_t i = 0; i < bytes; ++i) {
    text += static_cast<char>('a' + borrowed_.random.below(26));
  }
  borrowed_.oracle.on_say(*session_, room, text, id);
  send_text(R"({"type":"message","room":")" + room + R"(","message":")" + text + R"(","id":")" +
            id + R"("})");
  if (!script_.says_and_leaves || !borrowed_.random.chance(200'000)) return;
  if (borrowed_.oracle.may_leave(*session_, room)) join_or_leave(room);
}

// Sometimes in fragments, with a ping between them (RFC 6455 5.4).
void SimClient::send_text(const std::string& text) {
  if (!borrowed_.random.chance(200'000)) return send_frame(opcode_text, text, true);
  const std::size_t cut = borrowed_.random.below(static_cast<std::uint32_t>(text.size()) + 1);
  const std::string_view all = text;
  send_frame(opcode_text, all.substr(0, cut), false);
  if (borrowed_.random.chance(500'000)) send_frame(opcode_ping, {}, true);
  send_frame(opcode_continuation, all.substr(cut), true);
}

void SimClient::send_frame(std::uint8_t opcode, std::string_view payload, bool fin) {
  if (half_closed_) return;
  const auto mask_key = static_cast<std::uint32_t>(borrowed_.random.next());
  unsent_ += naive_client_frame({opcode, fin, std::string(payload)}, mask_key);
}

void SimClient::flush() {
  if (dies_with_next_frame_ && unsent_.size() > 1) {
    unsent_.resize(borrowed_.random.between(1, static_cast<std::uint32_t>(unsent_.size()) - 1));
  }
  while (!unsent_.empty()) {
    if (script_.dies_after_bytes > 0 && counts_.connections == 1 &&
        sent_bytes_ == script_.dies_after_bytes) {
      return go_away();
    }
    const std::size_t size = script_.writes_bytewise ? 1 : unsent_.size();
    const WriteResult result =
        borrowed_.net.write(*link_, Side::client, bytes_of(unsent_).first(size));
    if (result.status != WriteStatus::bytes) return;
    borrowed_.digest.add(bytes_of(unsent_).first(result.bytes));
    unsent_.erase(0, result.bytes);
    sent_bytes_ += result.bytes;
  }
  if (dies_with_next_frame_) go_away();
}

void SimClient::read() {
  std::byte bytes[2'048];
  while (stage_ != Stage::away) {
    const ReadResult result = borrowed_.net.read(*link_, Side::client, bytes);
    if (result.status == ReadStatus::nothing) return;
    if (result.status != ReadStatus::bytes) {
      return on_peer_gone(result.status == ReadStatus::reset);
    }
    borrowed_.digest.add(Bytes(bytes, result.bytes));
    take_in({reinterpret_cast<const char*>(bytes), result.bytes});
  }
}

void SimClient::take_in(std::string_view bytes) {
  if (stage_ == Stage::upgrading) {
    unread_ += bytes;
    const std::size_t end = unread_.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const std::string head = unread_.substr(0, end);
    // A worker that gets no time cannot keep its own deadline for handshakes.
    const bool too_late = borrowed_.faults.enabled(Fault::worker_starved);
    if (too_late && head.starts_with("HTTP/1.1 408 ")) return go_away();
    if (!head.starts_with("HTTP/1.1 101 ") || head.find(accept_key) == std::string::npos) {
      return complain("refused the upgrade with " + head);
    }
    stage_ = Stage::open;
    session_ = borrowed_.oracle.open_session(number_);
    frames_.feed(std::string_view(unread_).substr(end + 4));
    wake(borrowed_.clock.now);
  } else {
    frames_.feed(bytes);
  }
  NaiveFrame frame;
  while (stage_ != Stage::away) {
    const NaiveStatus status = frames_.next(frame);
    if (status == NaiveStatus::need_more) return;
    if (status == NaiveStatus::broken) return complain("sent a broken frame");
    on_frame(frame);
  }
}

void SimClient::on_frame(const NaiveFrame& frame) {
  if (told_to_close_) return complain("sent a frame behind the close frame");
  if (frame.opcode == opcode_ping) return send_frame(opcode_pong, frame.payload, true);
  if (frame.opcode == opcode_pong) return;
  if (frame.opcode == opcode_close) return on_close_frame(frame);
  on_message_part(frame);
}

void SimClient::on_message_part(const NaiveFrame& frame) {
  if ((frame.opcode == opcode_continuation) != in_message_) {
    return complain("sent fragments out of place");
  }
  if (frame.opcode != opcode_continuation && frame.opcode != opcode_text) {
    return complain("sent a binary message");
  }
  message_ += frame.payload;
  in_message_ = !frame.fin;
  if (in_message_) return;
  borrowed_.oracle.on_text(*session_, std::exchange(message_, {}));
}

void SimClient::on_close_frame(const NaiveFrame& frame) {
  told_to_close_ = true;
  std::uint16_t code = 1005;
  if (frame.payload.size() >= 2) {
    code = static_cast<std::uint16_t>(static_cast<std::uint8_t>(frame.payload[0]) << 8 |
                                      static_cast<std::uint8_t>(frame.payload[1]));
  }
  if (code == 1001) ++counts_.closed_1001;
  if (code == 1013 || code == 1008) {
    ++counts_.closed_slow;
    if (!was_slow_ && !script_.may_be_slow) complain("taken for a slow reader");
  }
  const bool expected =
      code == 1001 || code == 1013 || code == 1008 || (code == 1000 && stage_ == Stage::closing);
  if (!expected) return complain("closed with " + std::to_string(code));
  if (stage_ != Stage::closing) send_frame(opcode_close, frame.payload.substr(0, 2), true);
  stage_ = Stage::closing;
}

void SimClient::on_peer_gone(bool reset) {
  ++counts_.ended_by_peer;
  // Who does not read is not told, either; nor is anybody by a worker that gets no time to speak.
  const bool excused = half_closed_ || was_slow_ || script_.may_be_slow ||
                       borrowed_.faults.enabled(Fault::worker_starved);
  if (!told_to_close_ && !excused && !reset && stage_ == Stage::open) {
    complain("hung up on without a close frame");
  }
  go_away();
}

void SimClient::complain(const std::string& what) {
  borrowed_.oracle.fail("client " + std::to_string(number_) + " was " + what);
}

void SimClient::go_away() {
  if (session_.has_value()) borrowed_.oracle.close_session(*session_);
  if (dies_with_next_frame_) {
    borrowed_.net.reset(*link_, Side::client);
  } else {
    borrowed_.net.close(*link_, Side::client);
  }
  session_.reset();
  link_.reset();
  stage_ = Stage::away;
  unread_.clear();
  unsent_.clear();
  frames_ = NaiveFrames{};
  message_.clear();
  in_message_ = false;
  sent_bytes_ = 0;
  half_closed_ = false;
  told_to_close_ = false;
  dies_with_next_frame_ = false;
  was_slow_ = false;
  reads_again_at_ = {};
  act_at_ = borrowed_.clock.now + microseconds(borrowed_.random.between(1'000, 300'000));
  wake(act_at_);
}

void SimClient::ask_who_is_online() {
  if (stage_ != Stage::open) return;
  for (std::uint32_t i = 0; i < script_.rooms; ++i) {
    const std::string room = "room-" + std::to_string(i);
    if (!borrowed_.oracle.is_member(*session_, room)) continue;
    send_text(R"({"type":"online","room":")" + room + R"("})");
  }
  wake(borrowed_.clock.now);
}

void SimClient::say_goodbye() {
  may_reconnect_ = false;
  actions_left_ = 0;
  if (stage_ == Stage::upgrading) return go_away();
  if (stage_ != Stage::open) return;
  send_frame(opcode_close, close_payload(1000), true);
  stage_ = Stage::closing;
  wake(borrowed_.clock.now);
}

}  // namespace parley::sim
