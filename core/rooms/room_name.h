// Names of rooms: which are valid, and the id that stands for one.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/base/types.h"

namespace parley::core {

using HashKey = std::array<std::uint8_t, 16>;

inline constexpr std::uint32_t room_name_bytes_max = 64;

// 1 to room_name_bytes_max bytes, none of them invisible (core/base/text.h). The caller has checked
// UTF-8.
[[nodiscard]] bool valid_room_name(std::string_view name);

// SipHash-2-4 with 128 bits of output. The key is secret and new for each process, so nobody can
// look for two names with one id, and by chance there is none.
[[nodiscard]] RoomId room_id(std::string_view name, const HashKey& key);

// The worker that is the room's home.
[[nodiscard]] constexpr WorkerId home_of(RoomId room, std::uint16_t worker_count) {
  return WorkerId{static_cast<std::uint16_t>(room.high % worker_count)};
}

// The same hash of anything else, for choosing a home.
[[nodiscard]] std::uint64_t keyed_hash(std::string_view bytes, const HashKey& key);

}  // namespace parley::core
