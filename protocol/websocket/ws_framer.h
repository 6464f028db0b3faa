// RFC 6455 section 5: bytes in, frame pieces out. No I/O, no clock, no allocation.
//
//   while ((status = framer.next(bytes, piece)) == WsStatus::piece) handle(piece);
//
// Lifetime  next() takes what it reads from the front of `bytes` and unmasks it in place. A piece
//           points there and is gone with the memory behind it.
// Memory    32 bytes, and `bytes` is not among them: a connection that waits pays for no more than
//           where it is. What has arrived of a header, and what is to come of a payload, are never
//           both known: they share their place.
// Slicing   The pieces' payload bytes do not depend on how the stream was cut. See
//           tests/differential/ws_slicing_test.cc, which cuts at every offset.
// Errors    A peer's fault is WsStatus::error plus a close code; it is sticky, and is reported with
//           the first byte that shows it, even when the header is not complete. Ours is a CHECK.
// Bounds    Reads and writes stay inside `bytes`: no padding before or after is required. Lengths
//           are judged against the limit when they are declared, before any payload arrives.
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

struct WsPiece {
  WsOpcode opcode{};     // Never `continuation`: the first frame's opcode is repeated.
  bool frame_end{};      // Last piece of its frame.
  bool message_end{};    // frame_end of a frame with FIN.
  MutableBytes payload;  // Unmasked. May be empty only when frame_end.
};

class WsFramer {
 public:
  // The limit is of text and binary, all fragments of a message together; control frames are
  // always limited to 125 bytes.
  WsFramer(WsRole role, std::uint32_t message_bytes_max);

  // `need_more` and `error` leave nothing of `bytes`: after an error, all are ignored.
  WsStatus next(MutableBytes& bytes, WsPiece& piece);

  // The code to close with; `none` unless next() returned error.
  [[nodiscard]] WsCloseCode error_code() const { return error_; }

  // True from the header of a message's first frame to the last piece of its last frame.
  [[nodiscard]] bool in_message() const { return message_opcode_ != WsOpcode::continuation; }

  // True between messages, when nothing has arrived of the next: a new framer knows as much.
  [[nodiscard]] bool is_at_rest() const {
    return !in_message() && !in_payload_ && header_.arrived_bytes == 0 &&
           error_ == WsCloseCode::none;
  }

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

  // What has arrived of a header, when the bytes ended inside one.
  struct PartialHeader {
    std::array<std::byte, header_bytes_max> bytes;
    std::uint8_t arrived_bytes;
  };

  // What is to come of a frame whose header was read.
  struct Payload {
    std::uint32_t left_bytes;
    std::uint32_t mask_key;  // Rotated to the next byte.
  };

  [[nodiscard]] WsStatus take_header(MutableBytes& bytes);
  [[nodiscard]] HeaderGlance glance(Bytes seen) const;
  [[nodiscard]] bool first_byte_allowed(std::byte first) const;
  [[nodiscard]] WsCloseCode judge_length(WsOpcode opcode, std::uint64_t payload_bytes) const;
  void begin_frame(Bytes header, std::uint32_t payload_bytes);

  std::uint32_t message_bytes_max_;
  std::uint32_t message_bytes_ = 0;  // Declared by the open message's frames so far.
  union {
    PartialHeader header_{};  // Unless in_payload_.
    Payload payload_;         // While in_payload_.
  };
  WsCloseCode error_ = WsCloseCode::none;
  WsOpcode frame_opcode_ = WsOpcode::continuation;
  WsOpcode message_opcode_ = WsOpcode::continuation;  // continuation: no message is open.
  WsRole role_;
  bool frame_is_final_ = false;
  bool in_payload_ = false;
};
static_assert(sizeof(WsFramer) == 32, "One per connection, and there may be millions.");

}  // namespace parley::protocol
