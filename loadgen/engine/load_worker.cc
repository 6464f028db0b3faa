#include "loadgen/engine/load_worker.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/check.h"
#include "loadgen/truth/random.h"

namespace parley::loadgen {

namespace {

constexpr Duration tick_interval = milliseconds(50);
// Sleeping is not exact: who must send on time stops sleeping this long before.
constexpr Duration spin_before = microseconds(60);
// A sweep that finds as many has not found all: the kernel completes that many operations in an
// enter (IO_LOCAL_TW_DEFAULT_MAX).
constexpr std::size_t completions_of_an_enter = 20;
// In phase drain, where nobody knows what is owed: when for so long nothing has come, nothing will.
constexpr Duration quiet_enough = seconds(2);

std::uint32_t streams_of(const Plan& plan) {
  return plan.mode == LoadMode::idle ? 0 : plan.publishers_of_room();
}

// 16 random bytes in base64 (RFC 6455 4.1).
std::string handshake_key(std::uint64_t& random) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::string_view last_digits = "AQgw";  // 128 bits leave two for the last one.
  std::string key;
  for (int i = 0; i < 21; ++i) key += digits[next_random(random) % digits.size()];
  key += last_digits[next_random(random) % last_digits.size()];
  return key + "==";
}

}  // namespace

LoadWorker::LoadWorker(LoadWorkerSetup setup)
    : setup_(std::move(setup)),
      plan_(setup_.plan),
      ring_(setup_.ring),
      streams_(streams_of(setup_.plan)),
      members_(setup_.share.connections),
      started_(setup_.ring.now()),
      now_(started_),
      next_tick_(started_),
      partings_max_(setup_.plan.in_progress_max),
      random_(setup_.random_seed) {
  key_ = handshake_key(random_);
  if (plan_.framer == FramerKind::wslay) wslay_.resize(members_.size());
  rooms_.reserve(setup_.share.rooms.size());
  std::uint32_t slot = 0;
  for (const RoomShare& share : setup_.share.rooms) {
    const auto room = static_cast<std::uint32_t>(rooms_.size());
    rooms_.emplace_back(share, slot, streams_, RoomNames{plan_.room_name}, plan_.message);
    if (!rooms_.back().publishers().empty()) publishing_rooms_.push_back(room);
    for (std::uint32_t index = 0; index < share.members; ++index, ++slot) {
      members_[slot].id = {slot, 1};
      members_[slot].room = room;
      members_[slot].index = index;
      to_connect_.push_back(slot);
    }
  }
  CHECK(slot == members_.size());
  // The first members of a room publish, so the last ones are those that read slowly.
  // The share is of all, so that small rooms have some of them, too.
  double owed_slow = 0;
  for (const Room& room : rooms_) {
    const std::uint32_t count = room.share().members;
    owed_slow += plan_.slow_share * count;
    const auto slow = std::min(static_cast<std::uint32_t>(owed_slow + 0.5), count);
    owed_slow -= slow;
    for (std::uint32_t k = count - slow; k < count; ++k) members_[room.slot_of(k)].slow = true;
  }
}

LoadWorker::~LoadWorker() = default;

std::uint64_t LoadWorker::random() {
  return next_random(random_);
}

bool LoadWorker::is_steady(Instant at) const {
  return at >= steady_from_ && at < steady_until_;
}

Second& LoadWorker::second_of(Instant at) {
  const auto index =
      static_cast<std::size_t>(std::max<std::int64_t>((at - started_).ns, 0) / seconds(1).ns);
  if (index >= results_.seconds.size()) results_.seconds.resize(index + 1);
  return results_.seconds[index];
}

void LoadWorker::turn() {
  const Instant before = ring_.now();
  const std::span<const io::Completion> completions = wait();
  // Who never sleeps is at work in the kernel, too, when something came of it.
  const Instant started = plan_.wait == WaitMode::spin ? before : ring_.now();
  now_ = ring_.now();
  for (const io::Completion& completion : completions) {
    now_ = ring_.now();
    on_completion(completion);
  }
  follow_phase();
  publish_due();
  connect_missing();
  if (phase_ == Phase::close) part();
  const bool sends = !flush_due_.empty();
  flush_sends();
  if (now_ >= next_tick_) tick();
  count_busy(started, sends || !completions.empty());
}

void LoadWorker::count_busy(Instant started, bool worked) {
  if (worked && is_steady(started)) results_.busy = results_.busy + (ring_.now() - started);
}

Instant LoadWorker::deadline() const {
  Instant next = next_tick_;
  if (phase_ == Phase::load && schedule_ != nullptr && schedule_->next() != RateCurve::never) {
    const Instant due = epoch_ + schedule_->next();
    next = std::min(next, Instant{due.ns - spin_before.ns});
  }
  return next;
}

std::span<const io::Completion> LoadWorker::wait() {
  constexpr std::uint32_t all = io::Ring::completion_batch_max;
  switch (plan_.wait) {
    case WaitMode::block:
      return ring_.wait(deadline(), all);
    case WaitMode::spin:
      return ring_.wait(Instant{}, all);
    case WaitMode::sweep: {
      // Sleeping on a timer, outside the ring: what arrives meanwhile wakes nobody. What falls due
      // meanwhile waits, too, and its lag says how long.
      if (!more_) static_cast<void>(ring_.wait(ring_.now() + plan_.sweep, 0));
      const std::span<const io::Completion> found = ring_.wait(Instant{}, all);
      more_ = found.size() >= completions_of_an_enter;
      return found;
    }
  }
  std::unreachable();
}

void LoadWorker::flush_later(Member& member) {
  if (member.flush_due) return;
  member.flush_due = true;
  flush_due_.push_back(member.id.slot);
}

void LoadWorker::flush_sends() {
  std::array<Bytes, io::Ring::send_pieces_max> pieces;
  for (const std::uint32_t slot : flush_due_) {
    Member& member = members_[slot];
    member.flush_due = false;
    if (member.sending || member.queue.empty()) continue;
    if (member.state == MemberState::dying || member.state == MemberState::closing) continue;
    const std::uint32_t count = sends_.pieces(member.queue, pieces);
    member.sending = true;
    results_.total.sends += 1;
    ring_.send(member.id, member.socket, std::span(pieces).first(count));
  }
  flush_due_.clear();
}

void LoadWorker::follow_phase() {
  const Phase wanted = setup_.control.phase.load(std::memory_order_acquire);  // With RunControl.
  if (wanted == phase_) return;
  const Phase before = std::exchange(phase_, wanted);
  switch (phase_) {
    case Phase::ramp:
      return;
    case Phase::load:
      return begin_load();
    case Phase::drain:
      count_overdue();
      schedule_.reset();
      steady_until_ = std::min(steady_until_, now_);  // It may have been ended early.
      heard_ = now_;  // What was sent last has just as long to come as what was sent before.
      return;
    case Phase::close:
      if (before == Phase::load) schedule_.reset();
      results_.total.bytes_unsent = sends_.bytes();
      to_connect_.clear();
      retry_.clear();
      answered_goodbye_ = now_;
      for (Member& member : members_) {
        member.comes_back = false;
        member.expected = true;
        if (member.state != MemberState::idle && member.state != MemberState::live) kill(member);
      }
      return;  // part() sees to those that are live.
  }
}

void LoadWorker::begin_load() {
  epoch_ = Instant{setup_.control.epoch_ns.load(std::memory_order_acquire)};
  steady_from_ = epoch_ + plan_.warm_up;
  steady_until_ = steady_from_ + plan_.duration;
  heard_ = now_;
  if (publishing_rooms_.empty()) return;
  if (plan_.mode == LoadMode::closed) {
    for (const std::uint32_t room : publishing_rooms_) {
      rooms_[room].in_flight().resize(plan_.depth);
    }
  } else if (plan_.mode == LoadMode::open) {
    schedule_ =
        std::make_unique<Schedule>(plan_.rate, plan_.arrivals, setup_.share.publishing_index,
                                   setup_.share.publishing_count, random());
  }
}

void LoadWorker::tick() {
  next_tick_ = now_ + tick_interval;
  expire_connects();
  resume_slow();
  while (!retry_.empty()) {
    to_connect_.push_back(retry_.front());
    retry_.pop_front();
  }
  if (phase_ == Phase::load) {
    churn();
    storm();
    // A room whose publishers had all gone may have some again.
    if (plan_.mode == LoadMode::closed && now_ >= epoch_) {
      for (const std::uint32_t room : publishing_rooms_) open_slots(rooms_[room]);
    }
  }
  if (phase_ == Phase::drain) {
    // Who knows that something is still owed waits for it as long as the plan says.
    const bool nothing_comes =
        setup_.share.rooms_are_whole ? owed_ == 0 : now_ - heard_ > quiet_enough;
    if (nothing_comes) {
      setup_.progress.at_work.store(false, std::memory_order_release);
    }
  }
  show_progress();
}

void LoadWorker::show_progress() {
  setup_.progress.live.store(live_, std::memory_order_relaxed);  // A gauge.
  const std::lock_guard lock(setup_.progress.mutex);
  setup_.progress.counters = results_.total;
  setup_.progress.last = second_of(now_);
  setup_.progress.errors = results_.errors;
}

}  // namespace parley::loadgen
