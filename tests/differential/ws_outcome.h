// What a reader of WebSocket bytes made of a stream, in a form that readers can be compared by.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "protocol/websocket/ws_framer.h"

namespace parley::test {

using ByteString = std::vector<std::uint8_t>;

struct WsMessage {
  std::uint8_t opcode{};
  std::uint16_t close_code{};  // Of a close frame.
  ByteString payload;          // Of a close frame: the reason.
  std::size_t offset{};        // Bytes of the stream that had been fed when it came out.

  friend bool operator==(const WsMessage&, const WsMessage&) = default;
};

struct WsOutcome {
  std::vector<WsMessage> messages;
  std::uint16_t error_code = 0;  // 0: the stream is good as far as it goes.
  std::size_t error_offset = 0;  // Bytes fed when the error was reported.

  [[nodiscard]] bool closed() const { return !messages.empty() && messages.back().opcode == 8; }

  friend bool operator==(const WsOutcome&, const WsOutcome&) = default;
};

std::ostream& operator<<(std::ostream& out, const WsOutcome& outcome);

// The same outcome as seen by a reader that is fed in slices: nothing comes out before the slice
// that completes it is fed. `slice_ends` are offsets, ascending, the last one the stream's size.
[[nodiscard]] WsOutcome seen_in_slices(WsOutcome outcome, std::span<const std::size_t> slice_ends);

// Without the offsets, for readers that cannot tell them.
[[nodiscard]] WsOutcome without_offsets(WsOutcome outcome);

// Reads with protocol::WsReader. Each slice is a heap block of its exact size, so that a sanitizer
// sees every access outside.
[[nodiscard]] WsOutcome read_with_ours(protocol::WsRole role, std::uint32_t message_bytes_max,
                                       std::span<const std::uint8_t> stream,
                                       std::span<const std::size_t> slice_ends);

[[nodiscard]] std::vector<std::size_t> one_slice(std::size_t stream_bytes);
[[nodiscard]] std::vector<std::size_t> slices_of(std::size_t slice_bytes, std::size_t stream_bytes);

[[nodiscard]] std::string hex(std::span<const std::uint8_t> bytes);

}  // namespace parley::test
