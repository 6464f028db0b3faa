#include "tests/stress/cross_worker_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <charconv>

#include "core/base/check.h"

namespace parley::stress {

namespace {

// Far beyond what a loaded machine needs; a lost wake-up or message ends here and not never.
constexpr timeval patience{.tv_sec = 60, .tv_usec = 0};

}  // namespace

WsClient::WsClient(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  CHECK(fd_ >= 0);
  CHECK(setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  send_bytes(
      "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  std::size_t end = std::string::npos;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) CHECK(fill(received_.size() + 1));
  CHECK(received_.starts_with("HTTP/1.1 101 "));
  received_.erase(0, end + 4);
}

WsClient::~WsClient() {
  ::close(fd_);
}

bool WsClient::fill(std::size_t bytes) {
  while (received_.size() < bytes) {
    char buffer[16'384];
    const ssize_t count = recv(fd_, buffer, sizeof(buffer), 0);
    if (count <= 0) return false;
    received_.append(buffer, static_cast<std::size_t>(count));
  }
  return true;
}

void WsClient::send_bytes(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;  // The server closed: reading will tell.
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void WsClient::send_frame(std::uint8_t opcode, std::string_view payload) {
  CHECK(payload.size() < 126);
  std::string frame;
  frame += static_cast<char>(0x80 | opcode);
  frame += static_cast<char>(0x80 | payload.size());
  frame += std::string_view("\0\0\0\0", 4);  // The key: masked, and readable in a trace.
  frame += payload;
  send_bytes(frame);
}

void WsClient::send_text(std::string_view text) {
  send_frame(1, text);
}

std::optional<std::string> WsClient::read_text() {
  while (fill(2)) {
    const auto byte = [this](std::size_t i) { return static_cast<std::uint8_t>(received_[i]); };
    const std::uint8_t opcode = byte(0) & 0x0f;
    std::size_t header = 2;
    std::size_t bytes = byte(1);
    if (bytes == 126) {
      header = 4;
      if (!fill(header)) return std::nullopt;
      bytes = std::size_t{byte(2)} << 8 | byte(3);
    }
    CHECK(bytes < 65'536);  // These tests say nothing longer.
    if (!fill(header + bytes)) return std::nullopt;
    std::string payload = received_.substr(header, bytes);
    received_.erase(0, header + bytes);
    if (opcode == 1) return payload;
    if (opcode == 9) send_frame(10, payload);
    if (opcode != 8) continue;
    if (payload.size() >= 2) {
      close_code_ = static_cast<std::uint16_t>(static_cast<std::uint8_t>(payload[0]) << 8 |
                                               static_cast<std::uint8_t>(payload[1]));
    }
    send_frame(8, payload.substr(0, 2));
    return std::nullopt;
  }
  return std::nullopt;
}

std::string WsClient::read_until(std::string_view type) {
  const std::string start = "{\"type\":\"" + std::string(type) + "\"";
  while (true) {
    std::optional<std::string> text = read_text();
    CHECK(text.has_value());
    if (text->starts_with(start)) return *std::move(text);
  }
}

std::uint64_t WsClient::join(std::string_view room) {
  send_text("{\"type\":\"joinRoom\",\"room\":\"" + std::string(room) + "\"}");
  return number_in(read_until("roomJoined"), "seq");
}

void WsClient::say(std::string_view room, std::string_view text) {
  send_text("{\"type\":\"message\",\"room\":\"" + std::string(room) + "\",\"message\":\"" +
            std::string(text) + "\"}");
}

void WsClient::say_goodbye() {
  send_frame(8, std::string_view("\x03\xe8", 2));
  while (read_text()) {
  }
  CHECK(close_code_ == 1000);
}

std::uint64_t number_in(std::string_view json, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":";
  const std::size_t at = json.find(key);
  CHECK(at != std::string_view::npos);
  std::uint64_t number = 0;
  const char* start = json.data() + at + key.size();
  CHECK(std::from_chars(start, json.data() + json.size(), number).ec == std::errc{});
  return number;
}

std::string string_in(std::string_view json, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":\"";
  const std::size_t at = json.find(key);
  CHECK(at != std::string_view::npos);
  const std::size_t start = at + key.size();
  return std::string(json.substr(start, json.find('"', start) - start));
}

}  // namespace parley::stress
