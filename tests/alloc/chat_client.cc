#include "tests/alloc/chat_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "core/base/check.h"

namespace parley::test {

namespace {

// Far beyond what a loaded machine needs; a lost message ends here and not never.
constexpr timeval patience{.tv_sec = 60, .tv_usec = 0};

int connect_to(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(fd >= 0);
  const int on = 1;
  CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0);
  CHECK(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  return fd;
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    CHECK(count > 0);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

// 0: the server closed.
std::size_t receive(int fd, char* out, std::size_t bytes) {
  while (true) {
    const ssize_t count = recv(fd, out, bytes, 0);
    if (count >= 0) return static_cast<std::size_t>(count);
    // No signal: a ring that this thread had, and that the kernel takes down by and by.
    CHECK(errno == EINTR);
  }
}

}  // namespace

ChatClient::ChatClient(std::uint16_t port, std::string_view target) : fd_(connect_to(port)) {
  write("GET " + std::string(target) +
        " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  while (true) {
    const std::string_view arrived(buffer_.get(), end_);
    const std::size_t end = arrived.find("\r\n\r\n");
    if (end != std::string_view::npos) {
      CHECK(arrived.starts_with("HTTP/1.1 101 "));
      begin_ = end + 4;
      return;
    }
    fill(end_ + 1);
  }
}

ChatClient::~ChatClient() {
  ::close(fd_);
}

void ChatClient::write(std::string_view bytes) {
  write_all(fd_, bytes);
}

// Until so many bytes are unread.
void ChatClient::fill(std::size_t bytes) {
  CHECK(bytes <= buffer_bytes);
  if (unread() >= bytes) return;
  std::memmove(buffer_.get(), buffer_.get() + begin_, unread());
  end_ = unread();
  begin_ = 0;
  while (end_ < bytes) {
    const std::size_t count = receive(fd_, buffer_.get() + end_, buffer_bytes - end_);
    CHECK(count > 0);
    end_ += count;
  }
}

ServerFrame ChatClient::read() {
  const auto byte = [this](std::size_t i) {
    return static_cast<std::uint8_t>(buffer_[begin_ + i]);
  };
  fill(2);
  std::size_t header = 2;
  std::size_t bytes = byte(1);
  CHECK(bytes < 127);  // These tests say nothing that long.
  if (bytes == 126) {
    header = 4;
    fill(header);
    bytes = std::size_t{byte(2)} << 8 | byte(3);
  }
  fill(header + bytes);
  const ServerFrame frame{.opcode = static_cast<std::uint8_t>(byte(0) & 0x0f),
                          .payload = {&buffer_[begin_ + header], bytes}};
  begin_ += header + bytes;
  CHECK(frame.opcode != 8);
  if (frame.opcode == 9) write(client_frame(10, frame.payload));
  return frame;
}

void ChatClient::join(std::string_view room) {
  write(client_frame(1, R"({"type":"joinRoom","room":")" + std::string(room) + "\"}"));
  static_cast<void>(read_until("roomJoined"));
}

void ChatClient::await(std::uint8_t opcode) {
  while (read().opcode != opcode) {
  }
}

std::string_view ChatClient::read_until(std::string_view type) {
  constexpr std::string_view start = R"({"type":")";
  while (true) {
    std::string_view text = read().payload;
    if (!text.starts_with(start)) continue;
    text.remove_prefix(start.size());
    const std::string_view found = text.substr(0, text.find('"'));
    CHECK(found != "error");
    if (found == type) return {text.data() - start.size(), text.size() + start.size()};
  }
}

std::uint64_t ChatClient::read_message() {
  constexpr std::string_view start = R"({"type":"message","seq":)";
  const std::string_view text = read_until("message");
  CHECK(text.starts_with(start));
  std::uint64_t number = 0;
  const char* const digits = text.data() + start.size();
  CHECK(std::from_chars(digits, text.data() + text.size(), number).ec == std::errc{});
  return number;
}

std::string client_frame(std::uint8_t opcode, std::string_view payload) {
  CHECK(payload.size() < 65'536);
  std::string frame(1, static_cast<char>(0x80 | opcode));
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80 | payload.size());
  } else {
    frame += static_cast<char>(0x80 | 126);
    frame += static_cast<char>(payload.size() >> 8);
    frame += static_cast<char>(payload.size() & 0xff);
  }
  frame += std::string_view("\0\0\0\0", 4);  // The key: masked, and readable in a trace.
  frame += payload;
  return frame;
}

std::string say_frame(std::string_view room, std::string_view text) {
  return client_frame(1, R"({"type":"message","room":")" + std::string(room) + R"(","message":")" +
                             std::string(text) + "\"}");
}

std::string http_get(std::uint16_t port, std::string_view path) {
  const int fd = connect_to(port);
  write_all(
      fd, "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  std::string answer;
  char buffer[4'096];
  while (const std::size_t count = receive(fd, buffer, sizeof(buffer))) {
    answer.append(buffer, count);
  }
  ::close(fd);
  CHECK(answer.starts_with("HTTP/1.1 200 "));
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

}  // namespace parley::test
