#include "protocol/websocket/ws_handshake.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <cstddef>
#include <cstring>

#include "core/base/check.h"

namespace parley::protocol {
namespace {

// Section 1.3: what makes the digest one of WebSocket and of nothing else.
constexpr std::string_view accept_guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

constexpr std::size_t key_bytes = 24;  // 16 bytes in base64.

// Base64 of SHA-1, and the zero that OpenSSL puts behind it.
constexpr std::size_t accept_bytes = 28;
using AcceptText = std::array<char, accept_bytes + 1>;

bool is_key(std::string_view key) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (key.size() != key_bytes || !key.ends_with("==")) return false;
  return key.substr(0, key_bytes - 2).find_first_not_of(alphabet) == std::string_view::npos;
}

// Section 4.2.2, step 5.4. REQUIRES: is_key(key).
AcceptText accept_of(std::string_view key) {
  std::array<unsigned char, key_bytes + accept_guid.size()> text;
  std::memcpy(text.data(), key.data(), key_bytes);
  std::memcpy(text.data() + key_bytes, accept_guid.data(), accept_guid.size());
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  CHECK(SHA1(text.data(), text.size(), digest.data()) != nullptr);
  AcceptText accept;
  const int bytes = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(accept.data()), digest.data(),
                                    SHA_DIGEST_LENGTH);
  CHECK(bytes == static_cast<int>(accept_bytes));
  return accept;
}

}  // namespace

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
  return WsHandshake::accepted;
}

std::uint32_t write_ws_accept(const HttpRequest& request, MutableBytes out) {
  constexpr std::string_view head =
      "HTTP/1.1 101 Switching Protocols\r\n"
      "Upgrade: websocket\r\n"
      "Connection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ";
  constexpr std::string_view end = "\r\n\r\n";
  constexpr std::size_t bytes = head.size() + accept_bytes + end.size();
  static_assert(bytes <= 256, "The header promises that 256 bytes are enough.");
  CHECK(out.size() >= bytes);
  const std::string_view key = request.header("sec-websocket-key");
  CHECK(is_key(key));

  const AcceptText accept = accept_of(key);
  std::memcpy(out.data(), head.data(), head.size());
  std::memcpy(out.data() + head.size(), accept.data(), accept_bytes);
  std::memcpy(out.data() + head.size() + accept_bytes, end.data(), end.size());
  return bytes;
}

}  // namespace parley::protocol
