#include "loadgen/engine/room.h"

#include "core/base/check.h"

namespace parley::loadgen {

Room::Room(const RoomShare& share, std::uint32_t first_slot, std::uint32_t streams,
           const RoomNames& names, std::string_view message)
    : share_(share),
      first_slot_(first_slot),
      name_(names.name(share.room)),
      message_(parts_of(filled(message, name_, share.room, share.first_member))),
      sent_(streams, Ledger::not_known),
      ledger_(share.members, streams) {
  for (std::uint32_t member = 0; member < share.members; ++member) {
    const std::uint32_t stream = share.first_member + member;
    if (stream >= streams) break;
    publishers_.push_back({.stream = stream, .member = member});
    sent_[stream] = 0;
  }
}

const Room::Publisher& Room::next_publisher() {
  CHECK(!publishers_.empty());
  const Publisher& publisher = publishers_[turn_];
  turn_ = turn_ + 1 == publishers_.size() ? 0 : turn_ + 1;
  return publisher;
}

std::optional<std::uint32_t> Room::stream_of(std::uint32_t member) const {
  const std::uint32_t stream = share_.first_member + member;
  if (member >= share_.members || stream >= sent_.size()) return std::nullopt;
  return stream;
}

}  // namespace parley::loadgen
