// What the floors share: sockets, the end of a program, the header of a frame.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::bench {

// Prints why and exits with 1: a measurement that cannot go on is worth nothing.
[[noreturn]] void fail(std::string_view why);
// The same with the text of errno.
[[noreturn]] void fail_errno(std::string_view what);

// Listens on 127.0.0.1. Accepted sockets do without Nagle.
[[nodiscard]] int listen_loopback(std::uint16_t port);

// The header of a text frame of a server that has so many bytes, header included (RFC 6455 5.2).
// Fails where no frame has: some sizes lie between two lengths of header.
[[nodiscard]] std::string frame_header(std::uint32_t frame_bytes);

}  // namespace parley::bench
