#include "protocol/websocket/ws_framer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/check.h"
#include "protocol/websocket/ws_mask.h"

namespace parley::protocol {
namespace {

constexpr std::byte bit_fin{0x80};
constexpr std::byte bits_rsv{0x70};
constexpr std::byte bits_opcode{0x0f};
constexpr std::byte bit_mask{0x80};
constexpr std::byte bits_length{0x7f};

constexpr std::uint8_t length_is_16_bits = 126;
constexpr std::uint8_t length_is_64_bits = 127;

constexpr bool is_control(WsOpcode opcode) {
  return std::to_underlying(opcode) >= 8;
}

WsOpcode opcode_of(std::byte first) {
  return static_cast<WsOpcode>(std::to_integer<std::uint8_t>(first & bits_opcode));
}

std::uint64_t read_big_endian(Bytes bytes) {
  std::uint64_t value = 0;
  for (const std::byte byte : bytes) value = (value << 8) | std::to_integer<std::uint64_t>(byte);
  return value;
}

void write_big_endian(std::uint64_t value, MutableBytes out) {
  for (std::size_t index = out.size(); index > 0; --index) {
    out[index - 1] = static_cast<std::byte>(value & 0xff);
    value >>= 8;
  }
}

}  // namespace

WsFramer::WsFramer(WsRole role, std::uint32_t message_bytes_max)
    : message_bytes_max_(message_bytes_max), role_(role) {}

WsStatus WsFramer::next(MutableBytes& bytes, WsPiece& piece) {
  if (error_ != WsCloseCode::none) {
    bytes = {};
    return WsStatus::error;
  }
  if (!in_payload_) {
    const WsStatus status = take_header(bytes);
    if (status != WsStatus::piece) return status;
  }
  const std::size_t size = std::min<std::size_t>(bytes.size(), payload_.left_bytes);
  if (size == 0 && payload_.left_bytes > 0) return WsStatus::need_more;

  piece.payload = bytes.first(size);
  bytes = bytes.subspan(size);
  payload_.left_bytes -= static_cast<std::uint32_t>(size);
  if (role_ == WsRole::server) {  // Only clients mask (5.1).
    unmask(piece.payload, payload_.mask_key);
    payload_.mask_key = rotate_mask_key(payload_.mask_key, size);
  }
  const bool control = is_control(frame_opcode_);
  piece.opcode = control ? frame_opcode_ : message_opcode_;
  piece.frame_end = payload_.left_bytes == 0;
  piece.message_end = piece.frame_end && frame_is_final_;
  if (piece.frame_end) {
    in_payload_ = false;
    header_.arrived_bytes = 0;
  }
  if (piece.message_end && !control) message_opcode_ = WsOpcode::continuation;
  return WsStatus::piece;
}

// `piece` means that the header is read and the frame's first piece may be cut.
WsStatus WsFramer::take_header(MutableBytes& bytes) {
  const std::size_t before = header_.arrived_bytes;
  Bytes seen = bytes;
  if (before > 0) {
    const std::size_t copied = std::min<std::size_t>(bytes.size(), header_bytes_max - before);
    if (copied > 0) std::memcpy(header_.bytes.data() + before, bytes.data(), copied);
    seen = Bytes(header_.bytes).first(before + copied);
  }
  const HeaderGlance header = glance(seen);
  if (header.error != WsCloseCode::none) {
    error_ = header.error;
    bytes = {};
    return WsStatus::error;
  }
  if (header.header_bytes == 0 || seen.size() < header.header_bytes) {
    // All of the bytes are part of this header, and fit: a header never exceeds header_bytes_max.
    if (before == 0 && !bytes.empty()) {
      std::memcpy(header_.bytes.data(), bytes.data(), bytes.size());
    }
    header_.arrived_bytes = static_cast<std::uint8_t>(seen.size());
    bytes = {};
    return WsStatus::need_more;
  }
  begin_frame(seen.first(header.header_bytes), header.payload_bytes);
  bytes = bytes.subspan(header.header_bytes - before);
  return WsStatus::piece;
}

// Errors come in the order of the header's bytes, so that they do not depend on how many arrived.
WsFramer::HeaderGlance WsFramer::glance(Bytes seen) const {
  if (seen.empty()) return {};
  if (!first_byte_allowed(seen[0])) return {.error = WsCloseCode::protocol_error};
  if (seen.size() < 2) return {};

  // A server closes on an unmasked frame, a client on a masked one (5.1).
  const bool masked = (seen[1] & bit_mask) != std::byte{};
  if (masked != (role_ == WsRole::server)) return {.error = WsCloseCode::protocol_error};

  const WsOpcode opcode = opcode_of(seen[0]);
  const auto length = std::to_integer<std::uint8_t>(seen[1] & bits_length);
  if (is_control(opcode) && length > ws_control_payload_bytes_max) {
    return {.error = WsCloseCode::protocol_error};
  }
  const std::size_t length_bytes = length == length_is_16_bits   ? 2
                                   : length == length_is_64_bits ? 8
                                                                 : 0;
  if (seen.size() < 2 + length_bytes) return {};

  std::uint64_t payload_bytes = length;
  if (length_bytes > 0) {
    payload_bytes = read_big_endian(seen.subspan(2, length_bytes));
    // The minimal number of bytes must be used, and the top bit must be 0 (5.2).
    const std::uint64_t payload_bytes_min = length_bytes == 2 ? 126 : 65536;
    const bool top_bit = (payload_bytes >> 63) != 0;
    if (payload_bytes < payload_bytes_min || top_bit) {
      return {.error = WsCloseCode::protocol_error};
    }
  }
  const WsCloseCode verdict = judge_length(opcode, payload_bytes);
  if (verdict != WsCloseCode::none) return {.error = verdict};
  return {.header_bytes = static_cast<std::uint8_t>(2 + length_bytes + (masked ? 4 : 0)),
          .payload_bytes = static_cast<std::uint32_t>(payload_bytes)};
}

bool WsFramer::first_byte_allowed(std::byte first) const {
  if ((first & bits_rsv) != std::byte{}) return false;  // No extension gave them a meaning (5.2).
  switch (opcode_of(first)) {
    case WsOpcode::continuation:
      return in_message();
    case WsOpcode::text:
    case WsOpcode::binary:
      return !in_message();  // Fragments of two messages must not be interleaved (5.4).
    case WsOpcode::close:
    case WsOpcode::ping:
    case WsOpcode::pong:
      return (first & bit_fin) != std::byte{};  // Control frames are never fragmented (5.5).
  }
  return false;  // A reserved opcode (5.2).
}

WsCloseCode WsFramer::judge_length(WsOpcode opcode, std::uint64_t payload_bytes) const {
  if (is_control(opcode)) return WsCloseCode::none;  // At most 125, which was checked.
  const std::uint64_t message_bytes =
      opcode == WsOpcode::continuation ? message_bytes_ + payload_bytes : payload_bytes;
  return message_bytes <= message_bytes_max_ ? WsCloseCode::none : WsCloseCode::message_too_big;
}

// `header` may lie in header_, whose place the payload takes.
void WsFramer::begin_frame(Bytes header, std::uint32_t payload_bytes) {
  frame_opcode_ = opcode_of(header[0]);
  frame_is_final_ = (header[0] & bit_fin) != std::byte{};
  std::uint32_t mask_key = 0;
  if (role_ == WsRole::server) std::memcpy(&mask_key, header.last(4).data(), 4);
  in_payload_ = true;
  payload_ = {.left_bytes = payload_bytes, .mask_key = mask_key};
  if (is_control(frame_opcode_)) return;

  if (frame_opcode_ != WsOpcode::continuation) {
    message_opcode_ = frame_opcode_;
    message_bytes_ = 0;
  }
  message_bytes_ += payload_bytes;
}

std::uint32_t WsFramer::write_header(WsRole role, WsOpcode opcode, std::uint64_t payload_bytes,
                                     std::uint32_t mask_key, MutableBytes out) {
  CHECK(!is_control(opcode) || payload_bytes <= ws_control_payload_bytes_max);
  CHECK(opcode != WsOpcode::continuation);
  const std::size_t length_bytes = payload_bytes < 126 ? 0 : payload_bytes <= UINT16_MAX ? 2 : 8;
  const std::size_t key_bytes = role == WsRole::client ? 4 : 0;
  const std::size_t header_bytes = 2 + length_bytes + key_bytes;
  CHECK(out.size() >= header_bytes);

  out[0] = bit_fin | static_cast<std::byte>(opcode);
  const std::uint64_t length = length_bytes == 0   ? payload_bytes
                               : length_bytes == 2 ? length_is_16_bits
                                                   : length_is_64_bits;
  out[1] = static_cast<std::byte>(length);
  write_big_endian(payload_bytes, out.subspan(2, length_bytes));
  if (key_bytes > 0) {
    out[1] |= bit_mask;
    std::memcpy(out.data() + 2 + length_bytes, &mask_key, key_bytes);
  }
  return static_cast<std::uint32_t>(header_bytes);
}

}  // namespace parley::protocol
