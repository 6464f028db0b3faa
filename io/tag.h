// What travels through the kernel in user_data: which operation of which socket, and the caller's
// generation. The socket's slot comes from the socket table, so that everything fits 64 bits.
#pragma once

#include <cstdint>

#include "core/base/types.h"

namespace parley::io {

struct Tag {
  enum class Kind : std::uint8_t {
    // Of one socket: io/socket_table.h has a bit for each.
    recv,
    send,
    shutdown,
    cancel,
    close,
    connect,
    cancel_connect,
    // Of the ring.
    accept,
    wake,
    ask_peer,       // Asks for an accepted socket's address before the caller hears of it; the
                    // generation says where the answer is written.
    cancel_accept,  // Ends a multishot accept; the caller did not ask for it.
    cancel_send,    // What a cancel is besides, when both directions are under way.
    message,        // The sending half of a wake.
  };

  Kind kind{};
  std::uint32_t socket{};  // Below 2^24: a socket is an index into the table.
  std::uint32_t generation{};

  [[nodiscard]] static constexpr Tag unpack(std::uint64_t packed) {
    return {static_cast<Kind>(packed >> 56), static_cast<std::uint32_t>(packed >> 32) & 0xff'ffff,
            static_cast<std::uint32_t>(packed)};
  }
  [[nodiscard]] constexpr std::uint64_t pack() const {
    return std::uint64_t{static_cast<std::uint8_t>(kind)} << 56 | std::uint64_t{socket} << 32 |
           generation;
  }
};

inline constexpr std::uint32_t sockets_max = 1u << 20;  // IORING_MAX_FIXED_FILES of the kernel.

}  // namespace parley::io
