#include "tests/differential/ws_outcome.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "core/base/check.h"
#include "protocol/websocket/ws_reader.h"

namespace parley::test {
namespace {

using protocol::WsEvent;
using protocol::WsReader;
using protocol::WsReadStatus;

WsMessage message_of(const WsEvent& event, std::size_t offset) {
  WsMessage message{.opcode = std::to_underlying(event.opcode),
                    .close_code = event.close_code,
                    .payload = ByteString(event.payload.size()),
                    .offset = offset};
  if (!event.payload.empty()) {
    std::memcpy(message.payload.data(), event.payload.data(), event.payload.size());
  }
  return message;
}

std::size_t rounded_up(std::size_t offset, std::span<const std::size_t> slice_ends) {
  const auto end = std::lower_bound(slice_ends.begin(), slice_ends.end(), offset);
  CHECK(end != slice_ends.end());
  return *end;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const WsOutcome& outcome) {
  for (const WsMessage& message : outcome.messages) {
    out << "{opcode " << int{message.opcode} << ", code " << message.close_code << ", at "
        << message.offset << ": " << hex(message.payload) << "} ";
  }
  return out << "error " << outcome.error_code << " at " << outcome.error_offset;
}

WsOutcome seen_in_slices(WsOutcome outcome, std::span<const std::size_t> slice_ends) {
  for (WsMessage& message : outcome.messages) {
    message.offset = rounded_up(message.offset, slice_ends);
  }
  if (outcome.error_code != 0) outcome.error_offset = rounded_up(outcome.error_offset, slice_ends);
  return outcome;
}

WsOutcome without_offsets(WsOutcome outcome) {
  for (WsMessage& message : outcome.messages) message.offset = 0;
  outcome.error_offset = 0;
  return outcome;
}

WsOutcome read_with_ours(protocol::WsRole role, std::uint32_t message_bytes_max,
                         std::span<const std::uint8_t> stream,
                         std::span<const std::size_t> slice_ends) {
  WsReader reader(role, message_bytes_max);
  bool forgets = true;
  WsOutcome outcome;
  std::size_t offset = 0;
  for (const std::size_t end : slice_ends) {
    const std::size_t size = end - offset;
    const std::unique_ptr<std::byte[]> slice(new std::byte[size]);
    if (size > 0) std::memcpy(slice.get(), stream.data() + offset, size);
    offset = end;

    MutableBytes bytes(slice.get(), size);
    WsEvent event;
    WsReadStatus status;
    while ((status = reader.next(bytes, event)) == WsReadStatus::event) {
      outcome.messages.push_back(message_of(event, offset));
    }
    CHECK(bytes.empty());
    if (status == WsReadStatus::error && outcome.error_code == 0) {
      outcome.error_code = std::to_underlying(reader.error_code());
      outcome.error_offset = offset;
    }
    // Whoever owns a reader may forget it now, or let it read another stream; see
    // server/websocket/ws_service.cc.
    if (reader.is_at_rest() && std::exchange(forgets, !forgets)) {
      reader = WsReader(role, message_bytes_max);
    }
    if (reader.in_message()) continue;
    reader.shed();
    // A part of a control frame may be in the block of the message before.
    CHECK(reader.block_bytes() <= WsReader::block_bytes_kept_max);
    CHECK(reader.block_bytes() == 0 || !reader.is_at_rest());
  }
  return outcome;
}

std::vector<std::size_t> one_slice(std::size_t stream_bytes) {
  return {stream_bytes};
}

std::vector<std::size_t> slices_of(std::size_t slice_bytes, std::size_t stream_bytes) {
  CHECK(slice_bytes > 0);
  std::vector<std::size_t> ends;
  for (std::size_t end = slice_bytes; end < stream_bytes; end += slice_bytes) ends.push_back(end);
  ends.push_back(stream_bytes);
  return ends;
}

std::string hex(std::span<const std::uint8_t> bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
    text += ' ';
  }
  return text;
}

}  // namespace parley::test
