// A ring between workers: both ends on one thread, and a thread at each end.
#include <benchmark/benchmark.h>

#include <atomic>
#include <thread>

#include "core/base/check.h"
#include "core/queue/spsc_queue.h"

namespace {

using parley::core::SpscQueue;

struct Item {  // As large as a mail.
  std::uint64_t words[8];
};

constexpr std::uint32_t capacity = 1024;

void one_thread(benchmark::State& state) {
  SpscQueue<Item> queue(capacity);
  Item item{};
  for (auto _ : state) {
    CHECK(queue.try_push(item));
    CHECK(queue.try_pop(item));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(one_thread);

// A batch goes through per iteration; both ends poll, giving way to the other where they share a
// core.
void two_threads(benchmark::State& state) {
  constexpr int batch = 10'000;
  SpscQueue<Item> queue(capacity);
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> taken{0};
  std::thread consumer([&] {
    Item item{};
    while (!stop.load(std::memory_order_relaxed)) {  // relaxed: only ends the loop.
      std::uint64_t count = 0;
      while (queue.try_pop(item)) ++count;
      if (count == 0) {
        std::this_thread::yield();
      } else {
        // relaxed: the producer only waits for the number.
        taken.fetch_add(count, std::memory_order_relaxed);
      }
    }
  });
  std::uint64_t pushed = 0;
  Item item{};
  for (auto _ : state) {
    for (int i = 0; i < batch; ++i) {
      while (!queue.try_push(item)) std::this_thread::yield();
    }
    pushed += batch;
    // relaxed: see above.
    while (taken.load(std::memory_order_relaxed) != pushed) std::this_thread::yield();
  }
  stop.store(true, std::memory_order_relaxed);  // relaxed: see above.
  consumer.join();
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(two_threads)->UseRealTime();

}  // namespace
