// Who a connection speaks for, as the server established it.
#pragma once

#include <array>
#include <cstddef>
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

// Far above what a token or a guest may say.
inline constexpr std::size_t id_bytes_max = 1024;
inline constexpr std::size_t name_bytes_max = 1024;

// How a guest is called until it chooses a name: after digits that nobody else has. Who is called
// so is kept as these digits alone, in sessions and in rosters.
inline constexpr std::size_t guest_digits = 13;
inline constexpr std::size_t guest_name_digits = 4;  // The last ones.
inline constexpr std::string_view guest_id_prefix = "guest:";
inline constexpr std::string_view guest_name_prefix = "guest-";

// REQUIRES: guest_digits ASCII letters and digits, since wire forms copy them as they are.
[[nodiscard]] Identity new_guest(std::string_view digits);

// Whether it is a guest who has not chosen a name: its digits say all there is to say.
[[nodiscard]] bool is_called_by_digits(const IdentityView& identity);
// REQUIRES: is_called_by_digits(identity).
[[nodiscard]] std::string_view digits_of(const IdentityView& identity);

// Where such a guest's id and name are spelled.
struct IdentitySpelling {
  std::array<char, guest_id_prefix.size() + guest_digits> id;
  std::array<char, guest_name_prefix.size() + guest_name_digits> name;
};

// The guest called by these digits. Valid as long as `spelling`. REQUIRES: digits.size() ==
// guest_digits.
[[nodiscard]] IdentityView spell(std::string_view digits, IdentitySpelling& spelling);

}  // namespace parley::core
