#include "bench/macro/fanout/chat.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace parley::bench {

namespace {

constexpr std::string_view message_prefix = R"({"type":"message","seq":)";
constexpr std::string_view text_key = R"("message":")";
constexpr std::size_t stamp_digits = 16;
constexpr std::int64_t set_up_ns_max = 20'000'000'000;

}  // namespace

Chat::Chat(const ChatOptions& options) : options_(options) {
  if (options.depth == 0 || options.depth > depth_max) fail("--depth is 1 to 256");
  if (options.members_per_room == 0 || options.connections % options.members_per_room != 0) {
    fail("--connections is a multiple of --members");
  }
  if (options.text_bytes < stamp_digits) fail("--text-bytes is at least 16");
  rooms_.resize(options.connections / options.members_per_room);
  for (std::size_t i = 0; i < rooms_.size(); ++i) {
    // A name of its own per run, so that numbers begin at 1.
    char name[48];
    std::snprintf(name, sizeof name, "bench-%05d-%03zu", getpid() % 100'000, i);
    rooms_[i].name = name;
    rooms_[i].missing.fill(options.members_per_room);
  }
  last_sequences_.resize(options.connections);
}

void Chat::connect_one() {
  const int socket = connect_loopback(options_.port);
  constexpr std::string_view request =
      "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    fail_errno("send of the handshake");
  }
  std::string answer;
  std::size_t end = std::string::npos;
  while ((end = answer.find("\r\n\r\n")) == std::string::npos) {
    char bytes[4096];
    const ssize_t received = recv(socket, bytes, sizeof bytes, 0);
    if (received <= 0) fail_errno("recv of the handshake");
    answer.append(bytes, static_cast<std::size_t>(received));
  }
  if (!answer.starts_with("HTTP/1.1 101 ")) fail(answer.substr(0, answer.find('\r')));
  crowd_.add(socket, std::string_view(answer).substr(end + 4));
}

void Chat::set_up() {
  for (std::uint32_t i = 0; i < options_.connections; ++i) connect_one();
  for (std::uint32_t i = 0; i < options_.connections; ++i) {
    const Room& room = rooms_[i / options_.members_per_room];
    send_text(i, R"({"type":"joinRoom","room":")" + room.name + R"("})");
  }
  const std::int64_t deadline = monotonic_ns() + set_up_ns_max;
  while (joined_ < options_.connections) {
    sweep();
    if (monotonic_ns() > deadline) fail("not everybody could join a room within 20 s");
  }
}

void Chat::start() {
  for (Room& room : rooms_) {
    for (std::uint32_t i = 0; i < options_.depth; ++i) publish(room);
  }
}

bool Chat::drained() const {
  return std::ranges::all_of(rooms_, [](const Room& room) { return room.in_flight == 0; });
}

void Chat::sweep() {
  sweep_ns_ = monotonic_ns();
  crowd_.sweep([this](std::uint32_t member, const Frame& frame) { on_frame(member, frame); });
  for (Room& room : rooms_) {
    for (; room.due > 0; --room.due) {
      if (!stopping_) publish(room);
    }
  }
}

void Chat::on_frame(std::uint32_t member, const Frame& frame) {
  const std::string_view json = frame.payload;
  if (json.starts_with(message_prefix)) {
    on_chat_message(member, json);
  } else if (json.starts_with(R"({"type":"roomJoined")")) {
    ++joined_;
  } else if (json.starts_with(R"({"type":"error")") || json.starts_with(R"({"type":"gap")") ||
             frame.first_byte != 0x81) {
    fail(json);
  }
}

void Chat::on_chat_message(std::uint32_t member, std::string_view json) {
  Room& room = rooms_[member / options_.members_per_room];
  std::uint64_t sequence = 0;
  std::from_chars(json.data() + message_prefix.size(), json.data() + json.size(), sequence);
  if (sequence != ++last_sequences_[member]) {
    ++faults_;
    last_sequences_[member] = sequence;
  }
  ++deliveries_;
  frame_bytes_ = json.size() + (json.size() < 126 ? 2 : 4);
  if ((sequence + member) % sample_interval == 0) sample(room, json);

  std::uint32_t& missing = room.missing[sequence % depth_max];
  if (--missing > 0) return;
  missing = options_.members_per_room;
  ++room.due;
  --room.in_flight;
}

void Chat::sample(const Room& room, std::string_view json) {
  const std::size_t text = json.find(text_key);
  if (text == std::string_view::npos || json.find(room.name) == std::string_view::npos) {
    ++faults_;
    return;
  }
  const char* stamp = json.data() + text + text_key.size();
  std::uint64_t sent_ns = 0;
  if (std::from_chars(stamp, stamp + stamp_digits, sent_ns, 16).ptr != stamp + stamp_digits) {
    ++faults_;
    return;
  }
  const std::int64_t latency_ns = monotonic_ns() - static_cast<std::int64_t>(sent_ns);
  latencies_us_.push_back(static_cast<std::uint32_t>(latency_ns / 1000));
}

void Chat::publish(Room& room) {
  const auto room_index = static_cast<std::uint32_t>(&room - rooms_.data());
  const std::uint32_t member = room_index * options_.members_per_room + room.next_publisher;
  room.next_publisher = (room.next_publisher + 1) % options_.members_per_room;
  ++room.in_flight;
  ++published_;

  char stamp[stamp_digits + 1];
  std::snprintf(stamp, sizeof stamp, "%016llx", static_cast<unsigned long long>(monotonic_ns()));
  std::string json = R"({"type":"message","room":")" + room.name + R"(",)";
  json.append(text_key).append(stamp, stamp_digits);
  json.append(options_.text_bytes - stamp_digits, 'x').append("\"}");
  send_text(member, json);
}

void Chat::send_text(std::uint32_t member, std::string_view json) {
  // Any key will do on loopback; xorshift64 keeps it from being constant.
  mask_state_ ^= mask_state_ << 13;
  mask_state_ ^= mask_state_ >> 7;
  mask_state_ ^= mask_state_ << 17;
  char mask_key[4];
  std::memcpy(mask_key, &mask_state_, sizeof mask_key);
  frame_.clear();
  write_text_frame(frame_, json, mask_key);
  crowd_.send(member, frame_);
}

}  // namespace parley::bench
