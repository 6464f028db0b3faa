#include "io/kernel_address.h"

#include <cstring>

namespace parley::io {

sockaddr_in6 to_kernel(const SocketAddress& address) {
  sockaddr_in6 v6{};
  if (!address.ip.is_v4()) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    std::memcpy(&v6.sin6_addr, address.ip.octets.data(), address.ip.octets.size());
    return v6;
  }
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(address.port);
  std::memcpy(&v4.sin_addr, &address.ip.octets[12], sizeof v4.sin_addr);
  std::memcpy(&v6, &v4, sizeof v4);
  return v6;
}

IpAddress from_kernel(const sockaddr_in6& address) {
  IpAddress ip;
  if (address.sin6_family == AF_INET6) {
    std::memcpy(ip.octets.data(), &address.sin6_addr, ip.octets.size());
  } else if (address.sin6_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    ip = IpAddress::v4(0, 0, 0, 0);
    std::memcpy(&ip.octets[12], &v4.sin_addr, sizeof v4.sin_addr);
  }
  return ip;
}

socklen_t bytes_of(const sockaddr_in6& address) {
  return address.sin6_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}

}  // namespace parley::io
