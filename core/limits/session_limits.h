// The token buckets of one worker's sessions. A full bucket says no more than none, so a session
// that has done nothing of late has no buckets at all.
//
// Threading  The owning worker alone.
// Memory     4 bytes a slot, and 40 bytes a session while one of its buckets is not full and until
//            expire() comes by. Nothing without limits. Room that was in use of late stays: buckets
//            of sessions that talk now and then come and go at every call of expire().
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/time.h"
#include "core/base/trim.h"
#include "core/limits/token_bucket.h"

namespace parley::core {

enum class SessionLimit : std::uint8_t { commands, joins, signals, messages };
inline constexpr std::size_t session_limits = 4;

class SessionLimits {
 public:
  // As TokenBucket::take(), for the session of that slot.
  [[nodiscard]] Duration take(std::uint32_t slot, SessionLimit which, const RateLimit& limit,
                              Instant now) {
    if (limit.unlimited()) return {};
    return of(slot).buckets[static_cast<std::size_t>(which)].take(limit, now);
  }

  // The session ended: the next of its slot begins with full buckets.
  void forget(std::uint32_t slot) {
    if (slot < index_of_.size() && index_of_[slot] != none) remove(index_of_[slot]);
  }

  // Looks at the next `steps` sessions, or once at all, and drops the buckets of those that are
  // full. Called a few times a second.
  void expire(Instant now, std::uint32_t steps) {
    for (std::size_t left = std::min<std::size_t>(steps, buckets_.size()); left > 0; --left) {
      if (next_ >= buckets_.size()) next_ = 0;
      if (std::ranges::all_of(buckets_[next_].buckets,
                              [now](const TokenBucket& bucket) { return bucket.idle(now); })) {
        remove(next_);  // Another one is in its place now: look there again.
      } else {
        ++next_;
      }
    }
    trim(buckets_, std::max(recent_.fade(), buckets_.size()));
  }

  // Sessions that have buckets.
  [[nodiscard]] std::size_t size() const { return buckets_.size(); }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;

  struct Buckets {
    std::array<TokenBucket, session_limits> buckets;
    std::uint32_t slot = none;
  };
  static_assert(sizeof(Buckets) == 40);

  [[nodiscard]] Buckets& of(std::uint32_t slot) {
    if (slot >= index_of_.size()) index_of_.resize(slot + 1, none);
    std::uint32_t& index = index_of_[slot];
    if (index == none) {
      index = static_cast<std::uint32_t>(buckets_.size());
      buckets_.push_back({.buckets = {}, .slot = slot});
      recent_.see(buckets_.size());
    }
    return buckets_[index];
  }

  void remove(std::uint32_t index) {
    index_of_[buckets_.back().slot] = index;
    index_of_[buckets_[index].slot] = none;
    buckets_[index] = buckets_.back();
    buckets_.pop_back();
  }

  std::vector<std::uint32_t> index_of_;  // By slot, in buckets_; none: all of them are full.
  std::vector<Buckets> buckets_;
  RecentPeak recent_;       // Of the size of buckets_.
  std::uint32_t next_ = 0;  // To look at in expire().
};

}  // namespace parley::core
