// Two threads, a ring each: run under ThreadSanitizer too.

#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/check.h"
#include "io/uring_ring.h"
#include "io/waker.h"

namespace parley::io {
namespace {

std::unique_ptr<UringRing> open_ring(RingDirectory& directory, WorkerId worker) {
  Result<std::unique_ptr<UringRing>> ring = UringRing::open({.worker = worker,
                                                             .directory = &directory,
                                                             .connections_max = 4,
                                                             .recv_buffer_bytes = 64,
                                                             .recv_buffers = 4,
                                                             .submissions = 8,
                                                             .completions = 16,
                                                             .features = {}});
  CHECK(ring.has_value());
  return std::move(*ring);
}

// Waits for one wake, however long a busy machine takes.
void await_wake(UringRing& ring) {
  for (int i = 0; i < 1'000; ++i) {
    for (const Completion& completion : ring.wait(ring.now() + milliseconds(100), 1)) {
      ASSERT_EQ(completion.op, Op::wake);
      return;
    }
  }
  FAIL() << "No wake came.";
}

TEST(RingWake, TwoThreadsWakeEachOtherInTurn) {
  constexpr int rounds = 2'000;
  RingDirectory directory;
  std::atomic<int> ready = 0;
  std::atomic<int> done = 0;
  const auto play = [&](WorkerId self, WorkerId other, bool serves) {
    const std::unique_ptr<UringRing> ring = open_ring(directory, self);
    ready += 1;
    while (ready < 2) std::this_thread::yield();
    if (serves) ring->wake(other);
    for (int i = 0; i < rounds; ++i) {
      await_wake(*ring);
      ring->wake(other);
    }
    static_cast<void>(ring->wait(Instant{0}, 1));  // Submits the last wake.
    EXPECT_EQ(ring->counters().wakes_failed, 0u);
    done += 1;
    while (done < 2) std::this_thread::yield();  // A ring that is gone cannot be woken.
  };
  std::thread first(play, WorkerId{0}, WorkerId{1}, true);
  std::thread second(play, WorkerId{1}, WorkerId{0}, false);
  first.join();
  second.join();
}

TEST(RingWake, AThreadWithoutARingWakesAWorkerThatSleeps) {
  constexpr int rounds = 500;
  RingDirectory directory;
  std::atomic<int> woken = 0;
  std::thread worker([&] {
    const std::unique_ptr<UringRing> ring = open_ring(directory, WorkerId{3});
    for (int i = 0; i < rounds; ++i) {
      await_wake(*ring);
      woken += 1;
    }
  });
  Result<std::unique_ptr<Waker>> waker = Waker::open(directory);
  ASSERT_TRUE(waker.has_value());
  for (int i = 0; i < rounds; ++i) {
    while (!(*waker)->wake(WorkerId{3})) std::this_thread::yield();  // Until its ring is there.
    while (woken <= i) std::this_thread::yield();
  }
  worker.join();
  EXPECT_EQ(woken, rounds);
  EXPECT_FALSE((*waker)->wake(WorkerId{3})) << "Its ring is gone.";
}

TEST(RingWake, ManyWakersOfOneSleeperLoseNoWake) {
  constexpr int wakers = 3;
  constexpr int wakes = 300;
  RingDirectory directory;
  const std::unique_ptr<UringRing> sleeper = open_ring(directory, WorkerId{0});
  std::vector<std::thread> threads;
  std::atomic<int> opened = 0;
  for (std::uint16_t i = 1; i <= wakers; ++i) {
    threads.emplace_back([&directory, &opened, i] {
      const std::unique_ptr<UringRing> ring = open_ring(directory, WorkerId{i});
      // liburing maps queues behind ThreadSanitizer's back: one ring's must not take the place of
      // another thread's that closed early.
      opened += 1;
      while (opened < wakers) std::this_thread::yield();
      for (int n = 0; n < wakes; ++n) {
        ring->wake(WorkerId{0});
        static_cast<void>(ring->wait(Instant{0}, 1));
      }
      EXPECT_EQ(ring->counters().wakes_failed, 0u);
    });
  }
  int woken = 0;
  for (int i = 0; i < 100'000 && woken < wakers * wakes; ++i) {
    for (const Completion& completion : sleeper->wait(sleeper->now() + milliseconds(100), 7)) {
      ASSERT_EQ(completion.op, Op::wake);
      woken += 1;
    }
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(woken, wakers * wakes);
}

}  // namespace
}  // namespace parley::io
