// Whether a text is an IPv4 or IPv6 address, exactly as inet_pton(3) has it.
#pragma once

#include <string_view>

namespace parley::server {

[[nodiscard]] bool is_ip_literal(std::string_view text);

}  // namespace parley::server
