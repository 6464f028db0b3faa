#include "services/probe/http_probe.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

namespace parley::services {

namespace {

constexpr time_t timeout_s = 5;
constexpr std::size_t reply_bytes_max = 65'536;

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

Result<std::unique_ptr<Socket>> connected(const HttpOrigin& origin) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(origin.host.c_str(), origin.port.c_str(), &hints, &found);
  const std::unique_ptr<addrinfo, FreeAddresses> list(found);
  if (error != 0) return failure(origin.host + ": " + gai_strerror(error));
  std::string reason = "no address";
  for (const addrinfo* address = list.get(); address != nullptr; address = address->ai_next) {
    auto made = std::make_unique<Socket>(
        socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, address->ai_protocol));
    const timeval timeout{.tv_sec = timeout_s, .tv_usec = 0};
    // The send timeout bounds connect() too (socket(7)).
    const bool ready =
        setsockopt(made->fd(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == 0 &&
        setsockopt(made->fd(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) == 0 &&
        connect(made->fd(), address->ai_addr, address->ai_addrlen) == 0;
    if (ready) return made;
    reason = errno == EINPROGRESS ? "timed out" : std::strerror(errno);
  }
  return failure("cannot connect to " + origin.host + " port " + origin.port + ": " + reason);
}

// The whole reply; the server closes when it has answered.
Result<std::string> reply_to(const HttpOrigin& origin, std::string_view path) {
  const Result<std::unique_ptr<Socket>> made = connected(origin);
  if (!made) return std::unexpected(made.error());
  const int fd = (*made)->fd();
  const bool ipv6 = origin.host.find(':') != std::string::npos;
  const std::string request = "GET " + std::string(path) + " HTTP/1.1\r\nHost: " +
                              (ipv6 ? "[" + origin.host + "]" : origin.host) + ":" + origin.port +
                              "\r\nConnection: close\r\n\r\n";
  const ssize_t sent = send(fd, request.data(), request.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(request.size())) return failure("the request was not taken");
  std::string reply;
  std::array<char, 4'096> block{};
  while (reply.size() < reply_bytes_max) {
    const ssize_t bytes = recv(fd, block.data(), block.size(), 0);
    if (bytes == 0) return reply;
    if (bytes < 0) {
      return failure(errno == EAGAIN ? "no complete answer within 5 s" : std::strerror(errno));
    }
    reply.append(block.data(), static_cast<std::size_t>(bytes));
  }
  return failure("the answer is longer than 64 KiB");
}

// RFC 9112 4: HTTP-version SP status-code SP [reason].
Result<HttpAnswer> parsed(const std::string& reply) {
  const std::size_t line_end = reply.find("\r\n");
  const std::size_t head_end = reply.find("\r\n\r\n");
  HttpAnswer answer;
  answer.status_line = reply.substr(0, line_end);
  const std::string_view line(answer.status_line);
  constexpr std::size_t version_bytes = 9;  // "HTTP/1.1 "
  constexpr std::size_t status_bytes = 3;
  const bool begins = line.starts_with("HTTP/1.") && line.size() >= version_bytes + status_bytes;
  if (!begins || head_end == std::string::npos) return failure("the answer is not HTTP");
  const std::string_view rest = line.substr(version_bytes + status_bytes);
  const char* status = line.data() + version_bytes;
  const auto number = std::from_chars(status, status + status_bytes, answer.status);
  if (number.ptr != status + status_bytes || !(rest.empty() || rest.starts_with(' '))) {
    return failure("the answer is not HTTP");
  }
  answer.body = reply.substr(head_end + 4);
  return answer;
}

}  // namespace

Result<HttpOrigin> parse_http_origin(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  const auto wrong = [] { return failure("must be http://HOST:PORT"); };
  if (!url.starts_with(scheme)) return wrong();
  url.remove_prefix(scheme.size());
  if (url.ends_with('/')) url.remove_suffix(1);
  const std::size_t bracket = url.starts_with('[') ? url.find(']') : 0;
  if (bracket == std::string_view::npos) return wrong();
  const std::size_t colon = std::min(url.find(':', bracket), url.size());
  HttpOrigin origin{.host = std::string(url.substr(0, colon)), .port = "80"};
  if (colon < url.size()) origin.port = url.substr(colon + 1);
  if (bracket > 0) {
    if (colon != bracket + 1) return wrong();
    origin.host = origin.host.substr(1, bracket - 1);
  }
  const bool digits = origin.port.find_first_not_of("0123456789") == std::string::npos;
  if (origin.host.empty() || origin.port.empty() || !digits) return wrong();
  if (origin.host.find_first_of("/?#@[] \r\n") != std::string::npos) return wrong();
  return origin;
}

Result<HttpAnswer> http_get(const HttpOrigin& origin, std::string_view path) {
  const Result<std::string> reply = reply_to(origin, path);
  if (!reply) return std::unexpected(reply.error());
  return parsed(*reply);
}

}  // namespace parley::services
