// Just enough of RFC 6455 for a measurement: whole unmasked frames in, masked text frames out.
// Apart from protocol/websocket on purpose, so that a fault there is not met by the same fault
// here.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace parley::bench {

struct Frame {
  std::uint8_t first_byte = 0;  // FIN, RSV and the opcode.
  std::string_view payload;
};

// The frame that `bytes` begins with; returns its length, 0 while it is not all there.
inline std::size_t read_frame(std::string_view bytes, Frame& frame) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  if (bytes.size() < 2) return 0;
  std::size_t header_bytes = 2;
  std::uint64_t payload_bytes = byte(1);  // The mask bit makes this above 127: never complete.
  if (payload_bytes >= 126) {
    const std::size_t length_bytes = payload_bytes == 126 ? 2 : 8;
    header_bytes += length_bytes;
    if (bytes.size() < header_bytes) return 0;
    payload_bytes = 0;
    for (std::size_t i = 2; i < header_bytes; ++i) payload_bytes = payload_bytes << 8 | byte(i);
  }
  if (bytes.size() - header_bytes < payload_bytes) return 0;
  frame = {byte(0), bytes.substr(header_bytes, payload_bytes)};
  return header_bytes + payload_bytes;
}

// A final text frame as a server sends it (mask_key null) or a client.
inline void write_text_frame(std::string& out, std::string_view text, const char* mask_key) {
  const std::size_t mask_bit = mask_key != nullptr ? 0x80 : 0;
  out.push_back(static_cast<char>(0x81));
  if (text.size() < 126) {
    out.push_back(static_cast<char>(mask_bit | text.size()));
  } else {
    out.push_back(static_cast<char>(mask_bit | 126));
    out.push_back(static_cast<char>(text.size() >> 8));
    out.push_back(static_cast<char>(text.size() & 0xff));
  }
  if (mask_key == nullptr) {
    out.append(text);
    return;
  }
  out.append(mask_key, 4);
  for (std::size_t i = 0; i < text.size(); ++i) {
    out.push_back(static_cast<char>(text[i] ^ mask_key[i % 4]));
  }
}

}  // namespace parley::bench
