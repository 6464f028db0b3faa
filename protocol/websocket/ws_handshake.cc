#include "protocol/websocket/ws_handshake.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <cstddef>
#include <cstring>

#include "core/base/check.h"
#include "protocol/http/http_text.h"

namespace parley::protocol {
namespace {

// Section 1.3: what makes the digest one of WebSocket and of nothing else.
constexpr std::string_view accept_guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

constexpr std::size_t key_bytes = 24;  // 16 bytes in base64.

bool is_key(std::string_view key) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (key.size() != key_bytes || !key.ends_with("==")) return false;
  return key.substr(0, key_bytes - 2).find_first_not_of(alphabet) == std::string_view::npos;
}

// RFC 9110 5.6.4: a quoted string from its opening quote on; 0 when it has no end.
std::size_t quoted_string_bytes(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      i += 1;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return 0;
}

// Section 9.1: token, then parameters `; name`, `; name=value`, `; name="value"`. Takes one
// extension and the comma behind it off `list`; false when it is none.
bool take_extension(std::string_view& list) {
  static constexpr std::string_view ends = ";,=\"";
  const auto take_token = [&list] {
    const std::string_view token = list.substr(0, list.find_first_of(ends));
    list.remove_prefix(token.size());
    return is_http_token(without_outer_space(token));
  };
  if (!take_token()) return false;
  while (list.starts_with(';')) {
    list.remove_prefix(1);
    if (!take_token()) return false;
    if (!list.starts_with('=')) continue;
    list = without_outer_space(list.substr(1));
    if (!list.starts_with('"')) {
      if (!take_token()) return false;
      continue;
    }
    const std::size_t bytes = quoted_string_bytes(list);
    // The value, unquoted, must still be a token.
    if (bytes < 2 || !is_http_token(list.substr(1, bytes - 2))) return false;
    list = without_outer_space(list.substr(bytes));
  }
  if (list.empty()) return true;
  if (!list.starts_with(',')) return false;
  list = without_outer_space(list.substr(1));
  return true;
}

bool are_extensions(std::string_view list) {
  do {
    if (!take_extension(list)) return false;
  } while (!list.empty());
  return true;
}

bool are_tokens(std::string_view list) {
  do {
    if (!is_http_token(without_outer_space(take_list_element(list)))) return false;
  } while (!list.empty());
  return true;
}

// Sections 4.2.1 and 9.1: what we would not choose from must be well formed all the same.
bool offers_are_well_formed(const HttpRequest& request) {
  for (const HttpHeader& header : request.headers) {
    if (equal_without_case(header.name, "sec-websocket-extensions") &&
        !are_extensions(header.value)) {
      return false;
    }
    if (equal_without_case(header.name, "sec-websocket-protocol") && !are_tokens(header.value)) {
      return false;
    }
  }
  return true;
}

}  // namespace

WsAcceptText ws_accept_of(std::string_view key) {
  CHECK(is_key(key));
  std::array<unsigned char, key_bytes + accept_guid.size()> text;
  std::memcpy(text.data(), key.data(), key_bytes);
  std::memcpy(text.data() + key_bytes, accept_guid.data(), accept_guid.size());
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  CHECK(SHA1(text.data(), text.size(), digest.data()) != nullptr);
  std::array<unsigned char, ws_accept_bytes + 1> encoded;  // OpenSSL puts a zero behind it.
  const int bytes = EVP_EncodeBlock(encoded.data(), digest.data(), SHA_DIGEST_LENGTH);
  CHECK(bytes == static_cast<int>(ws_accept_bytes));
  WsAcceptText accept;
  std::memcpy(accept.data(), encoded.data(), accept.size());
  return accept;
}

void load_ws_accept() {
  static_cast<void>(ws_accept_of("dGhlIHNhbXBsZSBub25jZQ=="));  // The key of section 1.3.
}

WsHandshake check_ws_handshake(const HttpRequest& request) {
  if (request.method != "GET") return WsHandshake::not_get;
  if (!request.upgrade || !request.body.empty()) return WsHandshake::bad_upgrade;
  if (!request.header_has_token("upgrade", "websocket") ||
      !request.header_has_token("connection", "upgrade")) {
    return WsHandshake::bad_upgrade;
  }
  if (request.header_count("sec-websocket-version") != 1 ||
      request.header("sec-websocket-version") != "13") {
    return WsHandshake::bad_version;
  }
  if (request.header_count("sec-websocket-key") != 1 ||
      !is_key(request.header("sec-websocket-key"))) {
    return WsHandshake::bad_key;
  }
  if (!offers_are_well_formed(request)) return WsHandshake::bad_offer;
  return WsHandshake::accepted;
}

std::uint32_t write_ws_accept(const HttpRequest& request, MutableBytes out) {
  constexpr std::string_view head =
      "HTTP/1.1 101 Switching Protocols\r\n"
      "Upgrade: websocket\r\n"
      "Connection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ";
  constexpr std::string_view end = "\r\n\r\n";
  constexpr std::size_t bytes = head.size() + ws_accept_bytes + end.size();
  static_assert(bytes <= 256, "The header promises that 256 bytes are enough.");
  CHECK(out.size() >= bytes);
  const std::string_view key = request.header("sec-websocket-key");
  CHECK(is_key(key));

  const WsAcceptText accept = ws_accept_of(key);
  std::memcpy(out.data(), head.data(), head.size());
  std::memcpy(out.data() + head.size(), accept.data(), ws_accept_bytes);
  std::memcpy(out.data() + head.size() + ws_accept_bytes, end.data(), end.size());
  return bytes;
}

}  // namespace parley::protocol
