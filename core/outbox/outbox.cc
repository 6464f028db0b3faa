#include "core/outbox/outbox.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/outbox/outbox_pool.h"

namespace parley::core {

// A place in the queue: an entry and the one in front of it; `none` where there is none.
struct Outbox::Place {
  std::uint32_t previous;
  std::uint32_t node;
};

// Behind what must stay where it is: the last entry that the kernel has seen a byte of.
Outbox::Place Outbox::protected_front(const OutboxPool& pool) const {
  const std::uint32_t seen_bytes = front_sent_bytes_ + in_flight_bytes_;
  Place at{none, first_node_};
  for (std::uint32_t offset = 0; offset < seen_bytes;) {
    const OutboxPool::Entry& entry = pool.entries_[at.node];
    CHECK(!entry.is_gap());
    offset += entry.bytes;
    at = {at.node, entry.next};
  }
  return at;
}

// In front of `at.node`.
void Outbox::insert(OutboxPool& pool, PayloadRef& payload, Place at) {
  const auto bytes = static_cast<std::uint32_t>(payload->frame().size());
  const std::uint32_t node = pool.entries_.allocate();
  pool.entries_[node] = {.block = payload.release(), .next = at.node, .bytes = bytes};
  (at.previous == none ? first_node_ : pool.entries_[at.previous].next) = node;
  if (at.node == none) last_node_ = node;
  queued_bytes_ += bytes;
}

OutboxStatus Outbox::push(OutboxPool& pool, PayloadRef& payload, std::uint32_t bytes_max) {
  const auto bytes = static_cast<std::uint32_t>(payload->frame().size());
  CHECK(bytes > 0);
  if (bytes > bytes_max || queued_bytes_ > bytes_max - bytes) return OutboxStatus::full;
  insert(pool, payload, {last_node_, none});
  return OutboxStatus::queued;
}

OutboxStatus Outbox::push_front(OutboxPool& pool, PayloadRef& payload, std::uint32_t bytes_max) {
  const auto bytes = static_cast<std::uint32_t>(payload->frame().size());
  CHECK(bytes > 0);
  if (bytes > bytes_max || queued_bytes_ > bytes_max - bytes) return OutboxStatus::full;
  insert(pool, payload, protected_front(pool));
  return OutboxStatus::queued;
}

std::uint32_t Outbox::take(const OutboxPool& pool, std::span<Bytes> pieces) {
  CHECK(in_flight_bytes_ == 0);
  std::uint32_t count = 0;
  std::uint32_t sent_before = front_sent_bytes_;  // Only of the first.
  std::uint32_t node = first_node_;
  while (node != none && count < pieces.size() && in_flight_bytes_ < send_bytes_max) {
    const OutboxPool::Entry& entry = pool.entries_[node];
    if (entry.is_gap()) break;
    const Bytes unsent = entry.block->frame().subspan(sent_before);
    const Bytes piece =
        unsent.first(std::min<std::size_t>(unsent.size(), send_bytes_max - in_flight_bytes_));
    CHECK(!piece.empty());
    pieces[count++] = piece;
    in_flight_bytes_ += static_cast<std::uint32_t>(piece.size());
    sent_before = 0;
    if (node == walked_) walked_ = none;
    node = entry.next;
  }
  return count;
}

void Outbox::on_sent(OutboxPool& pool, std::uint32_t bytes) {
  CHECK(in_flight());
  CHECK(bytes <= in_flight_bytes_);
  if (bytes < in_flight_bytes_) walked_ = none;  // Publications may stand in front of it again.
  in_flight_bytes_ = 0;
  queued_bytes_ -= bytes;
  front_sent_bytes_ += bytes;
  while (first_node_ != none && !pool.entries_[first_node_].is_gap() &&
         front_sent_bytes_ >= pool.entries_[first_node_].bytes) {
    const std::uint32_t node = first_node_;
    const OutboxPool::Entry entry = pool.entries_[node];
    front_sent_bytes_ -= entry.bytes;
    first_node_ = entry.next;
    pool.entries_.free(node);
    PayloadRef::adopt(entry.block).reset();
  }
  if (first_node_ != none) return;
  last_node_ = none;
  CHECK(front_sent_bytes_ == 0);
  CHECK(queued_bytes_ == 0);
}

Dropped Outbox::drop_oldest(OutboxPool& pool, std::uint32_t bytes_wanted, std::uint32_t bytes_max) {
  const std::uint32_t queued_wanted = bytes_max > bytes_wanted ? bytes_max - bytes_wanted : 0;
  Dropped dropped;
  if (queued_bytes_ <= queued_wanted) return dropped;
  Place at = walked_ == none ? protected_front(pool) : Place{walked_, pool.entries_[walked_].next};
  std::uint32_t run = none;  // The first of the gaps directly in front of `at`.
  while (at.node != none && queued_bytes_ > queued_wanted) {
    const OutboxPool::Entry& entry = pool.entries_[at.node];
    if (!entry.is_gap() && entry.block->first_sequence != 0) {
      dropped.publications +=
          static_cast<std::uint32_t>(entry.block->last_sequence - entry.block->first_sequence + 1);
      become_gap(pool, at, run);
      continue;
    }
    dropped.walked_past += 1;
    if (!entry.is_gap()) {
      walked_ = at.node;
      run = none;
    } else if (run == none) {
      run = at.node;
    }
    at = {at.node, entry.next};
  }
  return dropped;
}

// What goes missing beside an earlier gap of the room makes that gap longer; else it becomes a gap
// in its place. With something kept in between there are two: what is sent must not be called
// missing. Moves `at` on.
void Outbox::become_gap(OutboxPool& pool, Place& at, std::uint32_t& run) {
  OutboxPool::Entry& entry = pool.entries_[at.node];
  const PayloadBlock& block = *entry.block;
  CHECK(block.first_sequence <= block.last_sequence);
  for (std::uint32_t node = run; node != none && node != at.node; node = pool.entries_[node].next) {
    OutboxPool::GapNode& gap = pool.gaps_[pool.entries_[node].gap];
    if (gap.room != block.room || gap.last + 1 != block.first_sequence) continue;
    gap.last = block.last_sequence;
    remove(pool, at);
    return join_following_gap(pool, pool.entries_[node].gap, at);
  }
  queued_bytes_ -= entry.bytes;
  const std::uint32_t gap = pool.gaps_.allocate();
  pool.gaps_[gap] = {
      .room = block.room, .first = block.first_sequence, .last = block.last_sequence, .next = none};
  PayloadRef::adopt(entry.block).reset();
  entry.block = nullptr;
  entry.gap = gap;
  gaps_ += 1;
  if (run == none) run = at.node;
  at = {at.node, entry.next};
  join_following_gap(pool, gap, at);
}

// The gap that begins where this one ends, if it stands in the same place: what was in flight in
// front of it can be dropped after a short send.
void Outbox::join_following_gap(OutboxPool& pool, std::uint32_t gap_index, Place& at) {
  OutboxPool::GapNode& gap = pool.gaps_[gap_index];
  for (Place next = at; next.node != none && pool.entries_[next.node].is_gap();
       next = {next.node, pool.entries_[next.node].next}) {
    const OutboxPool::GapNode& later = pool.gaps_[pool.entries_[next.node].gap];
    if (later.room != gap.room || later.first != gap.last + 1) continue;
    gap.last = later.last;
    if (next.node == at.node) return remove(pool, at);
    return remove(pool, next);
  }
}

// Takes an entry or a gap out of the queue; `at` is then the one behind it.
void Outbox::remove(OutboxPool& pool, Place& at) {
  const std::uint32_t node = at.node;
  const OutboxPool::Entry entry = pool.entries_[node];
  (at.previous == none ? first_node_ : pool.entries_[at.previous].next) = entry.next;
  if (last_node_ == node) last_node_ = at.previous;
  at.node = entry.next;
  pool.entries_.free(node);
  if (entry.is_gap()) {
    pool.gaps_.free(entry.gap);
    gaps_ -= 1;
    return;
  }
  queued_bytes_ -= entry.bytes;
  PayloadRef::adopt(entry.block).reset();
}

void Outbox::take_gaps(OutboxPool& pool, std::vector<Gap>& gaps) {
  Place at = protected_front(pool);
  while (at.node != none && pool.entries_[at.node].is_gap()) {
    const OutboxPool::GapNode& gap = pool.gaps_[pool.entries_[at.node].gap];
    gaps.push_back({.room = gap.room, .first = gap.first, .last = gap.last});
    remove(pool, at);
  }
}

void Outbox::drop_room(OutboxPool& pool, RoomId room) {
  Place at = protected_front(pool);
  while (at.node != none) {
    const OutboxPool::Entry& entry = pool.entries_[at.node];
    const bool of_room = entry.is_gap()
                             ? pool.gaps_[entry.gap].room == room
                             : entry.block->first_sequence != 0 && entry.block->room == room;
    if (of_room) {
      remove(pool, at);
    } else {
      at = {at.node, entry.next};
    }
  }
}

void Outbox::discard_unsent(OutboxPool& pool) {
  Place at = protected_front(pool);
  while (at.node != none) remove(pool, at);
  walked_ = none;
}

void Outbox::clear(OutboxPool& pool) {
  CHECK(!in_flight());
  queued_bytes_ += front_sent_bytes_;  // As if the kernel had seen nothing of the first entry.
  front_sent_bytes_ = 0;
  discard_unsent(pool);
  CHECK(queued_bytes_ == 0 && first_node_ == none);
}

}  // namespace parley::core
