#include "core/outbox/outbox.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/outbox/outbox_pool.h"

namespace parley::core {

// The end of what must stay where it is: the last entry that the kernel has seen a byte of.
struct Outbox::Cut {
  std::uint32_t last_kept;   // `none`: every entry may go.
  std::uint32_t first_free;  // The entry behind it; `none`: no entry may go.
};

Outbox::Cut Outbox::protected_front(const OutboxPool& pool) const {
  const std::uint32_t seen_bytes = front_sent_bytes_ + in_flight_bytes_;
  Cut cut{none, first_node_};
  for (std::uint32_t offset = 0; offset < seen_bytes;) {
    const OutboxPool::Entry& entry = pool.entries_[cut.first_free];
    offset += entry.bytes;
    cut = {cut.first_free, entry.next};
  }
  return cut;
}

OutboxStatus Outbox::push(OutboxPool& pool, PayloadRef& payload, std::uint32_t bytes_max) {
  const auto bytes = static_cast<std::uint32_t>(payload->frame().size());
  CHECK(bytes > 0);
  if (bytes > bytes_max || queued_bytes_ > bytes_max - bytes) return OutboxStatus::full;
  const std::uint32_t node = pool.entries_.allocate();
  pool.entries_[node] = {.block = payload.release(), .next = none, .bytes = bytes};
  if (last_node_ == none) {
    CHECK(first_node_ == none);
    first_node_ = node;
  } else {
    pool.entries_[last_node_].next = node;
  }
  last_node_ = node;
  queued_bytes_ += bytes;
  move_gaps(pool, none, node);
  return OutboxStatus::queued;
}

OutboxStatus Outbox::push_front(OutboxPool& pool, PayloadRef& payload, std::uint32_t bytes_max) {
  const Cut cut = protected_front(pool);
  if (cut.first_free == none) return push(pool, payload, bytes_max);
  const auto bytes = static_cast<std::uint32_t>(payload->frame().size());
  CHECK(bytes > 0);
  if (bytes > bytes_max || queued_bytes_ > bytes_max - bytes) return OutboxStatus::full;
  const std::uint32_t node = pool.entries_.allocate();
  pool.entries_[node] = {.block = payload.release(), .next = cut.first_free, .bytes = bytes};
  if (cut.last_kept == none) {
    first_node_ = node;
  } else {
    pool.entries_[cut.last_kept].next = node;
  }
  queued_bytes_ += bytes;
  move_gaps(pool, cut.first_free, node);
  return OutboxStatus::queued;
}

std::uint32_t Outbox::take(const OutboxPool& pool, std::span<Bytes> pieces) {
  CHECK(in_flight_bytes_ == 0);
  std::uint32_t count = 0;
  std::uint32_t sent_before = front_sent_bytes_;  // Only of the first.
  std::uint32_t node = first_node_;
  while (node != none && count < pieces.size() && in_flight_bytes_ < send_bytes_max) {
    if (count > 0 && is_behind_gap(pool, node)) break;
    const OutboxPool::Entry& entry = pool.entries_[node];
    const Bytes unsent = entry.block->frame().subspan(sent_before);
    const Bytes piece =
        unsent.first(std::min<std::size_t>(unsent.size(), send_bytes_max - in_flight_bytes_));
    CHECK(!piece.empty());
    pieces[count++] = piece;
    in_flight_bytes_ += static_cast<std::uint32_t>(piece.size());
    sent_before = 0;
    node = entry.next;
  }
  return count;
}

void Outbox::on_sent(OutboxPool& pool, std::uint32_t bytes) {
  CHECK(in_flight());
  CHECK(bytes <= in_flight_bytes_);
  in_flight_bytes_ = 0;
  queued_bytes_ -= bytes;
  front_sent_bytes_ += bytes;
  while (first_node_ != none && front_sent_bytes_ >= pool.entries_[first_node_].bytes) {
    const std::uint32_t node = first_node_;
    const OutboxPool::Entry entry = pool.entries_[node];
    front_sent_bytes_ -= entry.bytes;
    first_node_ = entry.next;
    move_gaps(pool, node, entry.next);
    pool.entries_.free(node);
    PayloadRef::adopt(entry.block).reset();
  }
  if (first_node_ != none) return;
  last_node_ = none;
  CHECK(front_sent_bytes_ == 0);
  CHECK(queued_bytes_ == 0);
}

std::uint32_t Outbox::drop_oldest(OutboxPool& pool, std::uint32_t bytes_wanted,
                                  std::uint32_t bytes_max) {
  const std::uint32_t queued_wanted = bytes_max > bytes_wanted ? bytes_max - bytes_wanted : 0;
  if (queued_bytes_ <= queued_wanted) return 0;
  std::uint32_t dropped = 0;
  auto [previous, node] = protected_front(pool);
  while (node != none && queued_bytes_ > queued_wanted) {
    const OutboxPool::Entry entry = pool.entries_[node];
    if (entry.block->first_sequence == 0) {
      previous = node;
      node = entry.next;
      continue;
    }
    move_gaps(pool, node, entry.next);
    remember_gap(pool, *entry.block, entry.next);
    dropped +=
        static_cast<std::uint32_t>(entry.block->last_sequence - entry.block->first_sequence + 1);
    node = drop(pool, previous, node);
  }
  return dropped;
}

// Returns the entry behind it. `previous` is the one in front of it, or `none`.
std::uint32_t Outbox::drop(OutboxPool& pool, std::uint32_t previous, std::uint32_t node) {
  const OutboxPool::Entry entry = pool.entries_[node];
  queued_bytes_ -= entry.bytes;
  (previous == none ? first_node_ : pool.entries_[previous].next) = entry.next;
  if (last_node_ == node) last_node_ = previous;
  pool.entries_.free(node);
  PayloadRef::adopt(entry.block).reset();
  return entry.next;
}

void Outbox::drop_room(OutboxPool& pool, RoomId room) {
  auto [previous, node] = protected_front(pool);
  while (node != none) {
    const OutboxPool::Entry entry = pool.entries_[node];
    if (entry.block->first_sequence == 0 || entry.block->room != room) {
      previous = node;
      node = entry.next;
      continue;
    }
    move_gaps(pool, node, entry.next);
    node = drop(pool, previous, node);
  }
  for (std::uint32_t gap = first_gap_; gap != none;) {
    const std::uint32_t next = pool.gaps_[gap].next;
    if (pool.gaps_[gap].room == room) forget_gap(pool, gap);
    gap = next;
  }
}

// What goes missing beside an earlier gap of the room makes that gap longer. With something kept in
// between there are two, each in its place: what was sent must not be called missing.
void Outbox::remember_gap(OutboxPool& pool, const PayloadBlock& block, std::uint32_t before) {
  CHECK(block.first_sequence <= block.last_sequence);
  for (std::uint32_t node = first_gap_; node != none; node = pool.gaps_[node].next) {
    OutboxPool::GapNode& gap = pool.gaps_[node];
    if (gap.room != block.room || gap.before != before) continue;
    if (gap.last + 1 != block.first_sequence) continue;
    gap.last = block.last_sequence;
    return join_gaps(pool, node);
  }
  const std::uint32_t node = pool.gaps_.allocate();
  pool.gaps_[node] = {.room = block.room,
                      .first = block.first_sequence,
                      .last = block.last_sequence,
                      .next = first_gap_,
                      .before = before};
  first_gap_ = node;
  join_gaps(pool, node);
}

// The gap that begins where `earlier` ends, if they stand in one place: what was in flight between
// them can be dropped after a short send.
void Outbox::join_gaps(OutboxPool& pool, std::uint32_t earlier) {
  OutboxPool::GapNode& gap = pool.gaps_[earlier];
  for (std::uint32_t node = first_gap_; node != none; node = pool.gaps_[node].next) {
    const OutboxPool::GapNode& later = pool.gaps_[node];
    if (later.room != gap.room || later.before != gap.before) continue;
    if (later.first != gap.last + 1) continue;
    gap.last = later.last;
    return forget_gap(pool, node);
  }
}

void Outbox::move_gaps(OutboxPool& pool, std::uint32_t from, std::uint32_t to) {
  for (std::uint32_t node = first_gap_; node != none; node = pool.gaps_[node].next) {
    if (pool.gaps_[node].before == from) pool.gaps_[node].before = to;
  }
}

bool Outbox::is_behind_gap(const OutboxPool& pool, std::uint32_t node) const {
  for (std::uint32_t gap = first_gap_; gap != none; gap = pool.gaps_[gap].next) {
    if (pool.gaps_[gap].before == node) return true;
  }
  return false;
}

bool Outbox::take_gap(OutboxPool& pool, Gap& gap) {
  if (first_gap_ == none) return false;
  const std::uint32_t due_before = protected_front(pool).first_free;
  for (std::uint32_t node = first_gap_; node != none; node = pool.gaps_[node].next) {
    const OutboxPool::GapNode& found = pool.gaps_[node];
    if (found.before != due_before) continue;
    gap = {.room = found.room, .first = found.first, .last = found.last};
    forget_gap(pool, node);
    return true;
  }
  return false;
}

void Outbox::forget_gap(OutboxPool& pool, std::uint32_t node) {
  const std::uint32_t next = pool.gaps_[node].next;
  if (first_gap_ == node) {
    first_gap_ = next;
  } else {
    std::uint32_t previous = first_gap_;
    while (pool.gaps_[previous].next != node) previous = pool.gaps_[previous].next;
    pool.gaps_[previous].next = next;
  }
  pool.gaps_.free(node);
}

void Outbox::discard_unsent(OutboxPool& pool) {
  auto [last_kept, node] = protected_front(pool);
  while (node != none) {
    const OutboxPool::Entry entry = pool.entries_[node];
    queued_bytes_ -= entry.bytes;
    pool.entries_.free(node);
    PayloadRef::adopt(entry.block).reset();
    node = entry.next;
  }
  (last_kept == none ? first_node_ : pool.entries_[last_kept].next) = none;
  last_node_ = last_kept;
  while (first_gap_ != none) forget_gap(pool, first_gap_);
}

void Outbox::clear(OutboxPool& pool) {
  CHECK(!in_flight());
  while (first_node_ != none) {
    const std::uint32_t node = first_node_;
    const OutboxPool::Entry entry = pool.entries_[node];
    first_node_ = entry.next;
    pool.entries_.free(node);
    PayloadRef::adopt(entry.block).reset();
  }
  last_node_ = none;
  queued_bytes_ = 0;
  front_sent_bytes_ = 0;
  while (first_gap_ != none) forget_gap(pool, first_gap_);
}

}  // namespace parley::core
