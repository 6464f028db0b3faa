// Who a connection speaks for, as the server established it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace parley::core {

struct Identity {
  std::string id;    // Unique; a guest's begins with "guest:".
  std::string name;  // What others see.
  bool guest = true;
};

// The same, borrowed.
struct IdentityView {
  std::string_view id;
  std::string_view name;
  bool guest = true;
};

[[nodiscard]] inline IdentityView view_of(const Identity& identity) {
  return {.id = identity.id, .name = identity.name, .guest = identity.guest};
}

inline constexpr std::size_t id_bytes_max = UINT16_MAX;
inline constexpr std::size_t name_bytes_max = UINT16_MAX;

// How a guest is called until it chooses a name: after digits that nobody else has. Who is called
// so costs a session next to nothing (core/chat/compact_identity.h).
inline constexpr std::size_t guest_digits = 13;
inline constexpr std::size_t guest_name_digits = 4;  // The last ones.
inline constexpr std::string_view guest_id_prefix = "guest:";
inline constexpr std::string_view guest_name_prefix = "guest-";

// REQUIRES: digits.size() == guest_digits.
[[nodiscard]] inline Identity new_guest(std::string_view digits) {
  return {
      .id = std::string(guest_id_prefix).append(digits),
      .name =
          std::string(guest_name_prefix).append(digits.substr(guest_digits - guest_name_digits)),
      .guest = true};
}

}  // namespace parley::core
