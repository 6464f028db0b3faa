// RFC 6455 sections 5 and 8.1: the bytes of one direction of a connection in, whole messages and
// control frames out. The framer below it cuts frames; this puts fragments together, checks UTF-8
// as it streams, and knows the rules of close frames.
//
//   while ((status = reader.next(bytes, event)) == WsReadStatus::event) handle(event);
//
// Lifetime  next() takes what it reads from the front of `bytes` and unmasks it in place. An
//           event's payload points there when the message came in one piece, else into a block of
//           the reader; it is valid until the next call.
// Memory    48 bytes. The block of a message that arrives in parts grows with what has arrived,
//           never with what a header declares. It stays for the next such message, unless it is
//           large; whoever owns many readers that wait calls shed().
// Errors    The peer's fault is WsReadStatus::error plus a close code; it is sticky.
// Slicing   The events do not depend on how the stream was cut.
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

  // `need_more` and `error` leave nothing of `bytes`: after an error, all are ignored.
  WsReadStatus next(MutableBytes& bytes, WsEvent& event);

  // The code to close with; `none` unless next() returned error.
  [[nodiscard]] WsCloseCode error_code() const;

  // True between the first frame of a message and its last.
  [[nodiscard]] bool in_message() const { return framer_.in_message(); }

  // True between messages, when nothing has arrived of the next and no event is out: a new reader
  // knows as much, so that this one may be forgotten. False for ever behind a close or an error.
  [[nodiscard]] bool is_at_rest() const {
    return state_ == State::open && framer_.is_at_rest() && delivered_ == Delivered::nothing;
  }

  // Gives the block back, unless it holds a part of a message. REQUIRES: no event is out.
  void shed();

  // Heap memory that the reader owns now, for those who account for it.
  [[nodiscard]] std::uint32_t block_bytes() const { return parts_ ? parts_->block_bytes : 0; }

  // A larger block goes back as soon as nothing is in it.
  static constexpr std::uint32_t block_bytes_kept_max = 16 << 10;

 private:
  enum class State : std::uint8_t { open, closed, failed };
  // What of parts_ the last event was, or nobody will see any more.
  enum class Delivered : std::uint8_t { nothing, message, control, all };

  // The head of a heap block: behind it, what has arrived of a message in parts; behind that, of a
  // control frame in parts. A control frame may come between the fragments of a message but never
  // inside one (5.4), so while there are bytes of it, no bytes of the message arrive.
  struct Parts {
    std::uint32_t block_bytes;  // Of all of it, this head included.
    std::uint32_t message_bytes;
    std::uint32_t control_bytes;

    [[nodiscard]] std::byte* message() { return reinterpret_cast<std::byte*>(this + 1); }
    [[nodiscard]] std::byte* control() { return message() + message_bytes; }
  };

  struct FreeDeleter {
    void operator()(Parts* parts) const;
  };

  [[nodiscard]] WsReadStatus on_data(const WsPiece& piece, WsEvent& event);
  [[nodiscard]] WsReadStatus on_control(const WsPiece& piece, WsEvent& event);
  [[nodiscard]] WsReadStatus on_close(MutableBytes payload, WsEvent& event);
  [[nodiscard]] WsReadStatus fail(WsCloseCode code);
  [[nodiscard]] bool has_message_part() const { return parts_ && parts_->message_bytes > 0; }
  [[nodiscard]] bool has_control_part() const { return parts_ && parts_->control_bytes > 0; }
  void append(Bytes bytes);
  void drop_delivered();

  std::unique_ptr<Parts, FreeDeleter> parts_;  // Null until something is in parts.
  WsFramer framer_;
  Utf8Validator utf8_;  // Of the open text message; as new when there is none.
  WsCloseCode error_ = WsCloseCode::none;
  State state_ = State::open;
  Delivered delivered_ = Delivered::nothing;
};
static_assert(sizeof(WsReader) == 48, "One per connection, and there may be millions.");

}  // namespace parley::protocol
