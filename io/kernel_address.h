// Addresses as the kernel wants them: the family's own form, in room for both.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>

#include "core/base/ip_address.h"

namespace parley::io {

[[nodiscard]] sockaddr_in6 to_kernel(const SocketAddress& address);
// Of an address of no family that we know: unspecified.
[[nodiscard]] IpAddress from_kernel(const sockaddr_in6& address);
// How much of it the family needs.
[[nodiscard]] socklen_t bytes_of(const sockaddr_in6& address);

}  // namespace parley::io
