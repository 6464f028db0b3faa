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
  return OutboxStatus::queued;
}

std::uint32_t Outbox::take(const OutboxPool& pool, std::span<Bytes> pieces) {
  CHECK(in_flight_bytes_ == 0);
  std::uint32_t count = 0;
  std::uint32_t sent_before = front_sent_bytes_;  // Only of the first.
  std::uint32_t node = first_node_;
  while (node != none && count < pieces.size() && in_flight_bytes_ < send_bytes_max) {
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
    remember_gap(pool, *entry.block);
    dropped +=
        static_cast<std::uint32_t>(entry.block->last_sequence - entry.block->first_sequence + 1);
    queued_bytes_ -= entry.bytes;
    (previous == none ? first_node_ : pool.entries_[previous].next) = entry.next;
    if (last_node_ == node) last_node_ = previous;
    pool.entries_.free(node);
    PayloadRef::adopt(entry.block).reset();
    node = entry.next;
  }
  return dropped;
}

// The oldest of a room go first, so its latest gap only grows at its end; unless something in
// between was sent, and then a new gap begins: what was sent must not be called missing.
void Outbox::remember_gap(OutboxPool& pool, const PayloadBlock& block) {
  CHECK(block.first_sequence <= block.last_sequence);
  for (std::uint32_t node = first_gap_; node != none; node = pool.gaps_[node].next) {
    OutboxPool::GapNode& gap = pool.gaps_[node];
    if (gap.room != block.room) continue;
    if (gap.last + 1 != block.first_sequence) break;
    gap.last = block.last_sequence;
    return;
  }
  const std::uint32_t node = pool.gaps_.allocate();
  pool.gaps_[node] = {.room = block.room,
                      .first = block.first_sequence,
                      .last = block.last_sequence,
                      .next = first_gap_};
  first_gap_ = node;
}

bool Outbox::take_gap(OutboxPool& pool, Gap& gap) {
  if (first_gap_ == none) return false;
  const std::uint32_t node = first_gap_;
  const OutboxPool::GapNode& found = pool.gaps_[node];
  gap = {.room = found.room, .first = found.first, .last = found.last};
  first_gap_ = found.next;
  pool.gaps_.free(node);
  return true;
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
  for (Gap gap; take_gap(pool, gap);) continue;
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
  for (Gap gap; take_gap(pool, gap);) {
  }
}

}  // namespace parley::core
