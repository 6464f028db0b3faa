// A message encoded once and shared by all who receive it: on this worker, on others, in history.
//
// Threading  Written by the worker that allocated it until it is first shared; after that by its
//            room's home worker alone, until the home hands it to other workers; then read-only.
//            The reference count is atomic, so any worker may drop the last reference.
// Memory     A block comes from its worker's PayloadPool and goes back there from any thread.
// Layout     [ headroom | head | body ]: the frame is head + body. A stamp (sequence number, time)
//            is only known at the room's home; it goes in at stamp_offset by moving what is before
//            it down into the headroom, so nothing behind it is copied.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "core/base/types.h"

namespace parley::core {

class PayloadPool;

// The head of a block, one cache line; its bytes follow. Only PayloadPool makes them.
struct PayloadBlock {
  std::atomic<std::uint32_t> references;
  std::uint32_t capacity;  // Bytes that follow this struct.
  std::uint32_t begin;     // The frame is bytes [begin, end), its body [body, end).
  std::uint32_t body;
  std::uint32_t end;
  std::uint32_t stamp;      // Where a stamp belongs, from the start of the block; 0: nowhere.
  RoomId room;              // Whose publications the frame carries: names the gap if it is dropped.
  Sequence first_sequence;  // The first of them; 0: it carries none, or they are not numbered.
  Sequence last_sequence;   // The last of them; a frame may carry several, without a gap.
  PayloadPool* pool;        // Borrowed from the worker that allocated; outlives every block.

  [[nodiscard]] std::byte* bytes() { return reinterpret_cast<std::byte*>(this + 1); }
  [[nodiscard]] Bytes frame() { return {bytes() + begin, end - begin}; }
  [[nodiscard]] Bytes body_bytes() { return {bytes() + body, end - body}; }
};
static_assert(sizeof(PayloadBlock) == cache_line_bytes);

// One counted reference. Moving is free; share() is the only way to a second one.
class PayloadRef {
 public:
  PayloadRef() = default;
  PayloadRef(PayloadRef&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  PayloadRef& operator=(PayloadRef&& other) noexcept {
    if (this != &other) {
      reset();
      block_ = std::exchange(other.block_, nullptr);
    }
    return *this;
  }
  PayloadRef(const PayloadRef&) = delete;
  PayloadRef& operator=(const PayloadRef&) = delete;
  ~PayloadRef() { reset(); }

  // Takes over a reference that release() gave up, or that the pool made.
  [[nodiscard]] static PayloadRef adopt(PayloadBlock* block) {
    PayloadRef ref;
    ref.block_ = block;
    return ref;
  }

  [[nodiscard]] PayloadRef share() const {
    if (block_ != nullptr) add_references(block_, 1);
    return adopt(block_);
  }
  [[nodiscard]] PayloadBlock* release() { return std::exchange(block_, nullptr); }
  // Gives up this reference; the last one gives the block back to its pool.
  void reset() {
    if (block_ != nullptr) drop_references(std::exchange(block_, nullptr), 1);
  }

  // `count` references at once, for a fan-out: then adopt() once per receiver, and
  // drop_references() for those that had no room. REQUIRES: the caller holds a reference.
  static void add_references(PayloadBlock* block, std::uint32_t count) {
    // relaxed: the caller's own reference keeps the block alive; nothing is published by this.
    block->references.fetch_add(count, std::memory_order_relaxed);
  }
  // REQUIRES: the caller holds `count` references, which are gone after this.
  static void drop_references(PayloadBlock* block, std::uint32_t count);

  [[nodiscard]] PayloadBlock* operator->() const { return block_; }
  [[nodiscard]] PayloadBlock* get() const { return block_; }
  explicit operator bool() const { return block_ != nullptr; }

 private:
  PayloadBlock* block_ = nullptr;
};

}  // namespace parley::core
