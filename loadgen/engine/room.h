// A worker's part of one room: its members, who publishes, what was sent, and what each member must
// have received.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "loadgen/engine/shares.h"
#include "loadgen/engine/template_text.h"
#include "loadgen/truth/ledger.h"

namespace parley::loadgen {

class Room {
 public:
  struct Publisher {
    std::uint32_t stream{};  // Its number among the room's publishers.
    std::uint32_t member{};  // In this part of the room.
  };

  // A message of a closed loop that has not reached everybody.
  struct InFlight {
    std::uint32_t stream{};
    std::uint32_t number{};
    std::uint32_t left{};  // Members that lack it.
    bool open = false;
    Instant since;  // When it went out.
  };

  // `first_slot` is that of its first member: the others follow. `streams` publishers has the room
  // in all, the first of its members.
  Room(const RoomShare& share, std::uint32_t first_slot, std::uint32_t streams,
       const RoomNames& names, std::string_view message);

  [[nodiscard]] std::uint32_t slot_of(std::uint32_t member) const { return first_slot_ + member; }
  [[nodiscard]] const RoomShare& share() const { return share_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const MessageParts& message() const { return message_; }
  [[nodiscard]] std::span<const Publisher> publishers() const { return publishers_; }
  [[nodiscard]] Ledger& ledger() { return ledger_; }

  // The publisher whose turn it is; moves on to the next. REQUIRES: there is one here.
  [[nodiscard]] const Publisher& next_publisher();
  // The number of a stream's next message. REQUIRES: one of ours.
  [[nodiscard]] std::uint32_t take_number(std::uint32_t stream) { return sent_[stream]++; }
  // The stream that a member publishes, if it does.
  [[nodiscard]] std::optional<std::uint32_t> stream_of(std::uint32_t member) const;

  // How many of each stream were sent; Ledger::not_known for those of other workers.
  [[nodiscard]] std::span<const std::uint32_t> sent() const { return sent_; }
  [[nodiscard]] std::vector<InFlight>& in_flight() { return in_flight_; }

  std::uint32_t live = 0;  // Members that are owed what is published: not those that read slowly.

 private:
  RoomShare share_;
  std::uint32_t first_slot_;
  std::string name_;
  MessageParts message_;
  std::vector<Publisher> publishers_;
  std::vector<std::uint32_t> sent_;
  std::vector<InFlight> in_flight_;
  Ledger ledger_;
  std::size_t turn_ = 0;
};

}  // namespace parley::loadgen
