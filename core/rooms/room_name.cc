#include "core/rooms/room_name.h"

#include <sodium/crypto_shorthash_siphash24.h>

#include <cstring>

#include "core/base/check.h"
#include "core/base/text.h"

namespace parley::core {

static_assert(crypto_shorthash_siphashx24_KEYBYTES == sizeof(HashKey));
static_assert(crypto_shorthash_siphashx24_BYTES == sizeof(RoomId));

bool valid_room_name(std::string_view name) {
  if (name.empty() || name.size() > room_name_bytes_max) return false;
  return !has_invisible_characters(name);
}

RoomId room_id(std::string_view name, const HashKey& key) {
  std::uint64_t words[2];
  const int failed = crypto_shorthash_siphashx24(
      reinterpret_cast<unsigned char*>(words), reinterpret_cast<const unsigned char*>(name.data()),
      name.size(), key.data());
  CHECK(failed == 0);
  return {words[0], words[1]};
}

std::uint64_t keyed_hash(std::string_view bytes, const HashKey& key) {
  return room_id(bytes, key).low;
}

}  // namespace parley::core
