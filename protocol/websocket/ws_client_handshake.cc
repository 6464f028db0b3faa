#include "protocol/websocket/ws_client_handshake.h"

#include <algorithm>
#include <charconv>

#include "protocol/http/http_text.h"
#include "protocol/websocket/ws_handshake.h"

namespace parley::protocol {

namespace {

constexpr std::string_view line_end = "\r\n";

// Takes a line off the text, without its end.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find(line_end), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + line_end.size(), text.size()));
  return line;
}

// RFC 9112 section 4: "HTTP/1.1 101 Switching Protocols"; 0 when it is none.
std::uint16_t status_of(std::string_view line) {
  constexpr std::string_view version = "HTTP/1.1 ";
  constexpr std::size_t digits = 3;
  if (!line.starts_with(version)) return 0;
  line.remove_prefix(version.size());
  std::uint16_t status = 0;
  const char* end = line.data() + std::min(line.size(), digits);
  const std::from_chars_result result = std::from_chars(line.data(), end, status);
  const bool whole = result.ec == std::errc{} && result.ptr == line.data() + digits;
  const bool ends = line.size() == digits || (line.size() > digits && line[digits] == ' ');
  return whole && ends && status >= 100 ? status : 0;
}

}  // namespace

std::string ws_client_request(const WsClientRequest& request) {
  std::string text = "GET ";
  text.append(request.target).append(" HTTP/1.1\r\nHost: ").append(request.host);
  text.append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ");
  text.append(request.key).append("\r\nSec-WebSocket-Version: 13\r\n\r\n");
  return text;
}

WsAnswer read_ws_answer(std::string_view text, std::string_view key, WsAnswerHead& head) {
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    return text.size() < ws_answer_bytes_max ? WsAnswer::need_more : WsAnswer::malformed;
  }
  // However the text was cut.
  if (end + 2 * line_end.size() > ws_answer_bytes_max) return WsAnswer::malformed;
  std::string_view lines = text.substr(0, end);
  head.status = status_of(take_line(lines));
  if (head.status == 0) return WsAnswer::malformed;
  if (head.status != 101) return WsAnswer::refused;
  const WsAcceptText expected = ws_accept_of(key);
  bool upgrades = false;
  bool connection_upgrades = false;
  bool accepts = false;
  while (!lines.empty()) {
    const std::string_view line = take_line(lines);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return WsAnswer::malformed;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = without_outer_space(line.substr(colon + 1));
    if (equal_without_case(name, "upgrade")) {
      upgrades = equal_without_case(value, "websocket");
      if (!upgrades) return WsAnswer::malformed;
    } else if (equal_without_case(name, "connection")) {
      connection_upgrades = connection_upgrades || list_has_element(value, "upgrade");
    } else if (equal_without_case(name, "sec-websocket-accept")) {
      accepts = value == std::string_view(expected.data(), expected.size());
      if (!accepts) return WsAnswer::malformed;
    } else if (equal_without_case(name, "sec-websocket-extensions") ||
               equal_without_case(name, "sec-websocket-protocol")) {
      return WsAnswer::malformed;  // We asked for none.
    }
  }
  if (!upgrades || !connection_upgrades || !accepts) return WsAnswer::malformed;
  head.bytes = end + 2 * line_end.size();
  return WsAnswer::accepted;
}

}  // namespace parley::protocol
