// The members of one room by name, as far as its home remembers them: who is there, in the order
// in which they came.
//
// Threading  The owning worker alone.
// Memory     One block a room: 12 bytes and the packed user a member, which is 26 for most guests,
//            and up to an eighth of all that for those to come. An empty roster owns nothing.
// Cost       Everything walks the block from its start, so this is for rooms of some hundreds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/types.h"

namespace parley::core {

// A connection of one worker or another.
struct RoomMember {
  ConnId conn;
  WorkerId worker;

  friend constexpr bool operator==(RoomMember, RoomMember) = default;
};

class Roster {
 public:
  // More than any identity packs to (core/chat/packed_identity.h).
  static constexpr std::size_t user_bytes_max = (1u << 15) - 1;

  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] bool has(RoomMember member) const;
  // A user is bytes (core/chat/packed_identity.h), and may be there as several members.
  [[nodiscard]] bool has_user(std::string_view user) const;

  // A member who became another user stands there twice while its leave is on its way: its next
  // join may overtake that (docs/decisions/0007). REQUIRES: user.size() <= user_bytes_max.
  void add(RoomMember member, std::string_view user);
  // The user as whom the member was there, and came first; empty when it was not there.
  [[nodiscard]] std::string take(RoomMember member);

  // Appends each user once. Borrowed until the next call that is not const.
  void list(std::vector<std::string_view>& users) const;

 private:
  struct Entry;

  [[nodiscard]] Entry entry_at(std::size_t offset) const;
  void list_at_next(std::size_t at, std::string_view user);
  void give_back();

  std::vector<std::byte> entries_;  // Heads, each with its user behind it, unaligned.
  std::uint32_t size_ = 0;
};

}  // namespace parley::core
