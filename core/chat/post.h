// Where mail of the chat domain goes: to another worker through the sink, or at once to this one.
#pragma once

#include <string_view>

#include "core/base/types.h"
#include "core/mail/mail.h"
#include "core/payload/payload_pool.h"

namespace parley::core {

class Post {
 public:
  Post() = default;
  Post(const Post&) = delete;
  Post& operator=(const Post&) = delete;
  virtual ~Post() = default;

  // Mail to oneself is handled before this returns, so between any two workers, oneself included,
  // mail of one rank keeps its order.
  virtual void send(WorkerId target, Mail&& mail) = 0;
};

// Copies `bytes` into a payload of its own: a string that travels in mail.
[[nodiscard]] PayloadRef payload_of(PayloadPool& pool, std::string_view bytes);
[[nodiscard]] std::string_view text_of(const PayloadRef& payload);

}  // namespace parley::core
