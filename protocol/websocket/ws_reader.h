// RFC 6455 sections 5 and 8.1: the bytes of one direction of a connection in, whole messages and
// control frames out. The framer below it cuts frames; this puts fragments together, checks UTF-8
// as it streams, and knows the rules of close frames.
//
//   reader.feed(bytes);
//   while ((status = reader.next(event)) == WsReadStatus::event) handle(event);
//
// Lifetime  feed() borrows `bytes` and unmasks them in place. An event's payload points into them
//           when the message came in one piece, else into a buffer of the reader; it is valid until
//           the next call.
// Memory    Between messages the reader owns no heap memory. The buffer of a message that arrives
//           in parts grows with what has arrived, never with what a header declares.
// Errors    The peer's fault is WsReadStatus::error plus a close code; it is sticky.
// Slicing   The events do not depend on how the stream was cut into feed() calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/base/types.h"
#include "protocol/websocket/utf8_validator.h"
#include "protocol/websocket/ws_framer.h"

namespace parley::protocol {

enum class [[nodiscard]] WsReadStatus : std::uint8_t { event, need_more, error };

struct WsEvent {
  WsOpcode opcode{};         // text, binary, close, ping or pong.
  MutableBytes payload;      // Of the whole message; for close: the reason, without the code.
  std::uint16_t close_code{};  // close only: the peer's code, 1005 when it gave none (7.1.5).
};

class WsReader {
 public:
  // Limits are of a whole message, whatever its number of fragments.
  WsReader(WsRole role, std::uint32_t message_bytes_max);

  // REQUIRES: the last next() returned need_more, or nothing was fed yet.
  void feed(MutableBytes bytes);
  WsReadStatus next(WsEvent& event);

  // The code to close with; `none` unless next() returned error.
  [[nodiscard]] WsCloseCode error_code() const;

  // True between the first frame of a message and its last.
  [[nodiscard]] bool in_message() const;
};

}  // namespace parley::protocol
