#include "tests/differential/naive_ws_reader.h"

#include <utility>

namespace parley::test {
namespace {

// Whether a range of numbers holds one that has an encoding of this many bytes.
bool holds_code_point(std::uint32_t low, std::uint32_t high, std::size_t length) {
  constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  constexpr std::uint32_t largest[] = {0, 0x7f, 0x7ff, 0xffff, 0x10ffff};
  if (low < smallest[length]) low = smallest[length];
  if (high > largest[length]) high = largest[length];
  if (low > high) return false;
  return low < 0xd800 || high > 0xdfff;  // Not surrogates alone.
}

}  // namespace

Utf8Prefix judge_code_point(std::span<const std::uint8_t> bytes) {
  const std::uint8_t lead = bytes[0];
  if (lead < 0x80) return bytes.size() == 1 ? Utf8Prefix::complete : Utf8Prefix::bad;
  std::size_t length = 0;
  std::uint32_t number = 0;
  if ((lead & 0xe0) == 0xc0) length = 2, number = lead & 0x1f;
  if ((lead & 0xf0) == 0xe0) length = 3, number = lead & 0x0f;
  if ((lead & 0xf8) == 0xf0) length = 4, number = lead & 0x07;
  if (length == 0 || bytes.size() > length) return Utf8Prefix::bad;
  for (const std::uint8_t byte : bytes.subspan(1)) {
    if ((byte & 0xc0) != 0x80) return Utf8Prefix::bad;
    number = number << 6 | (byte & 0x3f);
  }
  const std::size_t bits_to_come = 6 * (length - bytes.size());
  const std::uint32_t low = number << bits_to_come;
  const std::uint32_t high = low | ((1u << bits_to_come) - 1);
  if (!holds_code_point(low, high, length)) return Utf8Prefix::bad;
  return bytes.size() == length ? Utf8Prefix::complete : Utf8Prefix::incomplete;
}

std::size_t first_bad_byte(std::span<const std::uint8_t> text) {
  std::size_t begin = 0;
  for (std::size_t index = 0; index < text.size(); ++index) {
    switch (judge_code_point(text.subspan(begin, index + 1 - begin))) {
      case Utf8Prefix::bad:
        return index;
      case Utf8Prefix::incomplete:
        break;
      case Utf8Prefix::complete:
        begin = index + 1;
        break;
    }
  }
  return text.size();
}

NaiveWsReader::NaiveWsReader(bool server, std::uint64_t message_bytes_max)
    : server_(server), message_bytes_max_(message_bytes_max) {}

void NaiveWsReader::push(std::uint8_t byte) {
  if (ended_) return;
  ++pushed_;
  if (in_payload_) {
    push_payload(byte);
    return;
  }
  header_.push_back(byte);
  judge_header();
}

std::size_t NaiveWsReader::length_bytes() const {
  const int length = header_[1] & 0x7f;
  if (length == 126) return 2;
  if (length == 127) return 8;
  return 0;
}

void NaiveWsReader::judge_header() {
  if (header_.size() == 1) {
    const bool reserved_bits = (header_[0] & 0x70) != 0;
    const bool reserved_opcode = (opcode() >= 3 && opcode() <= 7) || opcode() >= 11;
    const bool fragmented_control = control() && !final_frame();
    const bool continues_nothing = opcode() == 0 && message_opcode_ == 0;
    const bool interleaved = (opcode() == 1 || opcode() == 2) && message_opcode_ != 0;
    if (reserved_bits || reserved_opcode || fragmented_control || continues_nothing ||
        interleaved) {
      fail(1002);
    }
    return;
  }
  const bool masked = header_[1] >= 0x80;
  if (header_.size() == 2) {
    if (masked != server_) return fail(1002);
    if (control() && (header_[1] & 0x7f) > 125) return fail(1002);
  }
  if (header_.size() == 2 + length_bytes()) judge_length();
  if (ended_ || header_.size() < 2 + length_bytes() + (masked ? 4u : 0u)) return;

  in_payload_ = true;
  frame_bytes_read_ = 0;
  if (opcode() == 1 || opcode() == 2) message_opcode_ = opcode();
  if (frame_bytes_ == 0) end_frame();
}

void NaiveWsReader::judge_length() {
  frame_bytes_ = header_[1] & 0x7f;
  if (length_bytes() > 0) {
    frame_bytes_ = 0;
    for (std::size_t i = 0; i < length_bytes(); ++i) {
      frame_bytes_ = frame_bytes_ * 256 + header_[2 + i];
    }
    if (length_bytes() == 2 && frame_bytes_ < 126) return fail(1002);
    if (length_bytes() == 8 && frame_bytes_ < 65536) return fail(1002);
    if (frame_bytes_ >= 0x8000000000000000) return fail(1002);
  }
  if (!control() && message_.size() + frame_bytes_ > message_bytes_max_) fail(1009);
}

void NaiveWsReader::push_payload(std::uint8_t byte) {
  if (server_) byte ^= header_[header_.size() - 4 + frame_bytes_read_ % 4];
  ++frame_bytes_read_;
  if (control()) {
    control_.push_back(byte);
  } else {
    message_.push_back(byte);
    if (message_opcode_ == 1) {
      code_point_.push_back(byte);
      const Utf8Prefix verdict = judge_code_point(code_point_);
      if (verdict == Utf8Prefix::bad) return fail(1007);
      if (verdict == Utf8Prefix::complete) code_point_.clear();
    }
  }
  if (frame_bytes_read_ == frame_bytes_) end_frame();
}

void NaiveWsReader::end_frame() {
  in_payload_ = false;
  if (opcode() == 8) {
    end_close_frame();
  } else if (control()) {
    deliver(opcode(), 0, std::exchange(control_, {}));
  } else if (final_frame()) {
    if (!code_point_.empty()) return fail(1007);
    deliver(std::exchange(message_opcode_, std::uint8_t{0}), 0, std::exchange(message_, {}));
  }
  header_.clear();
}

void NaiveWsReader::end_close_frame() {
  std::uint16_t code = 1005;
  ByteString reason;
  if (control_.size() == 1) return fail(1002);
  if (control_.size() >= 2) {
    code = static_cast<std::uint16_t>(control_[0] * 256 + control_[1]);
    const bool protocol_code = code == 1000 || code == 1001 || code == 1002 || code == 1003 ||
                               (code >= 1007 && code <= 1014);
    const bool private_code = code >= 3000 && code <= 4999;
    if (!protocol_code && !private_code) return fail(1002);
    reason.assign(control_.begin() + 2, control_.end());
  }
  code_point_.clear();  // A text message may be open around this frame, but nobody reads its rest.
  for (const std::uint8_t byte : reason) {
    code_point_.push_back(byte);
    const Utf8Prefix verdict = judge_code_point(code_point_);
    if (verdict == Utf8Prefix::bad) return fail(1007);
    if (verdict == Utf8Prefix::complete) code_point_.clear();
  }
  if (!code_point_.empty()) return fail(1007);
  deliver(8, code, std::move(reason));
  ended_ = true;
}

void NaiveWsReader::deliver(std::uint8_t opcode, std::uint16_t close_code, ByteString payload) {
  outcome_.messages.push_back({.opcode = opcode,
                               .close_code = close_code,
                               .payload = std::move(payload),
                               .offset = pushed_});
}

void NaiveWsReader::fail(std::uint16_t code) {
  outcome_.error_code = code;
  outcome_.error_offset = pushed_;
  ended_ = true;
}

WsOutcome read_naively(protocol::WsRole role, std::uint32_t message_bytes_max,
                       std::span<const std::uint8_t> stream) {
  NaiveWsReader reader(role == protocol::WsRole::server, message_bytes_max);
  for (const std::uint8_t byte : stream) reader.push(byte);
  return reader.outcome();
}

}  // namespace parley::test
