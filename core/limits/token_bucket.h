// A rate limit in 8 bytes: the generic cell rate algorithm (ITU-T I.371), which is a token bucket
// that stores one time instead of a count and its age.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/time.h"

namespace parley::core {

// `burst` events at once, refilled at burst per `window`. burst 0: no limit.
struct RateLimit {
  std::uint32_t burst{};
  Duration window;

  [[nodiscard]] bool unlimited() const { return burst == 0; }
};

class TokenBucket {
 public:
  // Takes one token and returns 0, or takes none and returns how long until there is one.
  [[nodiscard]] Duration take(const RateLimit& limit, Instant now) {
    if (limit.unlimited()) return {};
    // The bucket is measured in intervals, not in windows: a division with a remainder would let
    // an event more than `burst` through.
    const std::int64_t interval_ns = std::max<std::int64_t>(limit.window.ns / limit.burst, 1);
    const std::int64_t full_ns = interval_ns * limit.burst;
    const std::int64_t empty_at_ns = std::max(empty_at_.ns, now.ns);
    const std::int64_t wait_ns = empty_at_ns + interval_ns - full_ns - now.ns;
    if (wait_ns > 0) return {wait_ns};
    empty_at_ = Instant{empty_at_ns + interval_ns};
    return {};
  }

  // Full again, so that forgetting it changes nothing.
  [[nodiscard]] bool idle(Instant now) const { return empty_at_ <= now; }

 private:
  Instant empty_at_{INT64_MIN / 2};  // When all that was taken has been refilled.
};
static_assert(sizeof(TokenBucket) == 8);

}  // namespace parley::core
