// RFC 9112 section 4: writes a response into a caller's buffer.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/types.h"
#include "protocol/http/http_parser.h"

namespace parley::protocol {

struct HttpResponse {
  std::uint16_t status = 200;
  std::string_view date;          // RFC 9110 6.6.1; empty: no header.
  std::string_view content_type;  // Empty: no body, no header.
  std::string_view body;
  std::span<const HttpHeader> headers;  // Further ones.
  bool keep_alive = true;               // False: adds `Connection: close`.
  bool head = false;                    // The answer to HEAD: the length, not the body.
};

// "OK", "Not Found", ...; "Unknown" for a status it has no phrase for.
[[nodiscard]] std::string_view http_reason(std::uint16_t status);

// Bytes that write_http_response() will need at most.
[[nodiscard]] std::uint32_t http_response_bytes_max(const HttpResponse& response);

// Returns bytes written. REQUIRES: out holds http_response_bytes_max().
[[nodiscard]] std::uint32_t write_http_response(const HttpResponse& response, MutableBytes out);

}  // namespace parley::protocol
