// A ring between workers: both ends on one thread, a thread at each end, and an item that goes
// there and back.
#include <atomic>
#include <thread>

#include "bench/micro/micro.h"
#include "core/base/check.h"
#include "core/queue/spsc_queue.h"

namespace {

using parley::core::SpscQueue;
namespace bench = parley::bench;

struct Item {  // As large as a mail.
  std::uint64_t words[8];
};

constexpr std::uint32_t capacity = 1024;

// The sum of 0 .. count - 1.
std::uint64_t sum_below(std::uint64_t count) {
  return count * (count - 1) / 2;
}

void one_thread(benchmark::State& state) {
  SpscQueue<Item> queue(capacity);
  Item item{};
  std::uint64_t number = 0;
  std::uint64_t sum = 0;
  for (auto _ : state) {
    item.words[0] = number++;
    CHECK(queue.try_push(item));
    CHECK(queue.try_pop(item));
    sum += item.words[0];
  }
  CHECK(sum == sum_below(number));
  bench::report(state, 1);
}
BENCHMARK(one_thread);

// A batch goes through per round; both ends poll, giving way to the other where they share a core.
void two_threads(benchmark::State& state) {
  constexpr std::uint64_t batch = 10'000;
  SpscQueue<Item> queue(capacity);
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> taken{0};
  std::uint64_t sum = 0;
  std::thread consumer([&] {
    Item item{};
    while (!stop.load(std::memory_order_relaxed)) {  // relaxed: only ends the loop.
      std::uint64_t count = 0;
      for (; queue.try_pop(item); ++count) sum += item.words[0];
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
    for (std::uint64_t i = 0; i < batch; ++i) {
      item.words[0] = pushed++;
      while (!queue.try_push(item)) std::this_thread::yield();
    }
    // relaxed: see above.
    while (taken.load(std::memory_order_relaxed) != pushed) std::this_thread::yield();
  }
  stop.store(true, std::memory_order_relaxed);  // relaxed: see above.
  consumer.join();
  CHECK(sum == sum_below(pushed));
  bench::report(state, batch);
}

void ping_pong(benchmark::State& state) {
  constexpr std::uint64_t last = UINT64_MAX;
  SpscQueue<Item> there(capacity);
  SpscQueue<Item> back(capacity);
  std::thread echo([&] {
    Item item{};
    do {
      while (!there.try_pop(item)) std::this_thread::yield();
      CHECK(back.try_push(item));
    } while (item.words[0] != last);
  });
  const auto send_and_wait = [&](std::uint64_t number) {
    Item item{.words = {number}};
    CHECK(there.try_push(item));
    while (!back.try_pop(item)) std::this_thread::yield();
    return item.words[0];
  };
  std::uint64_t number = 0;
  std::uint64_t sum = 0;
  for (auto _ : state) sum += send_and_wait(number++);
  CHECK(send_and_wait(last) == last);
  echo.join();
  CHECK(sum == sum_below(number));
  bench::report(state, 1);
}

[[maybe_unused]] const bool listed = [] {
  if (bench::has_two_cores()) {
    benchmark::RegisterBenchmark("two_threads", two_threads)->UseRealTime();
    benchmark::RegisterBenchmark("ping_pong", ping_pong)->UseRealTime();
  }
  return true;
}();

}  // namespace
