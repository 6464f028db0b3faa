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

CompactIdentity::CompactIdentity(const IdentityView& identity) {
  static_assert(sizeof(bytes_) >= guest_digits && sizeof(bytes_) >= sizeof(Names*));
  static_assert(id_bytes_max <= UINT16_MAX && name_bytes_max <= UINT16_MAX);
  if (is_called_by_digits(identity)) {
    kind_ = Kind::called_by_digits;
    std::ranges::copy(digits_of(identity), bytes_.begin());
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
  std::memcpy(bytes_.data(), &names, sizeof(Names*));
}

CompactIdentity::~CompactIdentity() {
  if (kind_ == Kind::named_guest || kind_ == Kind::user) ::operator delete(names());
}

CompactIdentity::Names* CompactIdentity::names() const {
  Names* names;
  std::memcpy(&names, bytes_.data(), sizeof(Names*));
  return names;
}

IdentityView CompactIdentity::view(IdentitySpelling& spelling) const {
  CHECK(kind_ != Kind::nobody);
  if (kind_ != Kind::called_by_digits) {
    Names* const stored = names();
    return {.id = {stored->text(), stored->id_bytes},
            .name = {stored->text() + stored->id_bytes, stored->name_bytes},
            .guest = guest()};
  }
  return spell({bytes_.data(), guest_digits}, spelling);
}

}  // namespace parley::core
