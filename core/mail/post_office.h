// The mailboxes between all workers, and who must be woken. Shared by all; each worker uses it
// through its own Mailbox.
//
//   mailbox.post(target, std::move(mail));        // any time in a turn
//   while (mailbox.receive(mail)) handle(mail);   // once a turn, bounded by mail_per_turn_max
//   for (WorkerId w : mailbox.flush()) ring.wake(w);   // once a turn: at most one wake per target
//
// Threading  PostOffice's queues are single-producer single-consumer: worker A's Mailbox alone
//            produces into A->B, worker B's alone consumes. A queue is made when first used, by its
//            producer, and published with release; the consumer finds it with acquire.
// Bounds     Each queue holds queue_capacity letters per rank (rounded up to a power of two), 64
//            bytes each: at worst workers^2 x 4 ranks x capacity, if all send to all. What does not
//            fit waits in the sender's overflow, in order, and while there is any the worker takes
//            no completions (must_hold_back()), so an overflow is bounded by what one batch of
//            completions causes.
// Order      Between two workers, mail of one rank arrives in the order it was posted.
// Sleep      A worker announces that it will sleep with try_sleep(), which fails when mail is
//            waiting; flush() names only targets that announced it, once each. A busy worker is
//            woken by nobody. Nobody tells a worker of room in a full queue: while it must hold
//            back, it sleeps with a short deadline and calls flush() again.
// Proof      tests/unit/core/mail/sleep_model_test.cc walks every interleaving of the protocol;
//            tests/stress runs it on threads that really sleep.
// Lifetime   Payloads in the mail go back to their pools, which outlive office and mailboxes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "core/mail/mail.h"

namespace parley::core {

class PostOffice {
 public:
  PostOffice(std::uint16_t worker_count, std::uint32_t queue_capacity);
  PostOffice(const PostOffice&) = delete;
  PostOffice& operator=(const PostOffice&) = delete;
  ~PostOffice();  // Drops what was not received. REQUIRES: no Mailbox is left.

  [[nodiscard]] std::uint16_t worker_count() const;

 private:
  friend class Mailbox;
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

class Mailbox {
 public:
  // `office` is borrowed and outlives this.
  Mailbox(PostOffice& office, WorkerId self);
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  ~Mailbox();

  // Also to oneself: then it comes back from receive() like any other.
  void post(WorkerId target, Mail&& mail);

  // The next letter, highest rank first, fair between senders. A rank below to_edge is withheld
  // while this worker's overflow holds mail of a higher rank. False: nothing to receive now.
  [[nodiscard]] bool receive(Mail& mail);

  // Moves overflow into queues where there is room, and names the targets to wake: each slept, has
  // mail, and is named once. The span is valid until the next flush().
  [[nodiscard]] std::span<const WorkerId> flush();

  // True while mail waits in the overflow: take no more work from connections.
  [[nodiscard]] bool must_hold_back() const;

  // Letters that did not fit, for metrics.
  [[nodiscard]] std::uint64_t overflow_count() const;

  // Before sleeping: true when nothing is waiting that receive() would give, and all that was
  // posted has been flushed; from then on producers name this worker in flush(). After waking,
  // for whatever reason, woke() ends that.
  [[nodiscard]] bool try_sleep();
  void woke();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace parley::core
