// RFC 9112: the bytes of a connection in, whole requests out; on llhttp, the parser of Node.js, in
// its strict mode, plus the limits and the refusals that keep requests from being smuggled.
//
//   parser.feed(bytes);
//   while ((status = parser.next()) == HttpStatus::request) answer(parser.request());
//
// Lifetime  A request's views are the parser's own copies, valid until the next call of next().
//           feed() borrows `bytes` until next() stops returning `request`.
// Upgrade   When request().upgrade is true parsing stops behind the head; rest() is what the peer
//           sent after it, which belongs to the new protocol. Upgrades to anything but WebSocket
//           are ignored, as RFC 9110 7.8 allows, so that such a request is answered as it stands.
// Close     Behind a request whose keep_alive is false nothing is read any more (9.6).
// Errors    HttpStatus::error is sticky; error_status() is the HTTP status to answer with before
//           closing: 400, 413, 414, 431, 501, 505.
// Slicing   The answers do not depend on how the stream was cut into feed() calls.
// Bounds    Limits are checked before memory is taken. A trailer section is held to the limits of
//           the header section, and dropped.
// Memory    A parser holds what its current request needs. Between requests it keeps a small
//           buffer; free the parser once the connection speaks another protocol.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/base/types.h"

namespace parley::protocol {

struct HttpLimits {
  std::uint32_t target_bytes_max = 8 * 1024;   // 414
  std::uint32_t header_bytes_max = 16 * 1024;  // All header lines together: 431
  std::uint32_t headers_max = 100;             // 431
  std::uint32_t body_bytes_max = 64 * 1024;    // 413
};

struct HttpHeader {
  std::string_view name;   // As sent; compare without case.
  std::string_view value;  // Without surrounding white space.
};

struct HttpRequest {
  std::string_view method;  // "GET"
  std::string_view target;  // As sent.
  std::string_view path;    // Up to '?', as sent; of an absolute target, what follows the host.
  std::string_view query;   // Behind '?', as sent; empty when there is none.
  std::span<const HttpHeader> headers;
  Bytes body;
  bool keep_alive{};
  bool upgrade{};  // Connection: Upgrade with an Upgrade header that lists websocket, in HTTP/1.1.

  // The value of the first header of that name (without case); empty when there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  [[nodiscard]] std::uint32_t header_count(std::string_view name) const;
  // Whether a comma-separated header, all its lines together, holds the token (without case).
  [[nodiscard]] bool header_has_token(std::string_view name, std::string_view token) const;
};

enum class [[nodiscard]] HttpStatus : std::uint8_t { request, need_more, error };

class HttpParser {
 public:
  explicit HttpParser(const HttpLimits& limits);
  ~HttpParser();
  HttpParser(const HttpParser&) = delete;
  HttpParser& operator=(const HttpParser&) = delete;

  // REQUIRES: the last next() did not return `request`, or nothing was fed yet.
  void feed(Bytes bytes);
  HttpStatus next();

  // REQUIRES: the last next() returned `request`.
  [[nodiscard]] const HttpRequest& request() const;
  // REQUIRES: request().upgrade. Points into the bytes that were fed last.
  [[nodiscard]] Bytes rest() const;
  // 0 unless next() returned error.
  [[nodiscard]] std::uint16_t error_status() const;

  // True when part of a request has arrived: the peer is in the middle of one.
  [[nodiscard]] bool in_request() const;

  // True, once, when the peer waits for `100 Continue` before it sends a body (RFC 9110 10.1.1).
  [[nodiscard]] bool take_expect_continue();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One parameter of a query, percent-decoded into `out` (as much as fits); false when it is absent,
// does not fit, or is not well encoded.
[[nodiscard]] bool query_parameter(std::string_view query, std::string_view name,
                                   std::span<char> out, std::string_view& value);

}  // namespace parley::protocol
