#include "core/rooms/history.h"

#include <algorithm>

#include "core/base/check.h"

namespace parley::core {

namespace {

// What keeping a message takes: the whole block, however small the frame in it is.
std::uint32_t kept_bytes(const PayloadRef& payload) {
  return static_cast<std::uint32_t>(sizeof(PayloadBlock)) + payload->capacity;
}

}  // namespace

bool History::is_full(const Room& room) const {
  // By bytes, when another message as large as the average does not fit.
  return room.count >= limits_.count_max ||
         room.bytes + room.bytes / std::max(room.count, 1u) > limits_.room_bytes_max;
}

void History::prefetch_entries(std::uint32_t room) const {
  if (room >= rooms_.size() || rooms_[room].oldest == none) return;
  __builtin_prefetch(&entries_[rooms_[room].newest], 1);
  if (is_full(rooms_[room])) __builtin_prefetch(&entries_[rooms_[room].oldest], 1);
}

void History::prefetch_oldest(std::uint32_t room) const {
  if (room >= rooms_.size() || rooms_[room].oldest == none || !is_full(rooms_[room])) return;
  const Entry& oldest = entries_[rooms_[room].oldest];
  __builtin_prefetch(oldest.payload.get(), 1);
  if (oldest.newer_in_room != none) __builtin_prefetch(&entries_[oldest.newer_in_room], 1);
}

void History::append(std::uint32_t room, PayloadRef payload, UnixMillis time) {
  CHECK(payload->first_sequence != 0);
  CHECK(payload->first_sequence == payload->last_sequence);
  const std::uint32_t bytes = kept_bytes(payload);
  if (limits_.count_max == 0 || bytes > limits_.room_bytes_max || bytes > limits_.bytes_max) {
    // Not recording this one ends the unbroken range, so what is before it must go too.
    clear(room);
    return;
  }
  if (room >= rooms_.size()) rooms_.resize(room + 1);
  while (rooms_[room].count >= limits_.count_max ||
         (rooms_[room].count > 0 && rooms_[room].bytes + bytes > limits_.room_bytes_max)) {
    drop_oldest_of(room);
  }
  while (bytes_ + bytes > limits_.bytes_max) drop_oldest_of(entries_[oldest_].room);

  const std::uint32_t index = new_entry();
  Entry& entry = entries_[index];
  Room& record = rooms_[room];
  CHECK(record.newest == none || record.last + 1 == payload->first_sequence);
  record.last = payload->last_sequence;
  entry.payload = std::move(payload);
  entry.time = time;
  entry.room = room;
  entry.older_in_room = record.newest;
  entry.newer_in_room = none;
  entry.older = newest_;
  entry.newer = none;
  (record.newest == none ? record.oldest : entries_[record.newest].newer_in_room) = index;
  record.newest = index;
  (newest_ == none ? oldest_ : entries_[newest_].newer) = index;
  newest_ = index;
  record.count += 1;
  record.bytes += bytes;
  messages_ += 1;
  bytes_ += bytes;
}

void History::clear(std::uint32_t room) {
  if (room >= rooms_.size()) return;
  while (rooms_[room].count > 0) drop_oldest_of(room);
}

void History::expire(UnixMillis now) {
  const std::int64_t horizon = now.value - limits_.age_max.ns / 1'000'000;
  while (oldest_ != none && entries_[oldest_].time.value < horizon) {
    drop_oldest_of(entries_[oldest_].room);
  }
}

Sequence History::oldest(std::uint32_t room) const {
  if (room >= rooms_.size() || rooms_[room].oldest == none) return 0;
  return entries_[rooms_[room].oldest].payload->first_sequence;
}

std::uint32_t History::since(std::uint32_t room, Sequence since,
                             std::span<PayloadBlock*> out) const {
  if (empty(room)) return 0;
  // The range is unbroken: step back from the end to the first that is wanted.
  std::uint32_t at = rooms_[room].newest;
  if (entries_[at].payload->last_sequence <= since) return 0;
  while (entries_[at].older_in_room != none &&
         entries_[entries_[at].older_in_room].payload->last_sequence > since) {
    at = entries_[at].older_in_room;
  }
  std::uint32_t count = 0;
  for (; at != none && count < out.size(); at = entries_[at].newer_in_room) {
    out[count++] = entries_[at].payload.get();
  }
  return count;
}

std::uint32_t History::before(std::uint32_t room, Sequence before,
                              std::span<PayloadBlock*> out) const {
  if (empty(room)) return 0;
  std::uint32_t at = rooms_[room].newest;
  while (at != none && entries_[at].payload->first_sequence >= before) {
    at = entries_[at].older_in_room;
  }
  std::uint32_t count = 0;
  for (; at != none && count < out.size(); at = entries_[at].older_in_room) {
    out[count++] = entries_[at].payload.get();
  }
  std::reverse(out.begin(), out.begin() + count);
  return count;
}

std::span<const std::uint32_t> History::take_emptied() {
  emptied_taken_.swap(emptied_);
  emptied_.clear();
  return emptied_taken_;
}

std::uint32_t History::new_entry() {
  if (free_ == none) {
    entries_.emplace_back();
    return static_cast<std::uint32_t>(entries_.size() - 1);
  }
  const std::uint32_t index = free_;
  free_ = entries_[index].newer;
  return index;
}

void History::drop_oldest_of(std::uint32_t room) {
  Room& record = rooms_[room];
  CHECK(record.oldest != none);
  const std::uint32_t index = record.oldest;
  Entry& entry = entries_[index];
  const std::uint32_t bytes = kept_bytes(entry.payload);

  record.oldest = entry.newer_in_room;
  (record.oldest == none ? record.newest : entries_[record.oldest].older_in_room) = none;
  (entry.older == none ? oldest_ : entries_[entry.older].newer) = entry.newer;
  (entry.newer == none ? newest_ : entries_[entry.newer].older) = entry.older;
  record.count -= 1;
  record.bytes -= bytes;
  if (record.count == 0) emptied_.push_back(room);
  messages_ -= 1;
  bytes_ -= bytes;

  entry = Entry{};
  entry.newer = free_;
  free_ = index;
}

}  // namespace parley::core
