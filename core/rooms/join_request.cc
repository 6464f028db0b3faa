#include "core/rooms/join_request.h"

#include <cstring>
#include <type_traits>

#include "core/base/check.h"

namespace parley::core {

namespace {

struct Head {
  Sequence since;
  std::uint64_t epoch;
  std::uint32_t room_bytes;
};
static_assert(std::is_trivially_copyable_v<Head>);

void append(PayloadBlock& block, const void* bytes, std::size_t count) {
  if (count == 0) return;
  std::memcpy(block.bytes() + block.end, bytes, count);
  block.end += static_cast<std::uint32_t>(count);
}

}  // namespace

PayloadRef pack(PayloadPool& pool, const JoinRequest& request) {
  const Head head{.since = request.since,
                  .epoch = request.epoch,
                  .room_bytes = static_cast<std::uint32_t>(request.room.size())};
  const std::size_t bytes = sizeof(head) + request.room.size() + request.tag.size();
  PayloadRef payload = pool.allocate(static_cast<std::uint32_t>(bytes));
  append(*payload.get(), &head, sizeof(head));
  append(*payload.get(), request.room.data(), request.room.size());
  append(*payload.get(), request.tag.data(), request.tag.size());
  return payload;
}

JoinRequest unpack(const PayloadRef& payload) {
  const Bytes body = payload->body_bytes();
  Head head;
  CHECK(body.size() >= sizeof(head));
  std::memcpy(&head, body.data(), sizeof(head));
  const std::string_view names(reinterpret_cast<const char*>(body.data()) + sizeof(head),
                               body.size() - sizeof(head));
  CHECK(head.room_bytes <= names.size());
  return {.room = names.substr(0, head.room_bytes),
          .tag = names.substr(head.room_bytes),
          .since = head.since,
          .epoch = head.epoch};
}

}  // namespace parley::core
