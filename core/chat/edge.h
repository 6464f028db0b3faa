// The connections of this worker as chat sessions, and the members that rooms have among them,
// whatever worker the rooms are homed on.
//
// Threading  The owning worker alone.
// Order      A member is live from the moment the room's `joined` mail arrives, so it gets each
//            publication numbered above the one that mail names, and none below. Publications
//            gather per room during a turn; whatever changes who is live flushes them first.
// Cost       Per turn and room with publications: one frame sequence is built, then a reference
//            per member. Per message and member: nothing.
// Memory     64 bytes a session (core/chat/session.h) and 4 a member in its room; what bursts made
//            grow is given back.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/base/types.h"
#include "core/chat/edge_sink.h"
#include "core/chat/encoder.h"
#include "core/chat/gatekeeper.h"
#include "core/chat/hub_config.h"
#include "core/chat/identity.h"
#include "core/chat/post.h"
#include "core/chat/session.h"
#include "core/chat/session_table.h"
#include "core/chat/vocabulary.h"
#include "core/rooms/room_table.h"

namespace parley::core {

class Edge {
 public:
  struct Borrowed {  // All outlive this.
    Post& post;
    Gatekeeper& gatekeeper;
    PayloadPool& pool;
    EdgeSink& sink;
    Encoder& encoder;
    Vocabulary& vocabulary;
  };

  Edge(const HubConfig& config, WorkerId self, std::uint16_t worker_count, Borrowed borrowed);
  Edge(const Edge&) = delete;
  Edge& operator=(const Edge&) = delete;
  ~Edge();

  Session& open(ConnId conn, const IdentityView& identity);
  // Leaves all rooms. REQUIRES: open.
  void close(ConnId conn);
  // Null when the connection has gone, or its slot belongs to another.
  [[nodiscard]] Session* find(ConnId conn) { return sessions_.find(conn); }

  JoinStatus join(Session& session, std::string_view room, const JoinOptions& options,
                  const IdentityView& user);
  // REQUIRES: a member, or joining.
  void leave(Session& session, RoomId room);
  // Asks a room's home, after what the session asked before has been answered and has left: an
  // answer may be large, and a client may ask for many. False: too many wait already.
  [[nodiscard]] bool ask(Session& session, Mail&& mail);
  void ask_next(Session& session);
  [[nodiscard]] bool is_joining(const Session& session, RoomId room) const;
  // Neither joining nor gone.
  [[nodiscard]] bool is_live(const Session& session, RoomId room) const;
  // The room will soon be looked for: brings what that reads into the cache meanwhile.
  void expect(RoomId room) const { table_.expect(room); }
  // Empty when no connection of this worker is in the room.
  [[nodiscard]] std::string_view room_name(RoomId room) const;

  void on_joined(Mail&& mail);
  // The session whose join was refused, its membership gone; null when it has left meanwhile.
  [[nodiscard]] Session* on_join_refused(const Mail& mail);
  void on_reply(Mail&& mail);
  void on_deliver(Mail&& mail);
  // The room's home wants the names of our members: tick() sends them, since mail to a home is no
  // answer that a letter may have (core/mail/mail.h).
  void on_ask_members(const Mail& mail);
  [[nodiscard]] bool has_gathered() const { return !gathering_.empty(); }
  void end_turn();
  void tick();

  [[nodiscard]] std::uint64_t sessions() const { return sessions_.sessions(); }
  [[nodiscard]] std::uint32_t rooms() const { return table_.size(); }
  [[nodiscard]] std::uint64_t memberships() const { return memberships_; }
  [[nodiscard]] std::uint64_t deliveries() const { return deliveries_; }
  void check_invariants() const;

 private:
  struct Room;

  [[nodiscard]] std::uint32_t find_or_create(RoomId id, std::string_view name);
  void drop_if_unused(std::uint32_t index);
  void remove_member(std::uint32_t index, std::uint32_t position);
  static void withdraw_requests(Session& session, Room& room);
  [[nodiscard]] const Membership* find_membership(const Session& session, RoomId room) const;
  void post_leave(ConnId conn, const Gates& gates, RoomId room);
  std::size_t send_members(RoomId room);  // How many.
  void flush(Room& room);
  void take_spare(Room& room);
  void give_spare(Room& room);
  [[nodiscard]] PayloadRef join_frames(Room& room, std::size_t first, std::size_t last);

  const HubConfig config_;
  const WorkerId self_;
  const std::uint16_t worker_count_;
  Borrowed borrowed_;
  RoomTable table_;
  SessionTable sessions_;
  std::vector<std::unique_ptr<Room>> rooms_;  // By index; null: free.
  std::vector<std::uint32_t> free_rooms_;
  std::vector<std::uint32_t> gathering_;                 // Rooms with publications of this turn.
  std::vector<std::vector<PayloadRef>> spare_gathered_;  // Empty, but with room for many.
  std::vector<RoomId> members_wanted_;                   // By their homes.
  std::uint64_t memberships_ = 0;
  std::uint64_t deliveries_ = 0;
};

}  // namespace parley::core
