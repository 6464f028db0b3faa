// The recorded messages of all rooms of a worker, bounded per room (count, bytes) and in all
// (bytes, age). What is dropped is always the oldest of its room, so a room's record is one
// unbroken range of numbers that ends with the last message.
//
// Threading  The owning worker alone.
// Memory     Shares the payloads, and counts the blocks they are in as its own: it may be the last
//            that holds them. Beside the bounds it takes 48 bytes per message.
// Cost       append(): O(1) plus what it evicts.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/time.h"
#include "core/payload/payload.h"

namespace parley::core {

struct HistoryLimits {
  std::uint32_t count_max;       // Per room; 0: nothing is recorded.
  std::uint32_t room_bytes_max;  // Per room, of payload blocks.
  std::uint64_t bytes_max;       // Of all rooms.
  Duration age_max;
};

class History {
 public:
  explicit History(const HistoryLimits& limits) : limits_(limits) {}
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  // `room` is an index of the caller's, dense from 0. REQUIRES: the frame is numbered, one above
  // the room's last.
  void append(std::uint32_t room, PayloadRef payload, UnixMillis time);

  // append() to this room will soon be called: bring what it reads into the cache meanwhile. First
  // the newest entry, and the oldest if it will go; then, when those have come, the oldest message.
  void prefetch_entries(std::uint32_t room) const;
  void prefetch_oldest(std::uint32_t room) const;

  // Forgets a room's record.
  void clear(std::uint32_t room);

  // Drops what is older than age_max at `now`.
  void expire(UnixMillis now);

  // The number of the oldest message on record; 0 when there is none.
  [[nodiscard]] Sequence oldest(std::uint32_t room) const;
  [[nodiscard]] bool empty(std::uint32_t room) const { return oldest(room) == 0; }

  // Fills `out` with the first messages above `since`, ascending; returns how many. Borrowed until
  // the next call that is not const.
  [[nodiscard]] std::uint32_t since(std::uint32_t room, Sequence since,
                                    std::span<PayloadBlock*> out) const;
  // The same for the last messages below `before`, ascending.
  [[nodiscard]] std::uint32_t before(std::uint32_t room, Sequence before,
                                     std::span<PayloadBlock*> out) const;

  // Rooms whose record became empty since the last call; some may have messages again. Valid until
  // the next call that is not const.
  [[nodiscard]] std::span<const std::uint32_t> take_emptied();

  [[nodiscard]] std::uint64_t messages() const { return messages_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;

  struct Entry {
    PayloadRef payload;
    UnixMillis time;
    std::uint32_t room = none;
    std::uint32_t older_in_room = none;
    std::uint32_t newer_in_room = none;
    std::uint32_t older = none;  // Of all rooms.
    std::uint32_t newer = none;  // Also links free entries.
  };
  struct Room {
    std::uint32_t oldest = none;
    std::uint32_t newest = none;
    std::uint32_t count = 0;
    std::uint32_t bytes = 0;
    Sequence last = 0;
  };

  [[nodiscard]] bool is_full(const Room& room) const;
  std::uint32_t new_entry();
  void drop_oldest_of(std::uint32_t room);

  const HistoryLimits limits_;
  std::vector<Entry> entries_;
  std::vector<Room> rooms_;
  std::vector<std::uint32_t> emptied_;
  std::vector<std::uint32_t> emptied_taken_;
  std::uint32_t free_ = none;
  std::uint32_t oldest_ = none;
  std::uint32_t newest_ = none;
  std::uint64_t messages_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace parley::core
