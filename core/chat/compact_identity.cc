#include "core/chat/compact_identity.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "core/base/check.h"

namespace parley::core {

// In front of the id's bytes, and the name's behind them.
struct CompactIdentity::Names {
  std::uint16_t id_bytes;
  std::uint16_t name_bytes;

  [[nodiscard]] char* text() { return reinterpret_cast<char*>(this + 1); }
};

namespace {

bool is_called_by_digits(const IdentityView& identity) {
  if (!identity.guest || !identity.id.starts_with(guest_id_prefix) ||
      !identity.name.starts_with(guest_name_prefix)) {
    return false;
  }
  const std::string_view digits = identity.id.substr(guest_id_prefix.size());
  return digits.size() == guest_digits && identity.name.substr(guest_name_prefix.size()) ==
                                              digits.substr(guest_digits - guest_name_digits);
}

}  // namespace

CompactIdentity::CompactIdentity(const IdentityView& identity) {
  static_assert(sizeof(bytes_) >= guest_digits && sizeof(bytes_) >= sizeof(Names*));
  if (is_called_by_digits(identity)) {
    kind_ = Kind::called_by_digits;
    std::ranges::copy(identity.id.substr(guest_id_prefix.size()), bytes_.begin());
    return;
  }
  CHECK(identity.id.size() <= id_bytes_max);
  CHECK(identity.name.size() <= name_bytes_max);
  kind_ = identity.guest ? Kind::named_guest : Kind::user;
  void* const block = ::operator new(sizeof(Names) + identity.id.size() + identity.name.size());
  Names* const names =
      new (block) Names{.id_bytes = static_cast<std::uint16_t>(identity.id.size()),
                        .name_bytes = static_cast<std::uint16_t>(identity.name.size())};
  std::ranges::copy(identity.name, std::ranges::copy(identity.id, names->text()).out);
  std::memcpy(bytes_.data(), &names, sizeof(names));
}

CompactIdentity::~CompactIdentity() {
  if (kind_ == Kind::named_guest || kind_ == Kind::user) ::operator delete(names());
}

CompactIdentity::Names* CompactIdentity::names() const {
  Names* names;
  std::memcpy(&names, bytes_.data(), sizeof(names));
  return names;
}

IdentityView CompactIdentity::view(Spelling& spelling) const {
  CHECK(kind_ != Kind::nobody);
  if (kind_ != Kind::called_by_digits) {
    Names* const stored = names();
    return {.id = {stored->text(), stored->id_bytes},
            .name = {stored->text() + stored->id_bytes, stored->name_bytes},
            .guest = guest()};
  }
  const std::string_view digits(bytes_.data(), guest_digits);
  std::ranges::copy(digits, std::ranges::copy(guest_id_prefix, spelling.id.begin()).out);
  std::ranges::copy(digits.substr(guest_digits - guest_name_digits),
                    std::ranges::copy(guest_name_prefix, spelling.name.begin()).out);
  return {.id = {spelling.id.data(), spelling.id.size()},
          .name = {spelling.name.data(), spelling.name.size()},
          .guest = true};
}

}  // namespace parley::core
