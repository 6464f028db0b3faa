// An IPv4 or IPv6 address, without its port and with it. IPv4 is held as ::ffff:a.b.c.d, so that a
// client that comes over a dual-stack listener is the same client.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace parley {

struct IpAddress {
  std::array<std::uint8_t, 16> octets{};

  static constexpr IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}};
  }

  [[nodiscard]] constexpr bool is_v4() const {
    for (std::size_t i = 0; i < 10; ++i) {
      if (octets[i] != 0) return false;
    }
    return octets[10] == 0xff && octets[11] == 0xff;
  }

  // No address of anybody: "::", or 0.0.0.0.
  [[nodiscard]] constexpr bool is_unspecified() const {
    return *this == IpAddress{} || *this == v4(0, 0, 0, 0);
  }

  friend constexpr bool operator==(const IpAddress&, const IpAddress&) = default;
};

// One end of a TCP connection.
struct SocketAddress {
  IpAddress ip;
  std::uint16_t port = 0;

  friend constexpr bool operator==(const SocketAddress&, const SocketAddress&) = default;
};

}  // namespace parley
