// One HTTP request over a plain blocking socket, as an operator's tool asks it: is the server well?
//
// Cost    Blocks for up to 5 s per step (name, connect, each read): never on a worker.
// Bounds  An answer of more than 64 KiB is an error.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace parley::services {

struct HttpOrigin {
  std::string host;  // An IPv6 address without brackets.
  std::string port;
};

// http://HOST[:PORT][/]; IPv6 addresses in brackets.
[[nodiscard]] Result<HttpOrigin> parse_http_origin(std::string_view url);

struct HttpAnswer {
  int status{};
  std::string status_line;  // "HTTP/1.1 200 OK"
  std::string body;         // As it came, up to the end of the connection.
};

// GET of `path`. REQUIRES: a path without spaces.
[[nodiscard]] Result<HttpAnswer> http_get(const HttpOrigin& origin, std::string_view path);

}  // namespace parley::services
