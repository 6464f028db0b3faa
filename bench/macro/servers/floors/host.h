// What the floors ask of the host.
#pragma once

#include <cstdint>
#include <string_view>

namespace parley::bench {

// Prints why and exits with 1: a measurement that cannot go on is worth nothing.
[[noreturn]] void fail(std::string_view why);
// The same with the text of errno.
[[noreturn]] void fail_errno(std::string_view what);

// Listens on 127.0.0.1. Accepted sockets do without Nagle.
[[nodiscard]] int listen_loopback(std::uint16_t port);

}  // namespace parley::bench
