// RFC 6455 section 5: bytes in, frame pieces out. No I/O, no clock, no allocation.
//
//   framer.feed(bytes);
//   while ((status = framer.next(piece)) == WsStatus::piece) handle(piece);
//
// Lifetime  feed() borrows `bytes`, and unmasks them in place, until next() stops returning
//           `piece`. A piece points into them and is gone with them.
// Slicing   The pieces' payload bytes do not depend on how the stream was cut into feed() calls.
//           tests/differential/ws_slicing_test.cc cuts at every offset.
// Errors    A peer's fault is WsStatus::error plus a close code; it is sticky, and is reported with
//           the first byte that shows it, even when the header is not complete. Ours is a CHECK.
// Bounds    Reads and writes stay inside `bytes`: no padding before or after is required. Lengths
//           are judged against the limits when they are declared, before any payload arrives.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/types.h"
#include "protocol/websocket/ws_close.h"

namespace parley::protocol {

enum class WsRole : std::uint8_t { server, client };  // Whom we speak for.

enum class WsOpcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

enum class [[nodiscard]] WsStatus : std::uint8_t { piece, need_more, error };

// Of text and binary; control frames are always limited to 125 bytes.
struct WsLimits {
  std::uint32_t frame_payload_bytes_max = 0;
  std::uint32_t message_bytes_max = UINT32_MAX;  // All fragments of a message together.
};

struct WsPiece {
  WsOpcode opcode{};     // Never `continuation`: the first frame's opcode is repeated.
  bool frame_end{};      // Last piece of its frame.
  bool message_end{};    // frame_end of a frame with FIN.
  MutableBytes payload;  // Unmasked. May be empty only when frame_end.
};

class WsFramer {
 public:
  WsFramer(WsRole role, WsLimits limits);

  // REQUIRES: the last next() returned need_more, or nothing was fed yet. After an error, bytes
  // are ignored.
  void feed(MutableBytes bytes);
  WsStatus next(WsPiece& piece);

  // The code to close with; `none` unless next() returned error.
  [[nodiscard]] WsCloseCode error_code() const { return error_; }

  // True from the header of a message's first frame to the last piece of its last frame.
  [[nodiscard]] bool in_message() const { return message_opcode_ != WsOpcode::continuation; }

  // Writes a header for an unfragmented frame. Returns bytes written, <= header_bytes_max.
  // A client masks with `mask_key` from a CSPRNG; a server passes 0 and writes no key.
  [[nodiscard]] static std::uint32_t write_header(WsRole role, WsOpcode opcode,
                                                  std::uint64_t payload_bytes,
                                                  std::uint32_t mask_key, MutableBytes out);
  static constexpr std::uint32_t header_bytes_max = 14;

 private:
  // What the bytes of a header that have arrived so far tell.
  struct HeaderGlance {
    WsCloseCode error = WsCloseCode::none;
    std::uint8_t header_bytes = 0;  // Of the whole header; 0 while that is unknown.
    std::uint32_t payload_bytes = 0;
  };

  [[nodiscard]] WsStatus take_header();
  [[nodiscard]] HeaderGlance glance(Bytes seen) const;
  [[nodiscard]] bool first_byte_allowed(std::byte first) const;
  [[nodiscard]] WsCloseCode judge_length(WsOpcode opcode, std::uint64_t payload_bytes) const;
  void begin_frame(Bytes header, std::uint32_t payload_bytes);

  WsLimits limits_;
  WsRole role_;

  WsOpcode frame_opcode_ = WsOpcode::continuation;
  WsOpcode message_opcode_ = WsOpcode::continuation;  // continuation: no message is open.
  bool frame_is_final_ = false;
  bool in_payload_ = false;
  std::uint8_t header_bytes_ = 0;  // Bytes in header_, when a feed() ended inside a header.
  WsCloseCode error_ = WsCloseCode::none;
  std::uint32_t payload_bytes_left_ = 0;  // Of the current frame.
  std::uint32_t message_bytes_ = 0;       // Declared by the open message's frames so far.
  std::uint32_t mask_key_ = 0;            // Rotated to the next payload byte.
  std::array<std::byte, header_bytes_max> header_;

  MutableBytes input_;  // Borrowed from the caller of feed(); empty between calls to it.
};
static_assert(sizeof(WsFramer) <= 64, "One cache line: it is touched on every receive.");

}  // namespace parley::protocol
