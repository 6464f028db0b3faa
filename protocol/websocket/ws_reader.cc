#include "protocol/websocket/ws_reader.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "core/base/check.h"

namespace parley::protocol {
namespace {

constexpr std::uint64_t block_bytes_min = 256;

// So that the size of a block, its head and a control frame included, fits 32 bits.
constexpr std::uint32_t message_bytes_limit = UINT32_MAX - 256;

}  // namespace

void WsReader::FreeDeleter::operator()(Parts* parts) const {
  std::free(parts);
}

WsReader::WsReader(WsRole role, std::uint32_t message_bytes_max)
    : framer_(role, std::min(message_bytes_max, message_bytes_limit)) {
  static_assert(message_bytes_limit + sizeof(Parts) + ws_control_payload_bytes_max <= UINT32_MAX);
}

WsReadStatus WsReader::next(MutableBytes& bytes, WsEvent& event) {
  if (delivered_ != Delivered::nothing) drop_delivered();
  if (state_ != State::open) {
    bytes = {};
    return state_ == State::closed ? WsReadStatus::need_more : WsReadStatus::error;
  }
  for (;;) {
    WsPiece piece;
    switch (framer_.next(bytes, piece)) {
      case WsStatus::need_more:
        return WsReadStatus::need_more;
      case WsStatus::error:
        return fail(framer_.error_code());
      case WsStatus::piece:
        break;
    }
    const bool data = piece.opcode == WsOpcode::text || piece.opcode == WsOpcode::binary;
    const WsReadStatus status = data ? on_data(piece, event) : on_control(piece, event);
    if (status == WsReadStatus::error) bytes = {};
    if (status != WsReadStatus::need_more) return status;
  }
}

void WsReader::shed() {
  DCHECK(delivered_ == Delivered::nothing);
  if (!has_message_part() && !has_control_part()) parts_.reset();
}

WsCloseCode WsReader::error_code() const {
  return error_;
}

// `need_more` means that the piece is digested and completes nothing.
WsReadStatus WsReader::on_data(const WsPiece& piece, WsEvent& event) {
  DCHECK(!has_control_part());
  if (piece.opcode == WsOpcode::text) {
    if (!utf8_.feed(piece.payload)) return fail(WsCloseCode::invalid_payload);
    if (piece.message_end && !utf8_.at_code_point_end()) return fail(WsCloseCode::invalid_payload);
  }
  const bool whole = piece.message_end && !has_message_part();
  if (!whole && !piece.payload.empty()) {
    append(piece.payload);
    parts_->message_bytes += static_cast<std::uint32_t>(piece.payload.size());
  }
  if (!piece.message_end) return WsReadStatus::need_more;

  const MutableBytes message =
      whole ? piece.payload : MutableBytes(parts_->message(), parts_->message_bytes);
  if (!whole) delivered_ = Delivered::message;
  event = {.opcode = piece.opcode, .payload = message, .close_code = 0};
  return WsReadStatus::event;
}

WsReadStatus WsReader::on_control(const WsPiece& piece, WsEvent& event) {
  const bool whole = piece.frame_end && !has_control_part();
  if (!whole && !piece.payload.empty()) {
    append(piece.payload);
    parts_->control_bytes += static_cast<std::uint32_t>(piece.payload.size());
  }
  if (!piece.frame_end) return WsReadStatus::need_more;

  const MutableBytes payload =
      whole ? piece.payload : MutableBytes(parts_->control(), parts_->control_bytes);
  if (!whole) delivered_ = Delivered::control;
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
  delivered_ = Delivered::all;  // Nobody will see the rest of a message that is open.
  return WsReadStatus::event;
}

WsReadStatus WsReader::fail(WsCloseCode code) {
  error_ = code;
  state_ = State::failed;
  delivered_ = Delivered::nothing;
  parts_.reset();
  return WsReadStatus::error;
}

// Behind the bytes of the message and of the control frame that are there already.
void WsReader::append(Bytes bytes) {
  const Parts had = parts_ ? *parts_ : Parts{};
  const std::uint64_t used = sizeof(Parts) + std::uint64_t{had.message_bytes} + had.control_bytes;
  const std::uint64_t needed = used + bytes.size();
  if (needed > had.block_bytes) {
    const std::uint64_t grown =
        std::max({needed, 2 * std::uint64_t{had.block_bytes}, block_bytes_min});
    const std::uint64_t size = std::min<std::uint64_t>(grown, UINT32_MAX);
    CHECK(needed <= size);  // The framer's limits keep a message below.
    void* moved = std::realloc(parts_.get(), size);
    CHECK(moved != nullptr);  // As wherever memory is taken: without it nothing else works either.
    static_cast<void>(parts_.release());
    parts_.reset(new (moved) Parts(had));
    parts_->block_bytes = static_cast<std::uint32_t>(size);
  }
  std::memcpy(parts_->control() + had.control_bytes, bytes.data(), bytes.size());
}

// The caller is done with the last event.
void WsReader::drop_delivered() {
  const Delivered what = std::exchange(delivered_, Delivered::nothing);
  if (!parts_) return;
  if (what != Delivered::control) parts_->message_bytes = 0;
  if (what != Delivered::message) parts_->control_bytes = 0;
  // Behind a close nothing comes that could use it.
  if (parts_->block_bytes > block_bytes_kept_max || state_ != State::open) shed();
}

}  // namespace parley::protocol
