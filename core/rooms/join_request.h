// What a join tells the room's home beside what every letter says: it travels as Mail::subject, and
// comes back with a refusal.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/types.h"
#include "core/payload/payload_pool.h"

namespace parley::core {

struct JoinRequest {
  std::string_view room;  // Its name, 1 to room_name_bytes_max bytes.
  std::string_view tag;   // The client's `id` of the request; may be empty.
  Sequence since{};       // RoomMailFlags::resume: from where the client goes on, and in which
  std::uint64_t epoch{};  // epoch; 0: it does not know.
};

[[nodiscard]] PayloadRef pack(PayloadPool& pool, const JoinRequest& request);
// REQUIRES: made by pack(). The views are valid as long as the payload.
[[nodiscard]] JoinRequest unpack(const PayloadRef& payload);

}  // namespace parley::core
