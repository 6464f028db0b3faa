// RFC 6455 section 4.2: whether a request is a good opening handshake, and the answer to it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/base/types.h"
#include "protocol/http/http_parser.h"

namespace parley::protocol {

enum class [[nodiscard]] WsHandshake : std::uint8_t {
  accepted,
  not_get,      // 405 (4.2.1: the method must be GET)
  bad_upgrade,  // 400: no `Upgrade: websocket`, no `Connection: Upgrade`, a body, HTTP/1.0
  bad_version,  // 426 with Sec-WebSocket-Version: 13 (4.2.2, 4.4)
  bad_key,      // 400: missing, repeated or not 16 bytes of base64
  bad_offer,    // 400: malformed Sec-WebSocket-Extensions or -Protocol (4.2.1, 9.1)
};

[[nodiscard]] WsHandshake check_ws_handshake(const HttpRequest& request);

// What a server answers to a key (4.2.2, step 5.4): base64 of SHA-1. REQUIRES: 16 bytes in base64.
inline constexpr std::size_t ws_accept_bytes = 28;
using WsAcceptText = std::array<char, ws_accept_bytes>;
[[nodiscard]] WsAcceptText ws_accept_of(std::string_view key);

// OpenSSL loads its algorithms with the first SHA-1, which takes a millisecond and 2 MB of its
// pages: when the server starts, rather than when the first client comes.
void load_ws_accept();

// Writes the whole 101 response; returns its bytes. REQUIRES: accepted; out.size() >= 256.
[[nodiscard]] std::uint32_t write_ws_accept(const HttpRequest& request, MutableBytes out);

}  // namespace parley::protocol
