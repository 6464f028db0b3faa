// What waits to be sent on one connection: references to shared payloads, in order, bounded in
// bytes. One send is in flight at a time; all that queues up meanwhile leaves in the next.
//
// Threading  The owning worker alone.
// Memory     An outbox with nothing in it owns nothing and may just be forgotten. Entries live in
//            nodes of the worker's OutboxPool.
// Bounds     queued_bytes() never passes bytes_max: push() says `full` instead, and the caller
//            applies the operator's policy for slow readers.
// Gaps       drop_oldest() drops publications, oldest first (never what the kernel has seen, never
//            what is not a publication), and leaves a gap in the queue that remembers which numbers
//            of which room are missing. take() stops there, so that the caller can send its notice
//            exactly in their place: behind the answer to a join, before what was said later.
// Cost       push() and take() do not depend on what is queued. drop_oldest() walks past each entry
//            that may not go once (once more after a short send), and past the gaps that stand
//            directly in front of what it drops: one a room at most.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/types.h"
#include "core/payload/payload.h"

namespace parley::core {

class OutboxPool;

struct Gap {
  RoomId room;
  Sequence first{};
  Sequence last{};
};

struct Dropped {
  std::uint32_t publications{};  // Not frames: one may carry several.
  std::uint32_t walked_past{};   // Entries that stay: what the call cost.
};

enum class [[nodiscard]] OutboxStatus : std::uint8_t { queued, full };

class Outbox {
 public:
  Outbox() = default;
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // Takes the reference only when it answers `queued`.
  OutboxStatus push(OutboxPool& pool, PayloadRef& payload, std::uint32_t bytes_max);

  // The same for a notice that must leave before everything that is not in flight, such as a gap.
  OutboxStatus push_front(OutboxPool& pool, PayloadRef& payload, std::uint32_t bytes_max);

  // The next bytes to send, in order: at most pieces.size() pieces and send_bytes_max bytes; fills
  // `pieces` and returns how many, 0 when there is nothing to send. They count as in flight, and
  // stay valid, until on_sent(). Stops in front of a gap: take_gaps() comes first. REQUIRES:
  // nothing in flight.
  [[nodiscard]] std::uint32_t take(const OutboxPool& pool, std::span<Bytes> pieces);

  // The send that take() was for has ended after `bytes` (fewer than taken: a short send; the rest
  // is next; none: it failed). Frees what was sent entirely. REQUIRES: something in flight.
  void on_sent(OutboxPool& pool, std::uint32_t bytes);

  // Drops publications, oldest first, until `bytes_wanted` more fit under bytes_max, or none is
  // left that may go. A caller that asks for more room than one message needs sends fewer notices.
  Dropped drop_oldest(OutboxPool& pool, std::uint32_t bytes_wanted, std::uint32_t bytes_max);

  // Removes the gaps that are due now and appends them to `gaps`, in order; others wait for what is
  // queued in front of them. Their notices go to push_front(), the last one first.
  void take_gaps(OutboxPool& pool, std::vector<Gap>& gaps);

  // Drops a room's publications that the kernel has not seen, and forgets its gaps: for one whose
  // gap can no longer be told, since nothing may follow a gap in silence.
  void drop_room(OutboxPool& pool, RoomId room);

  // Drops all that the kernel has not seen a byte of, gaps too: what is left ends a frame, so that
  // a last word may follow.
  void discard_unsent(OutboxPool& pool);

  // Gives everything back. REQUIRES: nothing in flight.
  void clear(OutboxPool& pool);

  [[nodiscard]] bool empty() const { return queued_bytes_ == 0; }
  [[nodiscard]] bool in_flight() const { return in_flight_bytes_ != 0; }
  [[nodiscard]] bool has_gaps() const { return gaps_ != 0; }
  [[nodiscard]] std::uint32_t queued_bytes() const { return queued_bytes_; }

  static constexpr std::uint32_t none = UINT32_MAX;

  // What one send carries at most: more would only wait in the kernel, where no policy reaches it.
  static constexpr std::uint32_t send_bytes_max = 256 << 10;

 private:
  struct Place;

  [[nodiscard]] Place protected_front(const OutboxPool& pool) const;
  void insert(OutboxPool& pool, PayloadRef& payload, Place at);
  void remove(OutboxPool& pool, Place& at);
  void become_gap(OutboxPool& pool, Place& at, std::uint32_t& run);
  void join_following_gap(OutboxPool& pool, std::uint32_t gap, Place& at);

  std::uint32_t first_node_ = none;  // Nodes of the pool, by index.
  std::uint32_t last_node_ = none;
  // Of the entries that the kernel has not seen, no publication stands in front of this one, which
  // is none itself.
  std::uint32_t walked_ = none;
  std::uint32_t gaps_ = 0;          // In the queue.
  std::uint32_t queued_bytes_ = 0;  // Not yet sent, in flight included.
  std::uint32_t in_flight_bytes_ = 0;
  std::uint32_t front_sent_bytes_ = 0;  // Of the first entry, by earlier short sends.
};
static_assert(sizeof(Outbox) <= 28, "Every connection has one.");

}  // namespace parley::core
