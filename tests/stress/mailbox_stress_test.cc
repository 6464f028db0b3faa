// Four workers on four threads that post to each other at random, with queues as small as they get,
// and really sleep in between: every letter arrives once, in order, and nobody sleeps for ever.
#include <gtest/gtest.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "core/mail/post_office.h"
#include "core/payload/payload_pool.h"

namespace parley::core {
namespace {

constexpr std::uint16_t workers = 4;
constexpr std::uint32_t letters_per_worker = 5'000;  // Of its own accord; others follow from mail.
constexpr std::uint32_t mail_per_turn_max = 32;
constexpr std::array<MailKind, mail_ranks> kinds = {MailKind::ip_admit, MailKind::user_checked,
                                                    MailKind::publish, MailKind::deliver};

// What wakes a sleeping worker, in place of the ring. All relaxed: the test must not add an order
// between threads that the mailboxes would have to establish themselves.
class Bell {
 public:
  void ring() {
    rung_.store(1, std::memory_order_relaxed);
    syscall(SYS_futex, &rung_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  }

  // False: nobody rang in that time.
  bool wait(std::int64_t ns) {
    const timespec timeout{.tv_sec = static_cast<time_t>(ns / 1'000'000'000),
                           .tv_nsec = static_cast<long>(ns % 1'000'000'000)};
    while (rung_.exchange(0, std::memory_order_relaxed) == 0) {
      const long result = syscall(SYS_futex, &rung_, FUTEX_WAIT_PRIVATE, 0, &timeout, nullptr, 0);
      if (result != 0 && errno == ETIMEDOUT) {
        return rung_.exchange(0, std::memory_order_relaxed) != 0;
      }
    }
    return true;
  }

 private:
  std::atomic<std::uint32_t> rung_{0};
};

struct Counts {
  std::uint64_t out_of_order = 0;
  std::uint64_t damaged = 0;
  std::uint64_t lost_wakes = 0;
  std::uint64_t sleeps = 0;
  std::uint64_t turns_held_back = 0;
};

struct World {
  explicit World(std::uint32_t queue_capacity) : office(workers, queue_capacity) {}

  PostOffice office;
  std::array<Bell, workers> bells;
  std::atomic<std::int64_t> underway{0};  // Letters posted and not handled.
  std::atomic<std::uint32_t> still_writing{workers};

  [[nodiscard]] bool finished() const {
    return still_writing.load(std::memory_order_relaxed) == 0 &&
           underway.load(std::memory_order_relaxed) == 0;
  }
};

class StressWorker {
 public:
  StressWorker(World& world, std::uint16_t self, std::uint64_t seed)
      : world_(world), self_(self), mailbox_(world.office, {self}), random_(seed) {}

  void run(PayloadPool& pool) {
    pool_ = &pool;
    while (!world_.finished()) turn();
    for (Bell& bell : world_.bells) bell.ring();
  }

  Counts counts;

 private:
  std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(random_() % end); }

  void turn() {
    if (mailbox_.must_hold_back()) {
      ++counts.turns_held_back;
    } else {
      write_some();
    }
    bool handled_all = false;
    for (std::uint32_t i = 0; i < mail_per_turn_max && !handled_all; ++i) {
      Mail mail;
      handled_all = !mailbox_.receive(mail);
      if (!handled_all) handle(mail);
    }
    for (const WorkerId worker : mailbox_.flush()) world_.bells[worker.value].ring();
    sleep();
  }

  void sleep() {
    if (to_write_ > 0 && !mailbox_.must_hold_back() && below(3) != 0) return;
    if (!mailbox_.try_sleep()) return;
    ++counts.sleeps;
    Bell& bell = world_.bells[self_];
    if (mailbox_.must_hold_back() || to_write_ > 0) {
      bell.wait(50'000);  // Nobody announces room in a queue, or that there is more to write.
    } else if (!world_.finished() && !bell.wait(20'000'000'000) && !world_.finished()) {
      // Twenty seconds in a test of one: nobody will ever ring. Go on, so that it can end.
      ++counts.lost_wakes;
    }
    mailbox_.woke();
  }

  void write_some() {
    for (std::uint32_t i = below(8); i > 0 && to_write_ > 0; --i) {
      post(below(mail_ranks));
      if (--to_write_ == 0) world_.still_writing.fetch_sub(1, std::memory_order_relaxed);
    }
  }

  void post(std::uint32_t rank) {
    const auto target = static_cast<std::uint16_t>(below(workers));
    Mail mail;
    mail.kind = kinds[rank];
    mail.number = posted_[target][rank]++;
    if (below(2) == 0) {
      mail.payload = pool_->allocate(sizeof(mail.number));
      std::memcpy(mail.payload->bytes() + mail.payload->end, &mail.number, sizeof(mail.number));
      mail.payload->end += static_cast<std::uint32_t>(sizeof(mail.number));
    }
    world_.underway.fetch_add(1, std::memory_order_relaxed);
    mailbox_.post({target}, std::move(mail));
  }

  // As in the server: mail of a rank causes mail of higher ranks only.
  void handle(Mail& mail) {
    const auto rank = static_cast<std::uint32_t>(rank_of(mail.kind));
    if (mail.number != received_[mail.from.value][rank]++) ++counts.out_of_order;
    if (mail.payload) {
      std::uint64_t written = 0;
      std::memcpy(&written, mail.payload->frame().data(), sizeof(written));
      if (written != mail.number) ++counts.damaged;
    }
    for (std::uint32_t higher = rank + 1; higher < mail_ranks; ++higher) {
      for (std::uint32_t i = below(3); i > 0; --i) post(higher);
    }
    if (world_.underway.fetch_sub(1, std::memory_order_relaxed) == 1 && world_.finished()) {
      for (Bell& bell : world_.bells) bell.ring();
    }
  }

  World& world_;
  const std::uint16_t self_;
  Mailbox mailbox_;
  PayloadPool* pool_ = nullptr;
  std::mt19937_64 random_;
  std::uint32_t to_write_ = letters_per_worker;
  std::uint64_t posted_[workers][mail_ranks] = {};
  std::uint64_t received_[workers][mail_ranks] = {};
};

Counts run_world(std::uint32_t queue_capacity, std::uint64_t seed) {
  std::array<PayloadPool, workers> pools{PayloadPool(1 << 16), PayloadPool(1 << 16),
                                         PayloadPool(1 << 16), PayloadPool(1 << 16)};
  Counts total;
  {
    World world(queue_capacity);
    std::vector<std::unique_ptr<StressWorker>> all;
    for (std::uint16_t i = 0; i < workers; ++i) {
      all.push_back(std::make_unique<StressWorker>(world, i, seed * workers + i));
    }
    std::vector<std::thread> threads;
    for (std::uint16_t i = 0; i < workers; ++i) {
      threads.emplace_back([&all, &pools, i] { all[i]->run(pools[i]); });
    }
    for (std::thread& thread : threads) thread.join();
    for (const std::unique_ptr<StressWorker>& worker : all) {
      total.out_of_order += worker->counts.out_of_order;
      total.damaged += worker->counts.damaged;
      total.lost_wakes += worker->counts.lost_wakes;
      total.sleeps += worker->counts.sleeps;
      total.turns_held_back += worker->counts.turns_held_back;
    }
    EXPECT_EQ(world.underway.load(std::memory_order_relaxed), 0);
  }
  for (const PayloadPool& pool : pools) EXPECT_EQ(pool.blocks_in_use(), 0u);
  return total;
}

void expect_sound(const Counts& counts) {
  EXPECT_EQ(counts.out_of_order, 0u);
  EXPECT_EQ(counts.damaged, 0u);
  EXPECT_EQ(counts.lost_wakes, 0u);
  EXPECT_GT(counts.sleeps, 0u);
}

TEST(MailboxStress, EveryLetterArrivesOnceAndInOrderThroughQueuesOfOne) {
  const Counts counts = run_world(1, 1);
  expect_sound(counts);
  EXPECT_GT(counts.turns_held_back, 0u);
}

TEST(MailboxStress, EveryLetterArrivesOnceAndInOrderThroughSmallQueues) {
  expect_sound(run_world(8, 2));
}

TEST(MailboxStress, EveryLetterArrivesOnceAndInOrderThroughLargeQueues) {
  expect_sound(run_world(1'024, 3));
}

void pause(std::uint64_t steps) {
  std::atomic<std::uint64_t> passed{0};
  while (passed.fetch_add(1, std::memory_order_relaxed) < steps) {
  }
}

// Two threads hand one letter to and fro, and each sleeps whenever it has nothing: every letter
// needs its wake-up.
TEST(MailboxStress, NoWakeUpIsLostBetweenTwoThatAlwaysSleep) {
  constexpr std::uint64_t rounds = 5'000;
  constexpr std::uint64_t pause_steps_max = 10'000;
  PostOffice office(2, 1);
  std::array<Bell, 2> bells;
  std::array<std::uint64_t, 2> lost{};
  const auto play = [&](std::uint16_t self) {
    Mailbox mailbox(office, {self});
    std::minstd_rand random(self + 1u);
    const auto other = static_cast<std::uint16_t>(1 - self);
    const auto send = [&](std::uint64_t number) {
      Mail mail;
      mail.kind = MailKind::deliver;
      mail.number = number;
      mailbox.post({other}, std::move(mail));
      for (const WorkerId worker : mailbox.flush()) bells[worker.value].ring();
    };
    if (self == 0) send(0);
    for (std::uint64_t expected = self == 0 ? 1 : 0; expected < rounds; expected += 2) {
      Mail mail;
      while (!mailbox.receive(mail)) {
        // As long as waking the other takes, or its answer never falls between these two calls.
        pause(random() % pause_steps_max);
        if (!mailbox.try_sleep()) continue;
        if (!bells[self].wait(20'000'000'000)) ++lost[self];
        mailbox.woke();
      }
      ASSERT_EQ(mail.number, expected);
      pause(random() % pause_steps_max);
      if (expected + 1 < rounds) send(expected + 1);
    }
  };
  std::thread first([&play] { play(0); });
  std::thread second([&play] { play(1); });
  first.join();
  second.join();
  EXPECT_EQ(lost[0] + lost[1], 0u);
}

}  // namespace
}  // namespace parley::core
