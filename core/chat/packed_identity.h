// An identity as bytes, as it travels in mail and stands in rosters.
//
// An identity has one packed form, so equal bytes are equal identities. A guest who is called by
// its digits (core/chat/identity.h) takes these and one byte more.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/chat/identity.h"
#include "core/payload/payload_pool.h"

namespace parley::core {

inline constexpr std::size_t packed_identity_bytes_max = 3 + id_bytes_max + name_bytes_max;

// REQUIRES: id and name within id_bytes_max and name_bytes_max.
[[nodiscard]] PayloadRef pack(PayloadPool& pool, const IdentityView& identity);
// REQUIRES: made by pack(). Valid as long as both `packed` and `spelling` are.
[[nodiscard]] IdentityView unpack(std::string_view packed, IdentitySpelling& spelling);

}  // namespace parley::core
