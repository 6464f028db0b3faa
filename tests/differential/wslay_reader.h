// The same bytes read by wslay, the WebSocket library that nghttp2's author wrote.
#pragma once

#include <cstdint>
#include <span>

#include "tests/differential/ws_outcome.h"

namespace parley::test {

// Without offsets: wslay reports a frame when it has looked at its payload, not at its header.
[[nodiscard]] WsOutcome read_with_wslay(protocol::WsRole role, std::uint32_t message_bytes_max,
                                        std::span<const std::uint8_t> stream);

}  // namespace parley::test
