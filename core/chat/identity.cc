#include "core/chat/identity.h"

#include <algorithm>
#include <cstring>

#include "core/base/check.h"

namespace parley::core {

namespace {

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string_view name_digits(std::string_view digits) {
  return digits.substr(guest_digits - guest_name_digits);
}

}  // namespace

Identity new_guest(std::string_view digits) {
  CHECK(digits.size() == guest_digits);
  CHECK(std::ranges::all_of(digits, is_letter_or_digit));
  return {.id = std::string(guest_id_prefix).append(digits),
          .name = std::string(guest_name_prefix).append(name_digits(digits)),
          .guest = true};
}

bool is_called_by_digits(const IdentityView& identity) {
  return identity.guest && identity.id.size() == guest_id_prefix.size() + guest_digits &&
         identity.id.starts_with(guest_id_prefix) && identity.name.starts_with(guest_name_prefix) &&
         identity.name.substr(guest_name_prefix.size()) == name_digits(digits_of(identity));
}

std::string_view digits_of(const IdentityView& identity) {
  return identity.id.substr(guest_id_prefix.size());
}

IdentityView spell(std::string_view digits, IdentitySpelling& spelling) {
  CHECK(digits.size() == guest_digits);
  // Sizes that the compiler knows: this is done for every member of a room whom a client is told.
  char* const id = spelling.id.data();
  std::memcpy(id, guest_id_prefix.data(), guest_id_prefix.size());
  std::memcpy(id + guest_id_prefix.size(), digits.data(), guest_digits);
  char* const name = spelling.name.data();
  std::memcpy(name, guest_name_prefix.data(), guest_name_prefix.size());
  std::memcpy(name + guest_name_prefix.size(), name_digits(digits).data(), guest_name_digits);
  return {.id = {spelling.id.data(), spelling.id.size()},
          .name = {spelling.name.data(), spelling.name.size()},
          .guest = true};
}

}  // namespace parley::core
