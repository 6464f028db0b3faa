// Frames by hand, good and bad, for tests: every bit of a header can be set wrong.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "tests/differential/ws_outcome.h"

namespace parley::test {

enum class LengthForm : std::uint8_t { minimal, seven_bits, sixteen_bits, sixty_four_bits };

struct FrameSpec {
  std::uint8_t opcode = 1;
  bool fin = true;
  std::uint8_t rsv = 0;  // 4: RSV1, 2: RSV2, 1: RSV3.
  bool masked = true;
  std::uint32_t key = 0x8a3f5c17;
  LengthForm length_form = LengthForm::minimal;
};

void append_frame(ByteString& stream, const FrameSpec& spec, std::span<const std::uint8_t> payload);

// A header that declares a length, whatever follows.
void append_header(ByteString& stream, const FrameSpec& spec, std::uint64_t declared_bytes);

[[nodiscard]] ByteString bytes_of(std::string_view text);

// "81 02 68 69"
[[nodiscard]] ByteString from_hex(std::string_view text);

[[nodiscard]] ByteString join(std::initializer_list<ByteString> parts);

// One frame from a client (masked) or from a server (not masked).
[[nodiscard]] ByteString client_frame(FrameSpec spec, std::string_view payload);
[[nodiscard]] ByteString server_frame(FrameSpec spec, std::string_view payload);

}  // namespace parley::test
