#include "core/mail/post_office.h"

#include <array>
#include <atomic>
#include <bit>
#include <vector>

#include "core/base/check.h"
#include "core/mail/mail_fifo.h"
#include "core/mail/worker_bits.h"
#include "core/queue/spsc_queue.h"

namespace parley::core {

using MailQueue = SpscQueue<Mail>;

struct PostOffice::Shared {
  // What others write about one worker.
  struct Inbox {
    // A bit per sender that has put something into its queue of that rank since the owner last
    // took the word. Senders set it behind the push; the owner takes it before it looks into the
    // queue. So what was pushed before the bit was set is seen by whoever takes the bit, and what
    // is pushed later sets it again: no letter waits in a queue that nobody looks into.
    struct alignas(cache_line_bytes) Arrived {
      std::array<std::atomic<std::uint64_t>, WorkerBits::words_max> words{};
    };
    std::array<Arrived, mail_ranks> arrived{};

    // The owner announced that it will sleep and nobody has undertaken to wake it yet.
    alignas(cache_line_bytes) std::atomic<bool> asleep{false};
  };

  std::uint32_t worker_count = 0;
  std::uint32_t words = 0;  // Of each bit set, as far as used.
  std::uint32_t queue_capacity = 0;
  std::vector<Inbox> inboxes;
  std::vector<std::atomic<MailQueue*>> queues;  // By target, sender, rank; null until first used.

  Shared(std::uint32_t workers, std::uint32_t capacity)
      : worker_count(workers),
        words((workers + 63) / 64),
        queue_capacity(capacity),
        inboxes(workers),
        queues(std::size_t{workers} * workers * mail_ranks) {}

  [[nodiscard]] std::atomic<MailQueue*>& queue(std::uint32_t target, std::uint32_t sender,
                                               std::uint32_t rank) {
    return queues[(std::size_t{target} * worker_count + sender) * mail_ranks + rank];
  }
};

PostOffice::PostOffice(std::uint16_t worker_count, std::uint32_t queue_capacity) {
  CHECK(worker_count > 0);
  CHECK(worker_count <= workers_max);
  CHECK(queue_capacity > 0);
  CHECK(queue_capacity <= MailQueue::capacity_max);
  shared_ = std::make_unique<Shared>(worker_count, std::bit_ceil(queue_capacity));
}

PostOffice::~PostOffice() {
  for (std::atomic<MailQueue*>& queue : shared_->queues) {
    // acquire: pairs with the release in Mailbox::State::queue_to(), should nothing else.
    delete queue.load(std::memory_order_acquire);
  }
}

std::uint16_t PostOffice::worker_count() const {
  return static_cast<std::uint16_t>(shared_->worker_count);
}

struct Mailbox::State {
  // Letters taken from one sender before the next has its turn: keeps to one queue's lines.
  static constexpr std::uint32_t batch_max = 16;

  static constexpr std::uint32_t rank_to_edge = static_cast<std::uint32_t>(MailRank::to_edge);

  struct Incoming {
    WorkerBits waiting;        // Senders whose queue may hold something; oneself too.
    std::uint32_t sender = 0;  // Whose turn it is, and for how many letters more.
    std::uint32_t batch_left = batch_max;
    MailFifo to_self;
  };

  // Constant after construction. `shared` is borrowed from the PostOffice.
  PostOffice::Shared& shared;
  PostOffice::Shared::Inbox& inbox;
  const std::uint16_t self;

  std::array<Incoming, mail_ranks> incoming{};
  std::array<WorkerBits, mail_ranks> posted{};  // Targets whose queue got something since flush().
  WorkerBits overflowing{};                     // Targets with mail in the overflow.
  std::vector<MailFifo> overflow;               // By target and rank.
  std::array<std::uint64_t, mail_ranks> overflow_counts{};
  std::vector<WorkerId> to_wake;

  State(PostOffice::Shared& office, std::uint16_t worker)
      : shared(office),
        inbox(office.inboxes[worker]),
        self(worker),
        overflow(std::size_t{office.worker_count} * mail_ranks) {
    to_wake.reserve(office.worker_count);
  }

  [[nodiscard]] MailQueue& queue_to(std::uint32_t target, std::uint32_t rank);
  [[nodiscard]] bool withheld(std::uint32_t rank) const;
  void look_into_inbox(std::uint32_t rank);
  [[nodiscard]] bool take_from(Incoming& from, std::uint32_t rank, Mail& mail);
  [[nodiscard]] bool pop(std::uint32_t sender, std::uint32_t rank, Mail& mail);
  void move_overflow();
  void announce();
  void name_sleepers();
  [[nodiscard]] bool anything_receivable() const;
};

MailQueue& Mailbox::State::queue_to(std::uint32_t target, std::uint32_t rank) {
  std::atomic<MailQueue*>& place = shared.queue(target, self, rank);
  // relaxed: this worker alone writes it.
  MailQueue* queue = place.load(std::memory_order_relaxed);
  if (queue == nullptr) {
    queue = new MailQueue(shared.queue_capacity);
    // release: pairs with the acquire in pop(); the queue is constructed.
    place.store(queue, std::memory_order_release);
  }
  return *queue;
}

// Handling mail of a rank may post mail of every higher rank. While some of that waits already,
// handling more would only make the overflow longer.
bool Mailbox::State::withheld(std::uint32_t rank) const {
  if (rank == rank_to_edge) return false;
  for (std::uint32_t higher = rank + 1; higher < mail_ranks; ++higher) {
    if (overflow_counts[higher] != 0) return true;
  }
  return false;
}

void Mailbox::State::look_into_inbox(std::uint32_t rank) {
  for (std::uint32_t i = 0; i < shared.words; ++i) {
    std::atomic<std::uint64_t>& word = inbox.arrived[rank].words[i];
    // relaxed: a hint that costs nothing; what it misses the next call sees, and before it sleeps
    // the worker looks again in try_sleep().
    if (word.load(std::memory_order_relaxed) == 0) continue;
    // acquire: pairs with the fetch_or in announce(); all that was pushed before is visible.
    incoming[rank].waiting.words[i] |= word.exchange(0, std::memory_order_acquire);
  }
}

bool Mailbox::State::pop(std::uint32_t sender, std::uint32_t rank, Mail& mail) {
  if (sender == self) {
    MailFifo& letters = incoming[rank].to_self;
    if (letters.empty()) return false;
    mail = std::move(letters.front());
    letters.pop();
    return true;
  }
  // acquire: pairs with the release in queue_to().
  MailQueue* queue = shared.queue(self, sender, rank).load(std::memory_order_acquire);
  CHECK(queue != nullptr);
  return queue->try_pop(mail);
}

bool Mailbox::State::take_from(Incoming& from, std::uint32_t rank, Mail& mail) {
  for (;;) {
    const std::uint32_t sender = from.waiting.next(from.sender, shared.words);
    if (sender == WorkerBits::none) return false;
    if (sender != from.sender) {
      from.sender = sender;
      from.batch_left = batch_max;
    }
    const bool found = pop(sender, rank, mail);
    if (!found) from.waiting.clear(sender);
    if (!found || --from.batch_left == 0) {
      from.sender = (sender + 1) % (shared.words * 64);
      from.batch_left = batch_max;
    }
    if (found) return true;
  }
}

void Mailbox::State::move_overflow() {
  const std::uint32_t words = shared.words;
  for (std::uint32_t target = overflowing.next(0, words); target != WorkerBits::none;) {
    bool empty = true;
    for (std::uint32_t rank = 0; rank < mail_ranks; ++rank) {
      MailFifo& letters = overflow[std::size_t{target} * mail_ranks + rank];
      while (!letters.empty() && queue_to(target, rank).try_push(letters.front())) {
        letters.pop();
        --overflow_counts[rank];
        posted[rank].set(target);
      }
      empty = empty && letters.empty();
    }
    if (empty) overflowing.clear(target);
    if (target + 1 == shared.worker_count) return;
    const std::uint32_t following = overflowing.next(target + 1, words);
    if (following <= target) return;  // Once round.
    target = following;
  }
}

// Tells targets that there is mail: once a flush, however many letters.
void Mailbox::State::announce() {
  for (std::uint32_t rank = 0; rank < mail_ranks; ++rank) {
    for (std::uint32_t i = 0; i < shared.words; ++i) {
      for (std::uint64_t bits = posted[rank].words[i]; bits != 0; bits &= bits - 1) {
        const std::uint32_t target = i * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
        // seq_cst: releases the pushes to look_into_inbox(), and stands in the single order that
        // name_sleepers() relies on.
        shared.inboxes[target].arrived[rank].words[WorkerBits::word_of(self)].fetch_or(
            WorkerBits::bit_of(self), std::memory_order_seq_cst);
      }
    }
  }
}

// No wake-up is lost: a sender sets its bit in `arrived`, then reads `asleep`; a sleeper sets
// `asleep`, then reads `arrived`. All four are seq_cst, so they have one order, and whichever of
// the two reads comes last in it sees the other side's write.
void Mailbox::State::name_sleepers() {
  for (std::uint32_t i = 0; i < shared.words; ++i) {
    std::uint64_t bits = 0;
    for (WorkerBits& targets : posted) bits |= std::exchange(targets.words[i], 0);
    for (; bits != 0; bits &= bits - 1) {
      const std::uint32_t target = i * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
      std::atomic<bool>& asleep = shared.inboxes[target].asleep;
      // seq_cst: pairs with the store in try_sleep(). The exchange lets one sender alone wake it.
      if (!asleep.load(std::memory_order_seq_cst)) continue;
      if (asleep.exchange(false, std::memory_order_relaxed)) {
        to_wake.push_back({static_cast<std::uint16_t>(target)});
      }
    }
  }
}

bool Mailbox::State::anything_receivable() const {
  for (std::uint32_t rank = mail_ranks; rank-- > 0;) {
    if (withheld(rank)) return false;
    for (std::uint32_t i = 0; i < shared.words; ++i) {
      if (incoming[rank].waiting.words[i] != 0) return true;
      // seq_cst: the second half of what name_sleepers() describes.
      if (inbox.arrived[rank].words[i].load(std::memory_order_seq_cst) != 0) return true;
    }
  }
  return false;
}

Mailbox::Mailbox(PostOffice& office, WorkerId self) {
  CHECK(self.value < office.worker_count());
  state_ = std::make_unique<State>(*office.shared_, self.value);
}

Mailbox::~Mailbox() = default;

void Mailbox::post(WorkerId target, Mail&& mail) {
  State& state = *state_;
  CHECK(target.value < state.shared.worker_count);
  const auto rank = static_cast<std::uint32_t>(rank_of(mail.kind));
  mail.from = {state.self};
  if (target.value == state.self) {
    state.incoming[rank].to_self.push(std::move(mail));
    state.incoming[rank].waiting.set(state.self);
    return;
  }
  MailFifo& behind = state.overflow[std::size_t{target.value} * mail_ranks + rank];
  if (behind.empty() && state.queue_to(target.value, rank).try_push(mail)) {
    state.posted[rank].set(target.value);
    return;
  }
  behind.push(std::move(mail));
  ++state.overflow_counts[rank];
  state.overflowing.set(target.value);
}

bool Mailbox::receive(Mail& mail) {
  State& state = *state_;
  for (std::uint32_t rank = mail_ranks; rank-- > 0;) {
    if (state.withheld(rank)) return false;  // And so is every lower one.
    state.look_into_inbox(rank);
    if (state.take_from(state.incoming[rank], rank, mail)) return true;
  }
  return false;
}

std::span<const WorkerId> Mailbox::flush() {
  state_->to_wake.clear();
  state_->move_overflow();
  state_->announce();
  state_->name_sleepers();
  return state_->to_wake;
}

bool Mailbox::must_hold_back() const {
  return overflow_count() != 0;
}

std::uint64_t Mailbox::overflow_count() const {
  std::uint64_t count = 0;
  for (const std::uint64_t of_rank : state_->overflow_counts) count += of_rank;
  return count;
}

bool Mailbox::try_sleep() {
  State& state = *state_;
  for (const WorkerBits& targets : state.posted) {
    for (const std::uint64_t word : targets.words) {
      if (word != 0) return false;  // Nobody has been told of it yet.
    }
  }
  // seq_cst: pairs with the load in name_sleepers(); see there.
  state.inbox.asleep.store(true, std::memory_order_seq_cst);
  if (!state.anything_receivable()) return true;
  woke();
  return false;
}

void Mailbox::woke() {
  // relaxed: a sender that still sees `true` wakes a worker that is awake, which costs one wake;
  // the worker looks into its inbox before it sleeps again in any case.
  state_->inbox.asleep.store(false, std::memory_order_relaxed);
}

}  // namespace parley::core
