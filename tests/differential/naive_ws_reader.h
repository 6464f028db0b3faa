// A second reading of RFC 6455, byte by byte and as plain as it can be, to judge the fast one by.
// It shares no code and no idea with protocol/websocket: it unmasks a byte at a time, keeps every
// header and message in a vector, and decides about UTF-8 by arithmetic instead of a table.
#pragma once

#include <cstdint>
#include <span>

#include "tests/differential/ws_outcome.h"

namespace parley::test {

class NaiveWsReader {
 public:
  NaiveWsReader(bool server, std::uint64_t message_bytes_max);

  void push(std::uint8_t byte);

  [[nodiscard]] const WsOutcome& outcome() const { return outcome_; }
  [[nodiscard]] bool in_close_frame() const { return in_payload_ && opcode() == 8; }

 private:
  void judge_header();
  void judge_length();
  void push_payload(std::uint8_t byte);
  void end_frame();
  void end_close_frame();
  void deliver(std::uint8_t opcode, std::uint16_t close_code, ByteString payload);
  void fail(std::uint16_t code);

  [[nodiscard]] std::uint8_t opcode() const { return header_[0] & 0x0f; }
  [[nodiscard]] bool final_frame() const { return header_[0] >= 0x80; }
  [[nodiscard]] bool control() const { return opcode() >= 8; }
  [[nodiscard]] std::size_t length_bytes() const;

  bool server_;
  std::uint64_t message_bytes_max_;

  std::size_t pushed_ = 0;
  bool ended_ = false;
  bool in_payload_ = false;
  ByteString header_;
  std::uint64_t frame_bytes_ = 0;
  std::uint64_t frame_bytes_read_ = 0;
  std::uint8_t message_opcode_ = 0;  // 0: none is open.
  ByteString message_;
  ByteString control_;
  ByteString code_point_;  // The bytes of a code point that is not complete.
  WsOutcome outcome_;
};

[[nodiscard]] WsOutcome read_naively(protocol::WsRole role, std::uint32_t message_bytes_max,
                                     std::span<const std::uint8_t> stream);

enum class Utf8Prefix : std::uint8_t { bad, incomplete, complete };

// Whether `bytes` are, or can become, the encoding of one code point (RFC 3629 section 3).
[[nodiscard]] Utf8Prefix judge_code_point(std::span<const std::uint8_t> bytes);

// The index of the first byte after which no continuation makes the text valid; `text.size()` when
// there is none.
[[nodiscard]] std::size_t first_bad_byte(std::span<const std::uint8_t> text);

}  // namespace parley::test
