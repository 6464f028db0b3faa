#include "protocol/websocket/ws_reader.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/base/check.h"

namespace parley::protocol {
namespace {

constexpr std::uint64_t buffer_bytes_min = 256;

// So that the buffer's size, a control frame included, fits 32 bits.
constexpr std::uint32_t message_bytes_limit = UINT32_MAX - ws_control_payload_bytes_max;

WsLimits limits_of(std::uint32_t message_bytes_max) {
  const std::uint32_t bytes_max = std::min(message_bytes_max, message_bytes_limit);
  return {.frame_payload_bytes_max = bytes_max, .message_bytes_max = bytes_max};
}

}  // namespace

void WsReader::FreeDeleter::operator()(std::byte* bytes) const {
  std::free(bytes);
}

WsReader::WsReader(WsRole role, std::uint32_t message_bytes_max)
    : framer_(role, limits_of(message_bytes_max)) {}

void WsReader::feed(MutableBytes bytes) {
  if (state_ == State::open) framer_.feed(bytes);
}

WsReadStatus WsReader::next(WsEvent& event) {
  drop_delivered();
  switch (state_) {
    case State::open:
      break;
    case State::closed:
      return WsReadStatus::need_more;
    case State::failed:
      return WsReadStatus::error;
  }
  for (;;) {
    WsPiece piece;
    switch (framer_.next(piece)) {
      case WsStatus::need_more:
        return WsReadStatus::need_more;
      case WsStatus::error:
        return fail(framer_.error_code());
      case WsStatus::piece:
        break;
    }
    const bool data = piece.opcode == WsOpcode::text || piece.opcode == WsOpcode::binary;
    const WsReadStatus status = data ? on_data(piece, event) : on_control(piece, event);
    if (status != WsReadStatus::need_more) return status;
  }
}

WsCloseCode WsReader::error_code() const {
  return error_;
}

// `need_more` means that the piece is digested and completes nothing.
WsReadStatus WsReader::on_data(const WsPiece& piece, WsEvent& event) {
  DCHECK(control_bytes_ == 0);
  if (piece.opcode == WsOpcode::text) {
    if (!utf8_.feed(piece.payload)) return fail(WsCloseCode::invalid_payload);
    if (piece.message_end && !utf8_.at_code_point_end()) return fail(WsCloseCode::invalid_payload);
  }
  const bool whole = piece.message_end && message_bytes_ == 0;
  if (!whole && !piece.payload.empty()) {
    append(piece.payload);
    message_bytes_ += static_cast<std::uint32_t>(piece.payload.size());
  }
  if (!piece.message_end) return WsReadStatus::need_more;

  const MutableBytes message = whole ? piece.payload : MutableBytes(buffer_.get(), message_bytes_);
  delivered_message_ = !whole;
  event = {.opcode = piece.opcode, .payload = message, .close_code = 0};
  return WsReadStatus::event;
}

WsReadStatus WsReader::on_control(const WsPiece& piece, WsEvent& event) {
  const bool whole = piece.frame_end && control_bytes_ == 0;
  if (!whole && !piece.payload.empty()) {
    append(piece.payload);
    control_bytes_ = static_cast<std::uint8_t>(control_bytes_ + piece.payload.size());
  }
  if (!piece.frame_end) return WsReadStatus::need_more;

  const MutableBytes payload =
      whole ? piece.payload : MutableBytes(buffer_.get() + message_bytes_, control_bytes_);
  delivered_control_ = !whole;
  if (piece.opcode == WsOpcode::close) return on_close(payload, event);
  event = {.opcode = piece.opcode, .payload = payload, .close_code = 0};
  return WsReadStatus::event;
}

WsReadStatus WsReader::on_close(MutableBytes payload, WsEvent& event) {
  event = {.opcode = WsOpcode::close,
           .payload = {},
           .close_code = std::to_underlying(WsCloseCode::no_status)};
  if (!payload.empty()) {
    if (payload.size() == 1) return fail(WsCloseCode::protocol_error);  // Half a code (5.5.1).
    event.close_code = static_cast<std::uint16_t>((std::to_integer<unsigned>(payload[0]) << 8) |
                                                  std::to_integer<unsigned>(payload[1]));
    if (!ws_close_code_may_be_sent(event.close_code)) return fail(WsCloseCode::protocol_error);
    event.payload = payload.subspan(2);

    Utf8Validator reason;  // Not utf8_: a text message may be open around this frame.
    if (!reason.feed(event.payload) || !reason.at_code_point_end()) {
      return fail(WsCloseCode::invalid_payload);
    }
  }
  state_ = State::closed;
  delivered_message_ = true;  // Nobody will see the rest of a message that is open.
  return WsReadStatus::event;
}

WsReadStatus WsReader::fail(WsCloseCode code) {
  error_ = code;
  state_ = State::failed;
  release_buffer();
  return WsReadStatus::error;
}

// Behind the bytes of the message and of the control frame that are there already.
void WsReader::append(Bytes bytes) {
  const std::uint64_t used = std::uint64_t{message_bytes_} + control_bytes_;
  const std::uint64_t needed = used + bytes.size();
  if (needed > buffer_bytes_max_) {
    const std::uint64_t grown =
        std::max({needed, 2 * std::uint64_t{buffer_bytes_max_}, buffer_bytes_min});
    const std::uint64_t size = std::min<std::uint64_t>(grown, UINT32_MAX);
    CHECK(needed <= size);  // The framer's limits keep a message below.
    auto* moved = static_cast<std::byte*>(std::realloc(buffer_.get(), size));
    CHECK(moved != nullptr);  // As wherever memory is taken: without it nothing else works either.
    static_cast<void>(buffer_.release());
    buffer_.reset(moved);
    buffer_bytes_max_ = static_cast<std::uint32_t>(size);
  }
  std::memcpy(buffer_.get() + used, bytes.data(), bytes.size());
}

// The caller is done with the last event.
void WsReader::drop_delivered() {
  if (delivered_message_) message_bytes_ = 0;
  if (delivered_control_) control_bytes_ = 0;
  const bool dropped = delivered_message_ || delivered_control_;
  delivered_message_ = false;
  delivered_control_ = false;
  if (dropped && message_bytes_ == 0 && control_bytes_ == 0) release_buffer();
}

void WsReader::release_buffer() {
  buffer_.reset();
  buffer_bytes_max_ = 0;
  message_bytes_ = 0;
  control_bytes_ = 0;
}

}  // namespace parley::protocol
