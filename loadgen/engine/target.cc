#include "loadgen/engine/target.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>
#include <cstring>
#include <memory>

#include "core/base/check.h"

namespace parley::loadgen {

namespace {

constexpr std::uint32_t range_max = 65'536;

IpAddress address_of(const sockaddr& found) {
  IpAddress address;
  if (found.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &found, sizeof v6);
    std::memcpy(address.octets.data(), &v6.sin6_addr, address.octets.size());
    return address;
  }
  sockaddr_in v4{};
  std::memcpy(&v4, &found, sizeof v4);
  address = IpAddress::v4(0, 0, 0, 0);
  std::memcpy(&address.octets[12], &v4.sin_addr, sizeof v4.sin_addr);
  return address;
}

Result<IpAddress> look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) return failure("cannot find " + host + ": " + gai_strerror(error));
  const IpAddress address = address_of(*found->ai_addr);
  freeaddrinfo(found);
  return address;
}

bool parse_v4(std::string_view text, std::uint32_t& number) {
  in_addr address{};
  if (inet_pton(AF_INET, std::string(text).c_str(), &address) != 1) return false;
  number = ntohl(address.s_addr);
  return true;
}

IpAddress v4_of(std::uint32_t number) {
  const auto octet = [number](int shift) { return static_cast<std::uint8_t>(number >> shift); };
  return IpAddress::v4(octet(24), octet(16), octet(8), octet(0));
}

}  // namespace

Result<Target> parse_target(std::string_view url, PortRule rule) {
  constexpr std::string_view scheme = "ws://";
  const std::string said(url);
  if (!url.starts_with(scheme)) return failure(said + " must begin with ws://");
  url.remove_prefix(scheme.size());
  const std::size_t slash = std::min(url.find('/'), url.size());
  const std::string_view authority = url.substr(0, slash);
  std::string_view host = authority;
  std::string_view port = "80";
  const std::size_t bracket = authority.find(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon + 1);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  Target target{.address = {},
                .port = 0,
                .host = std::string(authority),
                .target = slash == url.size() ? "/" : std::string(url.substr(slash))};
  const std::from_chars_result number =
      std::from_chars(port.data(), port.data() + port.size(), target.port);
  if (host.empty() || number.ec != std::errc{} || number.ptr != port.data() + port.size() ||
      (target.port == 0 && rule == PortRule::real) ||
      target.target.find_first_of(" \r\n") != std::string::npos) {
    return failure(said + " must be ws://HOST[:PORT]/PATH");
  }
  const Result<IpAddress> address = look_up(std::string(host));
  if (!address) return std::unexpected(address.error());
  target.address = *address;
  return target;
}

Result<std::vector<IpAddress>> parse_sources(std::string_view text) {
  const std::size_t dash = std::min(text.find('-'), text.size());
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  const bool range = dash != text.size();
  if (!parse_v4(text.substr(0, dash), first) || (range && !parse_v4(text.substr(dash + 1), last))) {
    if (!range) {
      const Result<IpAddress> one = look_up(std::string(text));
      if (one) return std::vector<IpAddress>{*one};
    }
    return failure(std::string(text) +
                   " must be an address or a range such as 127.0.0.2-127.0.0.9");
  }
  if (!range) last = first;
  if (last < first || last - first >= range_max) {
    return failure(std::string(text) + " must be a rising range of at most 65536 addresses");
  }
  std::vector<IpAddress> addresses;
  for (std::uint32_t number = first; number - first <= last - first; ++number) {
    addresses.push_back(v4_of(number));
  }
  return addresses;
}

IpAddress loopback_source(std::uint32_t index) {
  constexpr std::uint32_t per_octet = 250;
  return IpAddress::v4(127, 0, static_cast<std::uint8_t>(1 + index / per_octet),
                       static_cast<std::uint8_t>(1 + index % per_octet));
}

bool is_loopback_v4(const IpAddress& address) {
  return address.is_v4() && address.octets[12] == 127;
}

}  // namespace parley::loadgen
