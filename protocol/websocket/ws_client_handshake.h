// RFC 6455 section 4.1: the opening handshake as a client makes it: a request out, the head of an
// answer in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/types.h"

namespace parley::protocol {

struct WsClientRequest {
  std::string_view host;    // "127.0.0.1:8080"
  std::string_view target;  // "/ws?token=..."
  std::string_view key;     // 16 random bytes in base64.
};

[[nodiscard]] std::string ws_client_request(const WsClientRequest& request);

enum class [[nodiscard]] WsAnswer : std::uint8_t {
  need_more,
  accepted,
  refused,    // A good answer with another status than 101.
  malformed,  // Not HTTP/1.1, or a 101 that breaks a rule of 4.1.
};

struct WsAnswerHead {
  std::uint16_t status{};  // Of accepted and refused.
  std::size_t bytes{};     // Of the head; what is behind it are frames. accepted only.
};

// `text` is all that has arrived. A head above ws_answer_bytes_max is malformed.
WsAnswer read_ws_answer(std::string_view text, std::string_view key, WsAnswerHead& head);

inline constexpr std::size_t ws_answer_bytes_max = 16 * 1024;

}  // namespace parley::protocol
