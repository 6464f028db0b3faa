// A bounded ring from one producer thread to one consumer thread, without locks or waiting.
//
// Threading  try_push() by the producer alone, try_pop() by the consumer alone; that they are one
//            thread is legal too. Construction and destruction: when neither runs.
// Memory     capacity x sizeof(T), taken at construction, touched when first used; afterwards a
//            queue cycles through all of it.
// Proof      tests/unit/core/queue/spsc_model_test.cc walks every interleaving and every stale read
//            of these steps for small capacities; tests/stress runs the code itself under TSan.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include "core/base/check.h"
#include "core/base/types.h"

namespace parley::core {

template <class T>
class SpscQueue {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>);

 public:
  static constexpr std::uint32_t capacity_max = 1u << 30;

  // REQUIRES: a power of two, at most capacity_max.
  explicit SpscQueue(std::uint32_t capacity)
      : mask_(capacity - 1),
        slots_(static_cast<T*>(::operator new(capacity * sizeof(T), slot_alignment))) {
    CHECK(std::has_single_bit(capacity));
    CHECK(capacity <= capacity_max);
  }
  SpscQueue(const SpscQueue&) = delete;
  SpscQueue& operator=(const SpscQueue&) = delete;

  ~SpscQueue() {
    // relaxed: neither side runs any more, and whoever destroys has synchronised with both.
    const std::uint32_t end = pushed_.load(std::memory_order_relaxed);
    for (std::uint32_t at = popped_.load(std::memory_order_relaxed); at != end; ++at) {
      slots_[at & mask_].~T();
    }
    ::operator delete(slots_, slot_alignment);
  }

  // Producer. False when the queue is full: then `value` is as it was.
  [[nodiscard]] bool try_push(T& value) {
    // relaxed: the producer alone writes it.
    const std::uint32_t at = pushed_.load(std::memory_order_relaxed);
    if (at - popped_seen_ > mask_) {
      // acquire: pairs with the release in try_pop(); that slot's value has been moved out.
      popped_seen_ = popped_.load(std::memory_order_acquire);
      if (at - popped_seen_ > mask_) return false;
    }
    new (&slots_[at & mask_]) T(std::move(value));
    // release: pairs with the acquire in try_pop(); the value is in the slot.
    pushed_.store(at + 1, std::memory_order_release);
    return true;
  }

  // Consumer. False when the queue is empty, or not yet seen to hold anything.
  [[nodiscard]] bool try_pop(T& value) {
    // relaxed: the consumer alone writes it.
    const std::uint32_t at = popped_.load(std::memory_order_relaxed);
    if (at == pushed_seen_) {
      // acquire: pairs with the release in try_push().
      pushed_seen_ = pushed_.load(std::memory_order_acquire);
      if (at == pushed_seen_) return false;
    }
    T& slot = slots_[at & mask_];
    value = std::move(slot);
    slot.~T();  // NOLINT(bugprone-use-after-move): what was moved from is still destroyed.
    // release: pairs with the acquire in try_push(); the slot is free.
    popped_.store(at + 1, std::memory_order_release);
    return true;
  }

 private:
  static constexpr std::align_val_t slot_alignment{
      alignof(T) > cache_line_bytes ? alignof(T) : cache_line_bytes};

  // Constant after construction.
  const std::uint32_t mask_;
  T* const slots_;

  // Counts that wrap; each side keeps the last it saw of the other's, so that as long as that is
  // enough the two share no line but the slots.
  alignas(cache_line_bytes) std::atomic<std::uint32_t> pushed_{0};
  std::uint32_t popped_seen_ = 0;  // The producer's.
  alignas(cache_line_bytes) std::atomic<std::uint32_t> popped_{0};
  std::uint32_t pushed_seen_ = 0;  // The consumer's.
};

}  // namespace parley::core
