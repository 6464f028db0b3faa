// What benchmark programs ask of the host: time, sockets on loopback, processor time.
#pragma once

#include <cstdint>
#include <string_view>

namespace parley::bench {

// Prints why and exits with 1: a measurement that cannot go on is worth nothing.
[[noreturn]] void fail(std::string_view why);
// The same with the text of errno.
[[noreturn]] void fail_errno(std::string_view what);

[[nodiscard]] std::int64_t monotonic_ns();

// Sleeps until that time of monotonic_ns(), to within a few microseconds.
void sleep_until(std::int64_t deadline_ns);

// Processor time that all threads of a process have used, in ns (with the grain of a clock tick).
[[nodiscard]] std::int64_t process_cpu_ns(int pid);

// A blocking TCP connection to 127.0.0.1, without Nagle.
[[nodiscard]] int connect_loopback(std::uint16_t port);

// Listens on 127.0.0.1, for port 0 at one that the kernel chooses. Accepted sockets do without
// Nagle.
struct Listener {
  int socket = -1;
  std::uint16_t port = 0;
};
[[nodiscard]] Listener listen_loopback(std::uint16_t port);

void set_no_delay(int socket);

}  // namespace parley::bench
