#include "loadgen/run/wire.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "loadgen/run/clock.h"

namespace parley::loadgen {

namespace {

constexpr Duration send_timeout = seconds(30);
constexpr int connect_seconds_max = 10;
constexpr Duration slice = milliseconds(200);

Result<void> system_failure(const std::string& what) {
  return failure(what + ": " + std::strerror(errno));
}

// True: it is ready. False: `timeout` has passed.
bool wait_for(int fd, short events, Duration timeout) {
  pollfd waiting{.fd = fd, .events = events, .revents = 0};
  const auto ms = static_cast<int>(std::max<std::int64_t>(timeout.ns / 1'000'000, 0));
  return poll(&waiting, 1, ms) > 0;
}

struct AnyAddress {
  sockaddr_storage storage{};
  socklen_t bytes{};
};

Result<AnyAddress> address_of(const std::string& at) {
  const Result<Target> target = parse_target("ws://" + at + "/", PortRule::may_be_zero);
  if (!target) return failure(at + " must be HOST:PORT");
  AnyAddress address;
  if (target->address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(target->port);
    std::memcpy(&v4.sin_addr, &target->address.octets[12], sizeof v4.sin_addr);
    std::memcpy(&address.storage, &v4, sizeof v4);
    address.bytes = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(target->port);
    std::memcpy(&v6.sin6_addr, target->address.octets.data(), sizeof v6.sin6_addr);
    std::memcpy(&address.storage, &v6, sizeof v6);
    address.bytes = sizeof v6;
  }
  return address;
}

void send_at_once(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

Result<std::unique_ptr<Wire>> Wire::connect(const std::string& to) {
  const Result<AnyAddress> address = address_of(to);
  if (!address) return std::unexpected(address.error());
  const int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{.tv_sec = connect_seconds_max, .tv_usec = 0};
  // socket(7): the timeout of sends is that of connect(), too.
  if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (fd < 0 ||
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address->storage), address->bytes) != 0) {
    const std::string why = errno == EINPROGRESS ? "it does not answer" : std::strerror(errno);
    if (fd >= 0) close(fd);
    return failure("agent " + to + ": " + why);
  }
  send_at_once(fd);
  return std::make_unique<Wire>(fd);
}

Wire::~Wire() {
  close(fd_);
}

Result<void> Wire::send(const nlohmann::json& message) {
  const std::string line =
      message.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  std::string_view rest = line;
  while (!rest.empty()) {
    if (!wait_for(fd_, POLLOUT, send_timeout)) return failure("it does not read");
    const ssize_t bytes = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (bytes < 0 && errno != EINTR && errno != EAGAIN) return system_failure("cannot send");
    if (bytes > 0) rest.remove_prefix(static_cast<std::size_t>(bytes));
  }
  return {};
}

Result<nlohmann::json> Wire::receive(Duration timeout) {
  return receive(timeout, [] { return false; });
}

Result<nlohmann::json> Wire::receive(Duration timeout, const StopWanted& stop_wanted) {
  const Instant deadline = monotonic_now() + timeout;
  std::size_t looked_at = 0;
  while (true) {
    const std::size_t end = received_.find('\n', looked_at);
    if (end != std::string::npos) {
      nlohmann::json message = nlohmann::json::parse(
          received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
      received_.erase(0, end + 1);
      if (!message.is_object()) return failure("it says what is no JSON object");
      return message;
    }
    looked_at = received_.size();
    if (received_.size() > line_bytes_max) return failure("it says too much");
    const Duration left = deadline - monotonic_now();
    if (stop_wanted()) return failure("stopped");
    if (left.ns <= 0) return failure("it does not answer");
    if (!wait_for(fd_, POLLIN, std::min(left + milliseconds(1), slice))) continue;
    std::array<char, 65'536> buffer;
    const ssize_t bytes = recv(fd_, buffer.data(), buffer.size(), 0);
    if (bytes == 0) return failure("it has gone");
    if (bytes < 0 && errno != EINTR) return failure(std::strerror(errno));
    if (bytes > 0) received_.append(buffer.data(), static_cast<std::size_t>(bytes));
  }
}

Result<std::unique_ptr<WireListener>> WireListener::open(const std::string& at) {
  const Result<AnyAddress> address = address_of(at);
  if (!address) return std::unexpected(address.error());
  const int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (fd < 0 ||
      bind(fd, reinterpret_cast<const sockaddr*>(&address->storage), address->bytes) != 0 ||
      listen(fd, 4) != 0) {
    const std::string why = std::strerror(errno);
    if (fd >= 0) close(fd);
    return failure("cannot listen on " + at + ": " + why);
  }
  return std::make_unique<WireListener>(fd);
}

WireListener::~WireListener() {
  close(fd_);
}

std::unique_ptr<Wire> WireListener::accept(Duration timeout) {
  if (!wait_for(fd_, POLLIN, timeout)) return nullptr;
  const int fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return nullptr;
  send_at_once(fd);
  return std::make_unique<Wire>(fd);
}

std::uint16_t WireListener::port() const {
  sockaddr_storage storage{};
  socklen_t bytes = sizeof storage;
  if (getsockname(fd_, reinterpret_cast<sockaddr*>(&storage), &bytes) != 0) return 0;
  sockaddr_in v4{};  // The port is at the same place in both families.
  std::memcpy(&v4, &storage, sizeof v4);
  return ntohs(v4.sin_port);
}

}  // namespace parley::loadgen
