#include "bench/macro/fanout/host.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace parley::bench {

namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

void fail(std::string_view why) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(why.size()), why.data());
  std::exit(1);
}

void fail_errno(std::string_view what) {
  std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(what.size()), what.data(),
               std::strerror(errno));
  std::exit(1);
}

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

void sleep_until(std::int64_t deadline_ns) {
  // Without this the kernel may add 50 us to every sleep.
  static const int exact = prctl(PR_SET_TIMERSLACK, 1UL);
  static_cast<void>(exact);
  const timespec deadline{deadline_ns / 1'000'000'000, deadline_ns % 1'000'000'000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, nullptr) == EINTR) {
  }
}

std::int64_t process_cpu_ns(int pid) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  std::FILE* file = std::fopen(path, "r");
  if (file == nullptr) fail_errno(path);
  char text[1024];
  const std::size_t bytes = std::fread(text, 1, sizeof text - 1, file);
  std::fclose(file);
  text[bytes] = '\0';

  // Fields 14 and 15; the second field is a name that may hold anything but ends with the last ')'.
  const char* behind_name = std::strrchr(text, ')');
  unsigned long user = 0;
  unsigned long system = 0;
  if (behind_name == nullptr ||
      std::sscanf(behind_name + 1, " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lu %lu", &user,
                  &system) != 2) {
    fail(path);
  }
  return static_cast<std::int64_t>(user + system) * (1'000'000'000 / sysconf(_SC_CLK_TCK));
}

int connect_loopback(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) fail_errno("socket");
  const sockaddr_in address = loopback(port);
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail_errno("connect");
  }
  set_no_delay(socket);
  return socket;
}

Listener listen_loopback(std::uint16_t port) {
  Listener listener{.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address = loopback(port);
  socklen_t address_bytes = sizeof address;
  // The same port may be asked for again while connections of the last run still linger.
  const int on = 1;
  if (listener.socket < 0 ||
      setsockopt(listener.socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      bind(listener.socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener.socket, 4096) != 0 ||
      getsockname(listener.socket, reinterpret_cast<sockaddr*>(&address), &address_bytes) != 0) {
    fail_errno("listen");
  }
  set_no_delay(listener.socket);  // tcp(7): accepted sockets inherit it.
  listener.port = ntohs(address.sin_port);
  return listener;
}

void set_no_delay(int socket) {
  const int on = 1;
  if (setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
    fail_errno("TCP_NODELAY");
  }
}

}  // namespace parley::bench
