// RFC 6455 section 7.4: the status codes of close frames, and the payload that carries them.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/types.h"

namespace parley::protocol {

// The codes we close with ourselves; a peer may send others.
enum class WsCloseCode : std::uint16_t {
  none = 0,
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  unsupported_data = 1003,
  no_status = 1005,  // Never on the wire: what a close frame without a code means (7.4.1).
  invalid_payload = 1007,
  policy_violation = 1008,
  message_too_big = 1009,
  internal_error = 1011,
  service_restart = 1012,  // 1012-1014: IANA registry of close codes.
  try_again_later = 1013,
};

// Whether an endpoint may put this code into a close frame (7.4.1, 7.4.2, IANA registry).
[[nodiscard]] bool ws_close_code_may_be_sent(std::uint16_t code);

inline constexpr std::uint32_t ws_control_payload_bytes_max = 125;
inline constexpr std::uint32_t ws_close_reason_bytes_max = ws_control_payload_bytes_max - 2;

// Writes the payload of a close frame: the code, then as many whole code points of the reason as
// fit 123 bytes. Returns its bytes. `no_status` writes none, which is how a close frame that had
// no code is answered.
// REQUIRES: ws_close_code_may_be_sent(code), or code is no_status; the reason is UTF-8;
// out.size() >= ws_control_payload_bytes_max.
[[nodiscard]] std::uint32_t write_close_payload(std::uint16_t code, std::string_view reason,
                                                MutableBytes out);

}  // namespace parley::protocol
