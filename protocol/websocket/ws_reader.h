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
  WsOpcode opcode{};           // text, binary, close, ping or pong.
  MutableBytes payload;        // Of the whole message; for close: the reason, without the code.
  std::uint16_t close_code{};  // close only: the peer's code, 1005 when it gave none (7.1.5).
};

// Behind a close frame there is nothing to read: what follows is ignored (5.5.1), and next()
// returns need_more for ever.
class WsReader {
 public:
  // Limits are of a whole message, whatever its number of fragments.
  WsReader(WsRole role, std::uint32_t message_bytes_max);

  // REQUIRES: the last next() returned need_more, or nothing was fed yet. After an error, bytes
  // are ignored.
  void feed(MutableBytes bytes);
  WsReadStatus next(WsEvent& event);

  // The code to close with; `none` unless next() returned error.
  [[nodiscard]] WsCloseCode error_code() const;

  // True between the first frame of a message and its last.
  [[nodiscard]] bool in_message() const { return framer_.in_message(); }

  // Heap memory that the reader owns now, for those who account for it.
  [[nodiscard]] std::uint32_t buffer_bytes() const { return buffer_bytes_max_; }

 private:
  enum class State : std::uint8_t { open, closed, failed };

  struct FreeDeleter {
    void operator()(std::byte* bytes) const;
  };

  [[nodiscard]] WsReadStatus on_data(const WsPiece& piece, WsEvent& event);
  [[nodiscard]] WsReadStatus on_control(const WsPiece& piece, WsEvent& event);
  [[nodiscard]] WsReadStatus on_close(MutableBytes payload, WsEvent& event);
  [[nodiscard]] WsReadStatus fail(WsCloseCode code);
  void append(Bytes bytes);
  void drop_delivered();
  void release_buffer();

  WsFramer framer_;

  // What has arrived of a message in parts; behind it, of a control frame in parts. A control
  // frame may come between the fragments of a message but never inside one (5.4), so while there
  // are bytes of it, no bytes of the message arrive.
  std::unique_ptr<std::byte[], FreeDeleter> buffer_;
  std::uint32_t buffer_bytes_max_ = 0;
  std::uint32_t message_bytes_ = 0;
  std::uint8_t control_bytes_ = 0;

  State state_ = State::open;
  bool delivered_message_ = false;  // The last event's payload lies in buffer_.
  bool delivered_control_ = false;
  WsCloseCode error_ = WsCloseCode::none;
  Utf8Validator utf8_;  // Of the open text message; as new when there is none.
};
static_assert(sizeof(WsReader) <= 96, "One per connection, and there may be millions.");

}  // namespace parley::protocol
