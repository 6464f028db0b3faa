// Where a worker's payloads come from: free lists by size class, so that a steady flow of messages
// allocates nothing.
//
// Threading  allocate(), grow() and counters on the owning worker's thread; give_back() on any.
// Memory     Grows with what is in use; keeps at most idle_bytes_max of returned blocks for reuse,
//            frees the rest. Blocks above the largest class go straight to the allocator.
// Lifetime   Outlives every block: CHECKs on destruction that all came back.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "core/payload/payload.h"

namespace parley::core {

class PayloadPool {
 public:
  explicit PayloadPool(std::uint64_t idle_bytes_max);
  PayloadPool(const PayloadPool&) = delete;
  PayloadPool& operator=(const PayloadPool&) = delete;
  ~PayloadPool();

  // A block with one reference, room for `bytes` behind headroom_bytes, and an empty frame:
  // begin == body == end == headroom_bytes, no stamp, not numbered. REQUIRES: <= bytes_max.
  [[nodiscard]] PayloadRef allocate(std::uint32_t bytes);

  // Makes room for `bytes` behind headroom_bytes or more (half as much again as there was), keeping
  // the frame and what describes it: for a writer that does not know the size beforehand.
  // REQUIRES: `payload` is not shared.
  void grow(PayloadRef& payload, std::uint32_t bytes);

  // Any thread: the last reference is gone.
  void give_back(PayloadBlock* block);

  // Blocks allocated and not given back, counting those other workers hold.
  [[nodiscard]] std::uint64_t blocks_in_use() const;
  [[nodiscard]] std::uint64_t bytes_in_use() const;

  // A WebSocket header (10) and a stamp (`"seq":` and `"timestamp":` with 20 digits each).
  static constexpr std::uint32_t headroom_bytes = 80;

  static constexpr std::uint32_t bytes_max = 1u << 30;

  // Sizes of whole blocks, head included, that are kept for reuse: 256, 384, 512, 768, ... 64 KiB.
  static constexpr std::uint32_t block_bytes_min = 256;
  static constexpr std::uint32_t pooled_block_bytes_max = 64 << 10;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace parley::core
