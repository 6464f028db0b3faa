#include "protocol/websocket/utf8_validator.h"

#include <simdjson.h>

#include <cstring>

namespace parley::protocol {
namespace {

// Below this a call through simdjson's dispatch costs more than it saves; for ASCII alone, which
// needs no look at single bytes here either, it pays later.
constexpr std::size_t bulk_bytes_min = 64;
constexpr std::size_t bulk_ascii_bytes_min = 192;

std::size_t ascii_prefix_bytes(Bytes bytes) {
  constexpr std::uint64_t high_bits = 0x8080808080808080;
  std::size_t index = 0;
  for (; index + 8 <= bytes.size(); index += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + index, 8);
    if ((word & high_bits) != 0) break;
  }
  while (index < bytes.size() && std::to_integer<std::uint8_t>(bytes[index]) < 0x80) ++index;
  return index;
}

// Bytes at the end of `bytes` that may be the beginning of a code point whose rest is to come.
// Only looks for the lead byte: what is wrong about the rest is found when those bytes are fed.
std::size_t open_tail_bytes(Bytes bytes) {
  for (std::size_t tail = 1; tail <= 3 && tail <= bytes.size(); ++tail) {
    const auto byte = std::to_integer<std::uint8_t>(bytes[bytes.size() - tail]);
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;  // A continuation byte: its lead is further back.
    const std::size_t length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return tail < length ? tail : 0;
  }
  return 0;
}

}  // namespace

bool Utf8Validator::feed(Bytes bytes) {
  if (failed_) return false;
  while (bytes_left_ > 0 && !bytes.empty()) {
    if (!feed_byte(std::to_integer<std::uint8_t>(bytes.front()))) return false;
    bytes = bytes.subspan(1);
  }
  if (bytes.size() < bulk_ascii_bytes_min) bytes = bytes.subspan(ascii_prefix_bytes(bytes));
  if (bytes.size() >= bulk_bytes_min) {
    const std::size_t tail_bytes = open_tail_bytes(bytes);
    if (!feed_bulk(bytes.first(bytes.size() - tail_bytes))) return false;
    bytes = bytes.last(tail_bytes);
  }
  for (const std::byte byte : bytes) {
    if (!feed_byte(std::to_integer<std::uint8_t>(byte))) return false;
  }
  return true;
}

bool Utf8Validator::at_code_point_end() const {
  return !failed_ && bytes_left_ == 0;
}

// REQUIRES: at a code point's end, before and behind `bytes` if they are valid.
bool Utf8Validator::feed_bulk(Bytes bytes) {
  failed_ = !simdjson::validate_utf8(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return !failed_;
}

// The table of RFC 3629 section 4: the lead byte decides the number of the others, and the range
// of the second, where overlong forms, surrogates and numbers too large are kept out.
bool Utf8Validator::feed_byte(std::uint8_t byte) {
  if (bytes_left_ > 0) {
    if (byte < next_min_ || byte > next_max_) {
      failed_ = true;
      return false;
    }
    --bytes_left_;
    next_min_ = 0x80;
    next_max_ = 0xbf;
    return true;
  }
  if (byte < 0x80) return true;
  if (byte < 0xc2 || byte > 0xf4) {
    failed_ = true;
    return false;
  }
  bytes_left_ = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
  next_min_ = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
  next_max_ = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
  return true;
}

}  // namespace parley::protocol
