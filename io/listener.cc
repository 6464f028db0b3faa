#include "io/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/base/check.h"

namespace parley::io {

namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t bytes{};
};

Result<Address> parse(const std::string& host, std::uint16_t port) {
  const std::string literal = host == "localhost" ? "127.0.0.1" : host;
  Address address;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET, literal.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    address.bytes = sizeof v4;
    std::memcpy(&address.storage, &v4, sizeof v4);
    return address;
  }
  if (inet_pton(AF_INET6, literal.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    address.bytes = sizeof v6;
    std::memcpy(&address.storage, &v6, sizeof v6);
    return address;
  }
  return failure("cannot listen on \"" + host +
                 "\": give an IPv4 or IPv6 address of this machine, or localhost");
}

std::string explain(const ListenerOptions& options, int error) {
  const std::string where = options.host + " port " + std::to_string(options.port);
  switch (error) {
    case EADDRINUSE:
      return where +
             " is in use by another process: stop it (ss -ltnp shows which it is) or "
             "listen on another port";
    case EACCES:
      return where +
             " is not allowed: ports below net.ipv4.ip_unprivileged_port_start need "
             "CAP_NET_BIND_SERVICE; listen on a higher port or grant it (setcap, or "
             "AmbientCapabilities= of the service)";
    case EADDRNOTAVAIL:
      return where + " cannot be listened on: no interface of this machine has that address";
    case EAFNOSUPPORT:
      return where + " cannot be listened on: this machine has no IPv6; give an IPv4 address";
    case EMFILE:
    case ENFILE:
      return where +
             " cannot be listened on: no descriptor is left; raise the limit of open files "
             "(ulimit -n, or LimitNOFILE= of the service)";
  }
  return where + " cannot be listened on: " + std::strerror(error);
}

void set_option(int fd, int level, int name, int value) {
  // These options are older than any kernel that has io_uring: only a wrong call can fail.
  CHECK(setsockopt(fd, level, name, &value, sizeof value) == 0);
}

// A socket bound to the address, or -1 and errno.
int bind_socket(const Address& address, bool shares_port) {
  const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
  if (fd < 0) return -1;
  set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);  // Connections of a former process may linger.
  if (shares_port) set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
  if (address.storage.ss_family == AF_INET6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.bytes) == 0) return fd;
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

std::uint16_t port_of(int fd) {
  sockaddr_in6 address{};  // Both families have the port in the same place.
  socklen_t bytes = sizeof address;
  CHECK(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &bytes) == 0);
  return ntohs(address.sin6_port);
}

std::uint32_t backlog_granted(std::uint32_t wanted) {
  std::FILE* const file = std::fopen("/proc/sys/net/core/somaxconn", "re");
  if (file == nullptr) return wanted;
  unsigned limit = wanted;
  if (std::fscanf(file, "%u", &limit) != 1) limit = wanted;
  std::fclose(file);
  return std::min<std::uint32_t>(wanted, limit);
}

}  // namespace

Result<Listener> open_listener(const ListenerOptions& options) {
  const Result<Address> address = parse(options.host, options.port);
  if (!address) return std::unexpected<Error>(address.error());
  if (!options.shares_port && options.port != 0) {
    const int alone = bind_socket(*address, false);
    if (alone < 0) return failure(explain(options, errno));
    ::close(alone);
  }
  const int fd = bind_socket(*address, true);
  if (fd < 0) return failure(explain(options, errno));
  const auto backlog = static_cast<int>(std::min<std::uint32_t>(options.backlog, INT32_MAX));
  if (listen(fd, backlog) != 0) {
    const int error = errno;
    ::close(fd);
    return failure(explain(options, error));
  }
  return Listener{fd, port_of(fd), backlog_granted(options.backlog)};
}

}  // namespace parley::io
