#include "server/chat/json_encoder.h"

#include <array>
#include <charconv>
#include <cstring>

#include "core/base/check.h"

namespace parley::server {

namespace {

// Puts the header of a text or binary frame directly before the body.
void write_header(core::PayloadBlock& payload, protocol::WsOpcode opcode) {
  std::array<std::byte, protocol::WsFramer::header_bytes_max> header;
  const std::uint32_t bytes = protocol::WsFramer::write_header(
      protocol::WsRole::server, opcode, payload.end - payload.body, 0, header);
  CHECK(payload.body >= bytes);
  payload.begin = payload.body - bytes;
  std::memcpy(payload.bytes() + payload.begin, header.data(), bytes);
}

char* append(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

}  // namespace

core::PayloadRef make_ws_frame(core::PayloadPool& pool, protocol::WsOpcode opcode, Bytes payload) {
  core::PayloadRef frame = pool.allocate(static_cast<std::uint32_t>(payload.size()));
  if (!payload.empty()) {
    std::memcpy(frame->bytes() + frame->end, payload.data(), payload.size());
    frame->end += static_cast<std::uint32_t>(payload.size());
  }
  write_header(*frame.get(), opcode);
  return frame;
}

ValueWriter& JsonEncoder::begin(std::string_view event, core::Stamped stamped) {
  writer_.clear();
  writer_.begin_object();
  writer_.key("type");
  writer_.string(event);
  stamp_ = stamped == core::Stamped::yes ? static_cast<std::uint32_t>(writer_.text().size()) : 0;
  return writer_;
}

core::PayloadRef JsonEncoder::finish() {
  writer_.end_object();
  const std::string_view text = writer_.text();
  core::PayloadRef payload = pool_.allocate(static_cast<std::uint32_t>(text.size()));
  std::memcpy(payload->bytes() + payload->end, text.data(), text.size());
  payload->end += static_cast<std::uint32_t>(text.size());
  if (stamp_ != 0) {
    payload->stamp = payload->body + stamp_;
  } else {
    write_header(*payload.get(), protocol::WsOpcode::text);
  }
  return payload;
}

void JsonEncoder::stamp(core::PayloadBlock& payload, Sequence sequence, UnixMillis time) {
  CHECK(payload.stamp != 0);
  constexpr std::string_view sequence_key = ",\"seq\":";
  constexpr std::string_view time_key = ",\"timestamp\":";
  constexpr std::size_t digits_max = 20;  // Of a 64-bit number, with its sign.
  std::array<char, sequence_key.size() + time_key.size() + 2 * digits_max> text;
  char* out = append(text.data(), sequence_key);
  out = std::to_chars(out, out + digits_max, sequence).ptr;
  out = append(out, time_key);
  out = std::to_chars(out, out + digits_max, time.value).ptr;
  const auto bytes = static_cast<std::uint32_t>(out - text.data());
  static_assert(text.size() + protocol::WsFramer::header_bytes_max <=
                core::PayloadPool::headroom_bytes);

  std::byte* const body = payload.bytes() + payload.body;
  std::memmove(body - bytes, body, payload.stamp - payload.body);
  std::memcpy(payload.bytes() + payload.stamp - bytes, text.data(), bytes);
  payload.body -= bytes;
  payload.stamp = 0;
  write_header(payload, protocol::WsOpcode::text);
}

ValueWriter& JsonEncoder::begin_value() {
  writer_.clear();
  return writer_;
}

std::string_view JsonEncoder::finish_value() {
  return writer_.text();
}

std::string_view JsonEncoder::as_value(core::PayloadBlock& frame) {
  const Bytes body = frame.body_bytes();
  return {reinterpret_cast<const char*>(body.data()), body.size()};
}

}  // namespace parley::server
