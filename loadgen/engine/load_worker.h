// One worker of a run: a ring, its members, what they publish and what they must receive.
//
// A turn: take completions; publish what is due; connect who is missing; flush sends; look at the
// phase. Replies leave at the end of the turn.
//
// Threading  The worker's thread alone calls turn(); results() and finish() are for afterwards.
// Bounds     Members of its share. What waits to be sent to one member has no bound: in an open
//            loop it grows when the server stops reading, and latencies tell.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/ring.h"
#include "loadgen/engine/control.h"
#include "loadgen/engine/member.h"
#include "loadgen/engine/results.h"
#include "loadgen/engine/room.h"
#include "loadgen/engine/shares.h"
#include "loadgen/engine/target.h"
#include "loadgen/engine/wslay_reader.h"
#include "loadgen/plan/plan.h"
#include "loadgen/truth/stamp.h"

namespace parley::loadgen {

struct LoadWorkerSetup {
  const Plan& plan;  // Borrowed, as all references here; they outlive the worker.
  const WorkerShare& share;
  std::span<const Target> targets;
  std::vector<IpAddress> sources;  // Of this worker; empty: the kernel's choice.
  std::uint32_t run{};             // For stamps.
  std::uint64_t random_seed{};     // Of this worker.
  io::Ring& ring;
  RunControl& control;
  WorkerProgress& progress;
};

class LoadWorker {
 public:
  explicit LoadWorker(LoadWorkerSetup setup);
  LoadWorker(const LoadWorker&) = delete;
  LoadWorker& operator=(const LoadWorker&) = delete;
  ~LoadWorker();

  void turn();
  // In phase close, and all connections are closed.
  [[nodiscard]] bool over() const { return phase_ == Phase::close && open_ == 0; }

  [[nodiscard]] bool is_steady() const { return is_steady(now_); }
  [[nodiscard]] Results& results() { return results_; }
  [[nodiscard]] std::span<Room> rooms() { return rooms_; }

 private:
  // Said goodbye: its connection is cut when the peer does not end it.
  struct Leaving {
    ConnId member;
    Instant since;
  };

  // load_worker.cc: the turn
  [[nodiscard]] Instant deadline() const;
  [[nodiscard]] std::span<const io::Completion> wait();
  void follow_phase();
  void begin_load();
  void tick();
  void count_busy(Instant started, bool worked);
  void show_progress();
  [[nodiscard]] Second& second_of(Instant at);
  [[nodiscard]] bool is_steady(Instant at) const;
  void flush_sends();

  // load_worker_members.cc: from connect to close
  void connect_missing();
  void connect(Member& member);
  void on_completion(const io::Completion& completion);
  void on_connected(Member& member, std::int32_t result);
  void on_received(Member& member, const io::Completion& completion);
  void on_sent(Member& member, std::int32_t result);
  void on_ended(Member& member, std::string_view kind);
  void read_answer(Member& member, MutableBytes bytes);
  void on_open(Member& member, MutableBytes rest);
  void become_live(Member& member);
  void stop_being_live(Member& member);
  void say_goodbye(Member& member);
  void part();
  void kill(Member& member);
  void cancel(Member& member);
  void on_cancelled(Member& member);
  void close_when_joined(Member& member);
  void on_closed(Member& member);
  void fail(Member& member, std::string_view kind);
  void expire_connects();
  void pause_slow(Member& member);
  void resume_slow();
  void churn();
  void storm();

  // load_worker_load.cc: publishing and receiving
  void publish_due();
  void count_overdue();
  [[nodiscard]] bool publish(Room& room, std::uint32_t slot, Duration due);
  void open_slots(Room& room);
  void send_text(Member& member, std::string_view before, const Stamp* stamp,
                 std::string_view behind);
  void send_control(Member& member, protocol::WsOpcode opcode, Bytes payload);
  void read_frames(Member& member, MutableBytes bytes);
  void on_frame(Member& member, const protocol::WsEvent& event);
  void on_message(Member& member, Bytes message);
  [[nodiscard]] bool on_delivery(Member& member, Bytes message);
  void on_damaged(Member& member, const Stamp& stamp);
  void count_receipt(Member& member, const Stamp& stamp);
  void count_fresh(Member& member, Room& room, const Stamp& stamp);
  void settle(Member& member, Room& room, const Stamp& stamp);
  void complete_one(Room& room, const Stamp& stamp);
  void forget_in_flight(Room& room, std::uint32_t member);

  [[nodiscard]] std::uint64_t random();
  void flush_later(Member& member);

  const LoadWorkerSetup setup_;
  const Plan& plan_;
  io::Ring& ring_;
  const std::uint32_t streams_;  // Of each room.
  std::vector<Member> members_;
  std::vector<Room> rooms_;
  std::vector<std::unique_ptr<WslayReader>> wslay_;  // By slot; empty with our own framer.
  SendPool sends_;
  std::string key_;                               // Of all handshakes of this worker.
  std::map<std::uint32_t, std::string> answers_;  // Heads in parts, by slot.

  Phase phase_ = Phase::ramp;
  Instant started_;                   // The first connect.
  Instant now_;                       // Of this completion.
  Instant epoch_ = Instant::never();  // When the load begins.
  Instant steady_from_ = Instant::never();
  Instant steady_until_ = Instant::never();
  Instant next_tick_;
  Instant heard_;  // The last delivery.
  Instant storm_began_ = Instant::never();
  bool storm_done_ = false;
  bool ramp_done_ = false;

  std::deque<std::uint32_t> to_connect_;   // Slots.
  std::vector<std::uint32_t> connecting_;  // Slots between connect and live.
  std::deque<Leaving> leaving_;
  std::uint32_t partings_max_;       // In phase close, under way at a time.
  std::uint32_t next_to_part_ = 0;   // A slot.
  Instant answered_goodbye_;         // The last one, or when they became more.
  std::deque<std::uint32_t> retry_;  // Slots that failed: not at once.
  std::vector<std::uint32_t> slow_paused_;
  std::vector<std::uint32_t> flush_due_;
  std::size_t source_ = 0;
  std::uint64_t connects_begun_ = 0;
  std::uint64_t churned_ = 0;
  bool more_ = false;       // The last sweep has left something.
  std::uint32_t open_ = 0;  // Members that are not idle.
  std::uint64_t live_ = 0;
  std::uint64_t owed_ = 0;  // Deliveries still to come, as far as this worker knows.
  std::unique_ptr<Schedule> schedule_;
  std::size_t next_room_ = 0;
  std::vector<std::uint32_t> publishing_rooms_;  // Rooms that have a publisher here.
  std::size_t stamp_at_ = 0;                     // Where the last one stood.
  std::uint64_t random_;
  Results results_;
};

}  // namespace parley::loadgen
