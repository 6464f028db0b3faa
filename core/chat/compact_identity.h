// An identity as a session keeps it, in 16 bytes.
//
// Memory  A guest who is called after its digits (core/chat/identity.h) owns nothing beside them;
//         anybody else one heap block for id and name.
// Cost    view() copies the digits of such a guest between their prefixes; else it only looks.
#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "core/chat/identity.h"

namespace parley::core {

class CompactIdentity {
 public:
  CompactIdentity() = default;  // Nobody's.
  // REQUIRES: id and name within id_bytes_max and name_bytes_max.
  explicit CompactIdentity(const IdentityView& identity);
  CompactIdentity(CompactIdentity&& other) noexcept { swap(other); }
  CompactIdentity& operator=(CompactIdentity&& other) noexcept {
    CompactIdentity(std::move(other)).swap(*this);
    return *this;
  }
  ~CompactIdentity();

  // Valid as long as both this and `spelling` are.
  [[nodiscard]] IdentityView view(IdentitySpelling& spelling) const;
  [[nodiscard]] bool guest() const { return kind_ != Kind::user; }

 private:
  enum class Kind : std::uint8_t { nobody, called_by_digits, named_guest, user };
  struct Names;

  [[nodiscard]] Names* names() const;
  void swap(CompactIdentity& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(kind_, other.kind_);
  }

  // The digits, or a pointer to the names: a union would end on a whole pointer, with no room
  // for kind_ in 16 bytes.
  alignas(void*) std::array<char, 15> bytes_{};
  Kind kind_ = Kind::nobody;
};
static_assert(sizeof(CompactIdentity) == 16);

}  // namespace parley::core
