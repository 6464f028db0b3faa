#include "protocol/websocket/ws_close.h"

#include <cstring>
#include <utility>

#include "core/base/check.h"

namespace parley::protocol {

bool ws_close_code_may_be_sent(std::uint16_t code) {
  // 7.4.2 gives 3000-3999 to libraries and 4000-4999 to applications; nothing is defined above.
  if (code >= 3000) return code <= 4999;
  // 1004 is reserved; 1005, 1006 and 1015 are for local use and must not be sent (7.4.1).
  if (code >= 1007) return code <= 1014;
  return code >= 1000 && code <= 1003;
}

std::uint32_t write_close_payload(std::uint16_t code, std::string_view reason, MutableBytes out) {
  CHECK(out.size() >= ws_control_payload_bytes_max);
  if (code == std::to_underlying(WsCloseCode::no_status)) return 0;
  CHECK(ws_close_code_may_be_sent(code));

  std::size_t reason_bytes = reason.size();
  if (reason_bytes > ws_close_reason_bytes_max) {
    reason_bytes = ws_close_reason_bytes_max;
    // A byte 10xxxxxx continues a code point: cutting before it would leave half of one behind.
    while (reason_bytes > 0 && (static_cast<unsigned char>(reason[reason_bytes]) & 0xc0) == 0x80) {
      --reason_bytes;
    }
  }
  out[0] = static_cast<std::byte>(code >> 8);
  out[1] = static_cast<std::byte>(code & 0xff);
  if (reason_bytes > 0) std::memcpy(out.data() + 2, reason.data(), reason_bytes);
  return static_cast<std::uint32_t>(2 + reason_bytes);
}

}  // namespace parley::protocol
