// Rate limits by key: one token bucket for each user or address that was active of late.
//
// Threading  The owning worker alone.
// Memory     32 bytes an active key and its share of free places. A full bucket says no more than
//            none, so each take() looks at a few places and forgets what is idle there; its place
//            stays for a while, for the next.
// Bounds     entries_max keys. When all of them are in use, a key that has none is refused until
//            one becomes idle: a table full of active keys is what a flood from many of them looks
//            like, and answering "allowed" would switch every limit off at that moment. Keys that
//            have a bucket are served as ever.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/time.h"
#include "core/limits/key_table.h"
#include "core/limits/token_bucket.h"

namespace parley::core {

class KeyedLimits {
 public:
  KeyedLimits(std::uint32_t entries_max, TableKey secret)
      : entries_max_(entries_max), buckets_(secret) {}

  // As TokenBucket::take(), for the bucket of `key`.
  [[nodiscard]] Duration take(TableKey key, const RateLimit& limit, Instant now) {
    if (limit.unlimited()) return {};
    forget_idle(now, sweep_steps);
    TokenBucket* bucket = buckets_.find(key);
    if (bucket != nullptr) return bucket->take(limit, now);
    if (buckets_.size() >= entries_max_) {
      ++refused_full_;
      return retry_when_full(limit);
    }
    return buckets_.insert(key).take(limit, now);
  }

  // Looks at the next `steps` places and forgets idle buckets: for a server that nobody speaks on.
  // Called a few times a second.
  void expire(Instant now, std::uint32_t steps) {
    forget_idle(now, steps);
    buckets_.trim();
  }

  [[nodiscard]] std::uint32_t size() const { return buckets_.size(); }

  // Takes that were refused because the table was full; grows.
  [[nodiscard]] std::uint64_t refused_full() const { return refused_full_; }

 private:
  // Places looked at per take: the sweep goes round a table of n keys in at most 2n takes.
  static constexpr std::uint32_t sweep_steps = 4;

  void forget_idle(Instant now, std::uint32_t steps) {
    buckets_.sweep(steps, [now](const TokenBucket& bucket) { return bucket.idle(now); });
  }

  // The time in which a key that took one token becomes idle.
  [[nodiscard]] static Duration retry_when_full(const RateLimit& limit) {
    return {std::max<std::int64_t>(limit.window.ns / limit.burst, 1)};
  }

  std::uint32_t entries_max_;
  std::uint64_t refused_full_ = 0;
  KeyTable<TokenBucket> buckets_;
};

}  // namespace parley::core
