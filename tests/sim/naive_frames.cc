#include "tests/sim/naive_frames.h"

#include <cstddef>

namespace parley::sim {
namespace {

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = (value << 8) | static_cast<std::uint8_t>(byte);
  return value;
}

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out += static_cast<char>((value >> shift) & 0xff);
  }
}

}  // namespace

std::string naive_client_frame(const NaiveFrame& frame, std::uint32_t mask_key) {
  std::string out;
  out += static_cast<char>((frame.fin ? 0x80 : 0) | frame.opcode);
  const std::size_t size = frame.payload.size();
  if (size < 126) {
    out += static_cast<char>(0x80 | size);
  } else if (size < 65'536) {
    out += static_cast<char>(0x80 | 126);
    append_big_endian(out, size, 2);
  } else {
    out += static_cast<char>(0x80 | 127);
    append_big_endian(out, size, 8);
  }
  std::string mask;
  append_big_endian(mask, mask_key, 4);
  out += mask;
  for (std::size_t i = 0; i < size; ++i) {
    out += static_cast<char>(frame.payload[i] ^ mask[i % 4]);
  }
  return out;
}

NaiveStatus NaiveFrames::next(NaiveFrame& frame) {
  const std::string_view bytes = bytes_;
  if (bytes.size() < 2) return NaiveStatus::need_more;
  const auto first = static_cast<std::uint8_t>(bytes[0]);
  const auto second = static_cast<std::uint8_t>(bytes[1]);
  if ((first & 0x70) != 0) return NaiveStatus::broken;   // 5.2: reserved bits.
  if ((second & 0x80) != 0) return NaiveStatus::broken;  // 5.1: a server does not mask.
  frame.opcode = first & 0x0f;
  frame.fin = (first & 0x80) != 0;
  const bool control = frame.opcode >= 8;
  if (frame.opcode > 10 || (frame.opcode > 2 && !control)) return NaiveStatus::broken;
  std::size_t header = 2;
  std::uint64_t size = second & 0x7f;
  if (control && (!frame.fin || size > 125)) return NaiveStatus::broken;  // 5.5
  if (size == 126) {
    header = 4;
    if (bytes.size() < header) return NaiveStatus::need_more;
    size = big_endian(bytes.substr(2, 2));
    if (size < 126) return NaiveStatus::broken;  // 5.2: the shortest form.
  } else if (size == 127) {
    header = 10;
    if (bytes.size() < header) return NaiveStatus::need_more;
    size = big_endian(bytes.substr(2, 8));
    if (size < 65'536) return NaiveStatus::broken;
  }
  if (bytes.size() - header < size) return NaiveStatus::need_more;
  frame.payload = bytes.substr(header, size);
  bytes_.erase(0, header + size);
  return NaiveStatus::frame;
}

}  // namespace parley::sim
