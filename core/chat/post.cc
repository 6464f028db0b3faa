#include "core/chat/post.h"

#include <cstring>

#include "core/payload/payload_pool.h"

namespace parley::core {

PayloadRef payload_of(PayloadPool& pool, std::string_view bytes) {
  PayloadRef payload = pool.allocate(static_cast<std::uint32_t>(bytes.size()));
  std::memcpy(payload->bytes() + payload->end, bytes.data(), bytes.size());
  payload->end += static_cast<std::uint32_t>(bytes.size());
  return payload;
}

std::string_view text_of(const PayloadRef& payload) {
  if (!payload) return {};
  const Bytes body = payload->body_bytes();
  return {reinterpret_cast<const char*>(body.data()), body.size()};
}

}  // namespace parley::core
