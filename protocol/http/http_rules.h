// What RFC 9112 demands of a request beyond the grammar that llhttp checks: one reading of where
// the request ends, one Host, one form of target. Whatever two servers could read differently is
// refused, so that no request can be smuggled past a proxy in front of us.
//
// Purity  Functions of their arguments; views in the answers point into the arguments.
#pragma once

#include <cstdint>
#include <string_view>

#include "protocol/http/http_parser.h"

namespace parley::protocol {

// Why a request is refused: the status of the answer to it.
enum class [[nodiscard]] HttpFault : std::uint16_t {
  none = 0,
  bad_request = 400,
  content_too_large = 413,
  uri_too_long = 414,
  fields_too_large = 431,
  not_implemented = 501,
  version_not_supported = 505,
};

struct HttpRequestLine {
  std::string_view method;
  std::string_view target;
  std::string_view path;
  std::string_view query;
  bool is_http_1_0{};  // Else 1.1.
};

// Longer than any method that llhttp knows.
inline constexpr std::uint32_t http_method_bytes_max = 32;

// Section 2.2: ends with CRLF and holds no other control character but tabs; section 5.2: does not
// continue the line before it.
[[nodiscard]] bool is_clean_http_line(std::string_view line);

// Section 5.1, of a clean line: a name, and the colon right behind it.
[[nodiscard]] bool has_field_name(std::string_view line);

// Section 3, of a clean line: one space between the parts, HTTP/1.0 or 1.1; section 3.2: a target
// in origin-form or absolute-form, or the `*` of OPTIONS. We are no proxy: no CONNECT.
HttpFault check_request_line(std::string_view line, std::uint32_t target_bytes_max,
                             HttpRequestLine& request_line);

// Sections 3.2 (Host), 6.1 and 6.3 (length of the body), of a request whose other members are set.
HttpFault check_fields(const HttpRequest& request, bool is_http_1_0, std::uint32_t body_bytes_max);

}  // namespace parley::protocol
