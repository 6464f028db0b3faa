// The nodes of all outboxes of one worker: entries that wait to be sent, and gaps to be told.
//
// Threading  The owning worker alone.
// Lifetime   Outlives every outbox that uses it: CHECKs on destruction that all nodes came back.
// Memory     16 bytes an entry, 56 a gap (which is less than the payload it stands for took); grows
//            with what is queued, bounded by the sum of the outboxes' bounds.
#pragma once

#include <cstdint>

#include "core/base/check.h"
#include "core/base/types.h"
#include "core/outbox/chunked_pool.h"
#include "core/payload/payload.h"

namespace parley::core {

class OutboxPool {
 public:
  OutboxPool() = default;
  OutboxPool(const OutboxPool&) = delete;
  OutboxPool& operator=(const OutboxPool&) = delete;
  ~OutboxPool() { CHECK(entries_.in_use() == 0 && gaps_.in_use() == 0); }

  // Entries of all outboxes, gaps included.
  [[nodiscard]] std::uint32_t nodes_in_use() const { return entries_.in_use(); }

  // Gives memory back after a burst, when nothing is queued anywhere. Cheap; call it now and then.
  void trim() {
    entries_.trim();
    gaps_.trim();
  }

 private:
  friend class Outbox;

  struct Entry {
    PayloadBlock* block = nullptr;  // One reference is the entry's. Null: a gap.
    std::uint32_t next = 0;
    union {
      std::uint32_t bytes = 0;  // Of the frame, so that walking touches no payload.
      std::uint32_t gap;        // An index of gaps_.
    };

    [[nodiscard]] bool is_gap() const { return block == nullptr; }
  };
  static_assert(sizeof(Entry) == 16);

  struct GapNode {
    RoomId room;
    Sequence first = 0;
    Sequence last = 0;
    std::uint32_t next = 0;  // Free nodes only.
  };

  ChunkedPool<Entry> entries_;
  ChunkedPool<GapNode> gaps_;
};

}  // namespace parley::core
