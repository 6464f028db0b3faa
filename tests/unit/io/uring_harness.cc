#include "tests/unit/io/uring_harness.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/check.h"
#include "io/listener.h"

namespace parley::io {

namespace {

// Small, so that a client that does not read stops the server soon; inherited from the listener.
constexpr int socket_buffer_bytes = 32'768;

void shrink(int fd, int which) {
  CHECK(setsockopt(fd, SOL_SOCKET, which, &socket_buffer_bytes, sizeof socket_buffer_bytes) == 0);
}

}  // namespace

UringHarness::UringHarness(const RingHarnessOptions& options, Kernel kernel) {
  for (std::uint16_t i = 0; i < options.rings; ++i) {
    const Result<Listener> listener = open_listener({.host = "127.0.0.1", .backlog = 1'024});
    CHECK(listener.has_value());
    shrink(listener->fd, SO_SNDBUF);
    ports_.push_back(listener->port);
    add_ring(options, kernel, listener->fd);
  }
  if (options.connects) add_ring(options, kernel, -1);
}

void UringHarness::add_ring(const RingHarnessOptions& options, Kernel kernel, int listener_fd) {
  const Result<Features> features = probe_kernel();
  CHECK(features.has_value());
  Result<std::unique_ptr<UringRing>> ring = UringRing::open({
      .worker = {static_cast<std::uint16_t>(rings_.size())},
      .directory = &directory_,
      .listener_fd = listener_fd,
      .connections_max = options.connections_max,
      .accept_margin = options.accept_margin,
      .recv_buffer_bytes = options.recv_buffer_bytes,
      .recv_buffers = options.recv_buffers,
      .submissions = kernel.submissions,
      .completions = kernel.completions,
      .features = kernel.all_features ? *features : Features{},
  });
  CHECK(ring.has_value());
  rings_.push_back(std::move(*ring));
}

UringHarness::~UringHarness() {
  for (const int fd : clients_) {
    if (fd >= 0) ::close(fd);
  }
  for (const int fd : silent_) ::close(fd);
}

SocketAddress UringHarness::listener(WorkerId worker) {
  return {.ip = IpAddress::v4(127, 0, 0, 1), .port = ports_[worker.value]};
}

// The kernel answers no handshake while the backlog is full.
SocketAddress UringHarness::silent_listener() {
  const Result<Listener> listener = open_listener({.host = "127.0.0.1", .backlog = 1});
  CHECK(listener.has_value());
  silent_.push_back(listener->fd);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(listener->port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int i = 0; i < 3; ++i) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    CHECK(fd >= 0);
    silent_.push_back(fd);
    const int result = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    CHECK(result == 0 || errno == EINPROGRESS);
  }
  return {.ip = IpAddress::v4(127, 0, 0, 1), .port = listener->port};
}

ClientId UringHarness::connect(WorkerId worker) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  CHECK(fd >= 0);
  shrink(fd, SO_RCVBUF);
  const int on = 1;
  CHECK(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(ports_[worker.value]);
  // Each client comes from an address of its own, so that a mixed-up peer shows.
  address.sin_addr.s_addr =
      htonl(INADDR_LOOPBACK + 1 + static_cast<std::uint32_t>(clients_.size()));
  sockaddr_in own = address;
  own.sin_port = 0;
  CHECK(bind(fd, reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int result = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  refused_.push_back(result != 0 && errno == ECONNREFUSED);  // Said once; later it is EOF.
  clients_.push_back(fd);
  return {static_cast<std::uint32_t>(clients_.size() - 1)};
}

IpAddress UringHarness::address(ClientId client) {
  const std::uint32_t last = 2 + client.value;
  return IpAddress::v4(127, 0, static_cast<std::uint8_t>(last >> 8),
                       static_cast<std::uint8_t>(last));
}

ClientState UringHarness::state(ClientId client) {
  if (refused_[client.value]) return ClientState::refused;
  const int fd = clients_[client.value];
  std::byte byte{};
  const ssize_t result = ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (result == 0) return ClientState::ended;
  if (result > 0) return ClientState::open;
  switch (errno) {
    case EAGAIN: {
      pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
      return ::poll(&writable, 1, 0) == 1 ? ClientState::open : ClientState::connecting;
    }
    case ECONNREFUSED:
      refused_[client.value] = true;
      return ClientState::refused;
    case ENOTCONN:
      return ClientState::connecting;
  }
  return ClientState::reset;
}

std::size_t UringHarness::send(ClientId client, Bytes bytes) {
  const ssize_t sent = ::send(clients_[client.value], bytes.data(), bytes.size(), MSG_NOSIGNAL);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

std::vector<std::byte> UringHarness::receive(ClientId client, std::size_t bytes_max) {
  std::vector<std::byte> bytes(bytes_max);
  const ssize_t received = ::recv(clients_[client.value], bytes.data(), bytes.size(), 0);
  bytes.resize(received < 0 ? 0 : static_cast<std::size_t>(received));
  return bytes;
}

void UringHarness::shut_down(ClientId client) {
  ::shutdown(clients_[client.value], SHUT_WR);
}

void UringHarness::reset(ClientId client) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  int& fd = clients_[client.value];
  CHECK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
  ::close(fd);
  fd = -1;
}

std::unique_ptr<RingHarness> make_uring_harness(const RingHarnessOptions& options) {
  return std::make_unique<UringHarness>(
      options,
      UringHarness::Kernel{.submissions = 256, .completions = 1'024, .all_features = true});
}

std::unique_ptr<RingHarness> make_uring_harness_tiny(const RingHarnessOptions& options) {
  return std::make_unique<UringHarness>(
      options, UringHarness::Kernel{.submissions = 2, .completions = 4, .all_features = true});
}

std::unique_ptr<RingHarness> make_uring_harness_old(const RingHarnessOptions& options) {
  return std::make_unique<UringHarness>(
      options,
      UringHarness::Kernel{.submissions = 256, .completions = 1'024, .all_features = false});
}

std::unique_ptr<RingHarness> make_uring_harness_old_tiny(const RingHarnessOptions& options) {
  return std::make_unique<UringHarness>(
      options, UringHarness::Kernel{.submissions = 2, .completions = 4, .all_features = false});
}

}  // namespace parley::io
