// What must hold between options: each may be in its range and the whole still make no sense.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/config/config.h"

namespace parley::server {

// What a message grows by on its way out: its envelope of names and numbers, and its frame.
inline constexpr std::uint32_t message_overhead_bytes = 1'024;
// A user as others are told of it: an id of 128 bytes, a name of 64, what is around them.
inline constexpr std::uint32_t user_bytes_max = 256;

struct Violation {
  std::string_view key;  // The option to change.
  std::string message;   // "must be ..."
};

[[nodiscard]] std::optional<Violation> first_violation(const Config& config);

}  // namespace parley::server
