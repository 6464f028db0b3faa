// What liburing 2.3 (Debian 12) does not name yet, each with the kernel version that brought it.
#pragma once

#include <cstdint>

namespace parley::io::compat {

// Values of sqe.off (low 32 bits) of IORING_OP_URING_CMD on a socket. Linux 6.7.
inline constexpr std::uint32_t socket_uring_op_getsockopt = 2;
inline constexpr std::uint32_t socket_uring_op_setsockopt = 3;

inline constexpr int op_bind = 56;  // IORING_OP_BIND. Linux 6.11.

}  // namespace parley::io::compat
