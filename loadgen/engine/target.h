// Where to connect: an address from a URL of the plan.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ip_address.h"
#include "core/base/result.h"

namespace parley::loadgen {

struct Target {
  IpAddress address;
  std::uint16_t port{};
  std::string host;    // For the Host header: "127.0.0.1:8080".
  std::string target;  // "/ws?x={room}": placeholders are not yet filled in.
};

// "ws://HOST[:PORT]/PATH"; a name is looked up, once.
enum class PortRule : std::uint8_t { real, may_be_zero };
[[nodiscard]] Result<Target> parse_target(std::string_view url, PortRule rule = PortRule::real);

// "127.0.0.2" or "127.0.0.2-127.0.0.50": each address of the range.
[[nodiscard]] Result<std::vector<IpAddress>> parse_sources(std::string_view text);

// 127.0.1.1, 127.0.1.2, ...: a loopback address for worker `index`, so that each has ports of its
// own.
[[nodiscard]] IpAddress loopback_source(std::uint32_t index);
[[nodiscard]] bool is_loopback_v4(const IpAddress& address);

}  // namespace parley::loadgen
