// RFC 6455 sections 4.1, 4.2, 4.4, 10.7 and 11.3.
#include "tests/conformance/handshake_row.h"

#include <array>

namespace parley::test {
namespace {

constexpr std::uint16_t accepted = 101;
constexpr std::uint16_t bad_request = 400;
constexpr std::uint16_t method_not_allowed = 405;
constexpr std::uint16_t upgrade_required = 426;
constexpr std::uint16_t fields_too_large = 431;
constexpr std::uint16_t not_implemented = 501;  // A method that nobody knows.
constexpr std::uint16_t version_not_supported = 505;

std::string with_key(std::string_view value) {
  const std::string line = "Sec-WebSocket-Key: " + std::string(value);
  return handshake({{"Sec-WebSocket-Key", line}});
}

std::string with_version(std::string_view value) {
  const std::string line = "Sec-WebSocket-Version: " + std::string(value);
  return handshake({{"Sec-WebSocket-Version", line}});
}

std::vector<HandshakeRow> refused_fields() {
  return {
      {"4.2.1", "a handshake without Host is refused", handshake({{"Host", ""}}), bad_request},
      {"4.2.1", "a handshake without Upgrade is refused", handshake({{"Upgrade", ""}}),
       bad_request},
      {"4.2.1", "a handshake that upgrades to something else is refused",
       handshake({{"Upgrade", "Upgrade: h2c"}}), bad_request},
      {"4.2.1", "a handshake that upgrades to a longer word is refused",
       handshake({{"Upgrade", "Upgrade: websocket2"}}), bad_request},
      {"4.2.1", "a handshake without Connection is refused", handshake({{"Connection", ""}}),
       bad_request},
      {"4.2.1", "a handshake whose Connection does not say Upgrade is refused",
       handshake({{"Connection", "Connection: keep-alive"}}), bad_request},
      {"4.2.1", "a handshake whose Connection says a longer word is refused",
       handshake({{"Connection", "Connection: Upgrades"}}), bad_request},
      {"4.2.1", "a handshake without a key is refused", handshake({{"Sec-WebSocket-Key", ""}}),
       bad_request},
      {"4.2.1", "an empty key is refused", with_key(""), bad_request},
      {"4.2.1", "a key of 15 bytes is refused", with_key("AAAAAAAAAAAAAAAAAAAA"), bad_request},
      {"4.2.1", "a key of 17 bytes is refused", with_key("AAAAAAAAAAAAAAAAAAAAAAA="), bad_request},
      {"4.2.1", "a key that is not base64 is refused", with_key("AAAAAAAAAAAAAAAAAAAA!!=="),
       bad_request},
      {"4.2.1", "a key without padding is refused", with_key("dGhlIHNhbXBsZSBub25jZQ"),
       bad_request},
      {"11.3.1", "a key must not appear twice",
       handshake({{"X", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}}), bad_request},
      {"4.2.1", "a handshake without a version is refused",
       handshake({{"Sec-WebSocket-Version", ""}}), upgrade_required},
      {"4.2.2", "version 8 is refused", with_version("8"), upgrade_required},
      {"4.4", "version 25 is refused", with_version("25"), upgrade_required},
      {"4.3", "a version with a leading zero is refused", with_version("013"), upgrade_required},
      {"4.3", "a version above 255 is refused", with_version("269"), upgrade_required},
      {"4.3", "a list of versions is refused", with_version("13, 8"), upgrade_required},
      {"9.1", "an offer of nothing but semicolons is refused",
       handshake({{"X", "Sec-WebSocket-Extensions: ;;"}}), bad_request},
      {"9.1", "a parameter without a name is refused",
       handshake({{"X", "Sec-WebSocket-Extensions: a; =1"}}), bad_request},
      {"9.1", "a quoted value that is no token is refused",
       handshake({{"X", "Sec-WebSocket-Extensions: a; b=\"c d\""}}), bad_request},
      {"9.1", "a quoted value without an end is refused",
       handshake({{"X", "Sec-WebSocket-Extensions: a; b=\"c"}}), bad_request},
      {"4.2.1", "a subprotocol that is no token is refused",
       handshake({{"X", "Sec-WebSocket-Protocol: chat, b@d"}}), bad_request},
  };
}

std::vector<HandshakeRow> refused_requests() {
  return {
      {"4.2.1", "the method must be GET", handshake({{"GET", "POST /chat HTTP/1.1"}}),
       method_not_allowed},
      {"4.2.1", "the method must be GET in capitals", handshake({{"GET", "get /chat HTTP/1.1"}}),
       not_implemented},
      {"4.2.1", "HTTP 1.0 is too old", handshake({{"GET", "GET /chat HTTP/1.0"}}), bad_request},
      {"4.2.1", "HTTP 0.9 is too old", handshake({{"GET", "GET /chat HTTP/0.9"}}),
       version_not_supported},
      {"4.2.1", "a request line without a version is refused", handshake({{"GET", "GET /chat"}}),
       bad_request},
      {"4.2.1", "a header line without a colon is refused", handshake({{"X", "rubbish"}}),
       bad_request},
      {"4.2.1", "white space before the colon is refused", handshake({{"X", "X : y"}}),
       bad_request},
      {"10.7", "a frame in place of a handshake is refused", "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\r\n",
       bad_request},
      {"10.7", "a handshake of many kilobytes is refused",
       handshake({{"X", "X: " + std::string(100'000, 'x')}}), fields_too_large},
  };
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const HandshakeRow& row) {
  return out << "RFC 6455 section " << row.section << ": " << row.rule;
}

std::string handshake(std::vector<HandshakeChange> changes) {
  std::vector<std::string> lines = {"GET /chat HTTP/1.1",
                                    "Host: server.example.com",
                                    "Upgrade: websocket",
                                    "Connection: Upgrade",
                                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                                    "Origin: http://example.com",
                                    "Sec-WebSocket-Version: 13"};
  for (const HandshakeChange& change : changes) {
    bool found = false;
    for (std::string& line : lines) {
      if (!line.starts_with(change.name)) continue;
      line = change.line;
      found = true;
    }
    if (!found) lines.emplace_back(change.line);
  }
  std::string request;
  for (const std::string& line : lines) {
    if (!line.empty()) request += line + "\r\n";
  }
  return request + "\r\n";
}

std::vector<HandshakeRow> rows_of_accepted_handshakes() {
  return {
      {"4.2.1", "the example handshake is accepted", handshake({}), accepted},
      {"4.1", "the target may be an absolute URI",
       handshake({{"GET", "GET http://server.example.com/chat HTTP/1.1"}}), accepted},
      {"4.1", "Host may have a port", handshake({{"Host", "Host: server.example.com:8080"}}),
       accepted},
      {"4.2.1", "the value of Upgrade is compared without case",
       handshake({{"Upgrade", "Upgrade: WebSocket"}}), accepted},
      {"4.1", "Upgrade includes the keyword among others",
       handshake({{"Upgrade", "Upgrade: foo, websocket"}}), accepted},
      {"4.2.1", "the token in Connection is compared without case",
       handshake({{"Connection", "Connection: UPGRADE"}}), accepted},
      {"4.2.1", "Connection includes the token among others",
       handshake({{"Connection", "Connection: keep-alive,\tUpgrade"}}), accepted},
      {"4.1", "names of header fields are compared without case",
       handshake({{"Sec-WebSocket-Key", "sec-websocket-KEY: dGhlIHNhbXBsZSBub25jZQ=="}}), accepted},
      {"4.2.1", "the order of the header fields does not matter",
       handshake({{"Upgrade", ""},
                  {"Host", ""},
                  {"X-Upgrade", "Upgrade: websocket"},
                  {"X-Host", "Host: server.example.com"}}),
       accepted},
      {"4.2.1", "Origin is optional", handshake({{"Origin", ""}}), accepted},
      {"4.2.1", "subprotocols are optional",
       handshake({{"Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: chat, superchat"}}),
       accepted},
      {"4.2.1", "extensions are optional",
       handshake({{"Sec-WebSocket-Extensions",
                   "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"}}),
       accepted},
      {"4.2.1", "unknown header fields are ignored", handshake({{"X", "X-Unknown: whatever"}}),
       accepted},
      {"4.2.2", "white space around the key does not matter",
       handshake({{"Sec-WebSocket-Key", "Sec-WebSocket-Key:\t dGhlIHNhbXBsZSBub25jZQ== "}}),
       accepted},
  };
}

std::vector<HandshakeRow> rows_of_refused_handshakes() {
  std::vector<HandshakeRow> rows = refused_requests();
  const std::vector<HandshakeRow> fields = refused_fields();
  rows.insert(rows.end(), fields.begin(), fields.end());
  return rows;
}

}  // namespace parley::test
