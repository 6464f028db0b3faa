// The nodes of all outboxes of one worker: entries that wait to be sent, and gaps to be told.
//
// Threading  The owning worker alone.
// Lifetime   Outlives every outbox that uses it: CHECKs on destruction that all nodes came back.
// Memory     16 bytes an entry, 40 a gap; grows with what is queued, bounded by the sum of the
//            outboxes' bounds.
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
  ~OutboxPool() { CHECK(nodes_in_use() == 0); }

  // Entries and gaps of all outboxes.
  [[nodiscard]] std::uint32_t nodes_in_use() const { return entries_.in_use() + gaps_.in_use(); }

  // Gives memory back after a burst, when nothing is queued anywhere. Cheap; call it now and then.
  void trim() {
    entries_.trim();
    gaps_.trim();
  }

 private:
  friend class Outbox;

  struct Entry {
    PayloadBlock* block = nullptr;  // One reference is the entry's.
    std::uint32_t next = 0;
    std::uint32_t bytes = 0;  // Of the frame, so that walking touches no payload.
  };
  static_assert(sizeof(Entry) == 16);

  struct GapNode {
    RoomId room;
    Sequence first = 0;
    Sequence last = 0;
    std::uint32_t next = 0;
    std::uint32_t before = 0;  // The entry that stands behind what is missing; none: the end.
  };

  ChunkedPool<Entry> entries_;
  ChunkedPool<GapNode> gaps_;
};

}  // namespace parley::core
