// The rooms whose home is this worker: who numbers and records each publication, knows which
// workers have members, and tells the room who came and went.
//
// Threading  The owning worker alone; all requests and answers are mail.
// Cost       A publication costs per worker with members, not per member.
// Memory     A room lives while it has members or history, or was named in the configuration; its
//            epoch ends with it. The roster (core/rooms/roster.h) names at most
//            presence_members_max members of a room; when one that was larger has shrunk, their
//            workers are asked who is there.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "core/base/types.h"
#include "core/chat/hub_config.h"
#include "core/chat/identity.h"
#include "core/chat/post.h"
#include "core/chat/vocabulary.h"
#include "core/rooms/history.h"
#include "core/rooms/room_table.h"

namespace parley::core {

// Bits of Mail::flags in mail to and from a room's home.
struct RoomMailFlags {
  // join: the request says from where. ask_history: goes on with what such a join missed.
  // reply: there is more of that; ask again with these numbers.
  static constexpr std::uint8_t resume = 1;
  static constexpr std::uint8_t before = 4;  // ask_history: number is `before`, else `since`.
  static constexpr std::uint8_t last = 8;    // reply: the request has been answered.
  static constexpr std::uint8_t signal = 2;  // publish, deliver: not numbered, not to `conn`.
};

class RoomHomes {
 public:
  struct Borrowed {  // All outlive this.
    Post& post;
    PayloadPool& pool;
    Encoder& encoder;
    Vocabulary& vocabulary;
  };

  RoomHomes(const HubConfig& config, WorkerId self, Borrowed borrowed);
  RoomHomes(const RoomHomes&) = delete;
  RoomHomes& operator=(const RoomHomes&) = delete;
  ~RoomHomes();

  void begin_turn(UnixMillis now) { now_ = now; }

  void on_join(Mail&& mail);
  void on_leave(const Mail& mail);
  // One of the members whose name was asked for.
  void on_member(const Mail& mail);
  void on_publish(Mail&& mail);
  // Something will soon be asked of the room, or be published in it: brings what that reads into
  // the cache meanwhile. Rooms are many, and each is cold when its turn comes.
  void expect(RoomId id) const { table_.expect(id); }
  void expect_publication(RoomId id) const;
  void on_ask_history(const Mail& mail);
  void on_ask_presence(const Mail& mail);

  // Expires history and empty rooms, announces sizes of large rooms.
  void tick();

  // A room that the configuration names exists from the start and always.
  void create_permanent(RoomId id, std::string_view name);

  [[nodiscard]] std::uint32_t rooms() const { return table_.size(); }
  [[nodiscard]] std::uint64_t publications() const { return publications_; }
  [[nodiscard]] const History& history() const { return history_; }
  void check_invariants() const;

 private:
  struct Room;
  // What send_range() did not fit into one answer.
  struct Rest {
    Sequence since{};
    std::uint64_t messages{};
  };

  [[nodiscard]] std::uint32_t find_or_create(RoomId id, std::string_view name);
  void drop_if_idle(std::uint32_t index);
  void tell_members(Room& room, const PayloadRef& frame, const Mail* except);
  void add_to_roster(Room& room, const Mail& mail);
  void complete_roster(Room& room);
  void tell_size(Room& room);
  void tell_arrival(Room& room, const Mail& mail);
  void tell_departure(Room& room, std::string_view user);
  void reply(const Mail& request, PayloadRef frame);
  void send_joined(std::uint32_t index, const Mail& mail, bool resumed);
  void tell_reset(const Room& room, const Mail& mail);
  void send_recent(std::uint32_t index, const Mail& mail);
  [[nodiscard]] Rest send_range(std::uint32_t index, const Mail& mail, Rest wanted,
                                bool follows_by_itself);
  void send_last(const Mail& mail, Rest rest);
  [[nodiscard]] std::span<PayloadBlock* const> next_part(std::uint32_t index, const Rest& wanted,
                                                         std::uint64_t& bytes_left);
  [[nodiscard]] static std::span<PayloadBlock* const> newest_that_fit(
      std::span<PayloadBlock* const> messages);
  void refuse(const Mail& mail, Refusal why);
  [[nodiscard]] std::span<const IdentityView> users_of(const Room& room);

  const HubConfig config_;
  const WorkerId self_;
  Borrowed borrowed_;
  UnixMillis now_;
  UnixMillis sizes_told_;
  std::uint64_t epochs_ = 0;
  std::uint64_t publications_ = 0;
  History history_;
  RoomTable table_;
  std::vector<std::unique_ptr<Room>> rooms_;  // By index; null: free.
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> sizes_due_;  // Large rooms whose size changed.
  std::vector<PayloadBlock*> messages_;   // Scratch.
  std::vector<std::string_view> packed_;  // Scratch, as the next two.
  std::vector<IdentitySpelling> spellings_;
  std::vector<IdentityView> users_;
};

}  // namespace parley::core
