// Payloads out of their pool and back: one at a time, many at once, and back from another thread.
#include <atomic>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "bench/micro/micro.h"
#include "core/base/check.h"
#include "core/payload/payload_pool.h"
#include "core/queue/spsc_queue.h"

namespace {

using namespace parley;
using core::PayloadPool;
using core::PayloadRef;

constexpr std::uint64_t keeps_all = 64 << 20;
constexpr std::uint64_t keeps_nothing = 0;  // Every block comes from the allocator and goes there.
constexpr std::uint32_t payload_bytes = 220;

// A block that has been written to, so that its memory is really there.
PayloadRef make_payload(PayloadPool& pool, std::uint32_t bytes, std::uint64_t number) {
  PayloadRef payload = pool.allocate(bytes);
  std::memcpy(payload->bytes() + payload->begin, &number, sizeof(number));
  payload->end += bytes;
  return payload;
}

std::uint64_t number_in(const PayloadRef& payload) {
  std::uint64_t number = 0;
  std::memcpy(&number, payload->frame().data(), sizeof(number));
  return number;
}

// range(0): bytes of the payload. The last size is above what the pool keeps.
void one_at_a_time(benchmark::State& state) {
  PayloadPool pool(keeps_all);
  std::uint64_t number = 0;
  std::uint64_t sum = 0;
  for (auto _ : state) {
    const PayloadRef payload =
        make_payload(pool, static_cast<std::uint32_t>(state.range(0)), ++number);
    sum += number_in(payload);
  }
  CHECK(sum == number * (number + 1) / 2);
  CHECK(pool.blocks_in_use() == 0);
  bench::report(state, 1);
}
BENCHMARK(one_at_a_time)->Arg(64)->Arg(1000)->Arg(16'000)->Arg(128'000);

// A burst: as many payloads as range(0) says are out at once.
void many_at_once(benchmark::State& state, std::uint64_t idle_bytes_max) {
  PayloadPool pool(idle_bytes_max);
  std::vector<PayloadRef> payloads(static_cast<std::size_t>(state.range(0)));
  std::uint64_t number = 0;
  std::uint64_t sum = 0;
  for (auto _ : state) {
    for (PayloadRef& payload : payloads) payload = make_payload(pool, payload_bytes, ++number);
    for (PayloadRef& payload : payloads) {
      sum += number_in(payload);
      payload.reset();
    }
  }
  CHECK(sum == number * (number + 1) / 2);
  CHECK(pool.blocks_in_use() == 0);
  bench::report(state, state.range(0));
}
BENCHMARK_CAPTURE(many_at_once, pool_keeps_them, keeps_all)->Arg(1000)->Arg(20'000);
BENCHMARK_CAPTURE(many_at_once, allocator_each_time, keeps_nothing)->Arg(1000)->Arg(20'000);

// A writer that did not know how much it would write.
void grow(benchmark::State& state) {
  constexpr std::uint32_t bytes_max = 10'000;
  PayloadPool pool(keeps_all);
  std::uint64_t number = 0;
  std::uint64_t sum = 0;
  for (auto _ : state) {
    PayloadRef payload = make_payload(pool, payload_bytes, ++number);
    while (payload->capacity < bytes_max) pool.grow(payload, payload->capacity);
    sum += number_in(payload);
  }
  CHECK(sum == number * (number + 1) / 2);
  bench::report(state, 1);
}
BENCHMARK(grow);

// Drops what it is given, as a worker does that holds the last reference to another's payload.
class OtherThread {
 public:
  OtherThread() : thread_([this] { run(); }) {}
  OtherThread(const OtherThread&) = delete;
  OtherThread& operator=(const OtherThread&) = delete;

  void drop(PayloadRef payload) {
    while (!queue_.try_push(payload)) std::this_thread::yield();
  }
  // acquire: pairs with the release in run(); what was dropped is back in its pool.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_acquire); }

  // Sum of the numbers in what was dropped. REQUIRES: once.
  std::uint64_t end() {
    stop_.store(true, std::memory_order_relaxed);  // relaxed: only ends the loop.
    thread_.join();
    return sum_;
  }

 private:
  void run() {
    PayloadRef payload;
    while (!stop_.load(std::memory_order_relaxed)) {  // relaxed: see end().
      if (!queue_.try_pop(payload)) {
        std::this_thread::yield();
        continue;
      }
      sum_ += number_in(payload);
      payload.reset();
      // release: pairs with the acquire in dropped().
      dropped_.fetch_add(1, std::memory_order_release);
    }
  }

  core::SpscQueue<PayloadRef> queue_{1024};
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> dropped_{0};
  std::uint64_t sum_ = 0;
  std::thread thread_;
};

void other_thread_gives_back(benchmark::State& state, std::uint64_t idle_bytes_max) {
  constexpr int batch = 1000;
  PayloadPool pool(idle_bytes_max);
  OtherThread other;
  std::uint64_t number = 0;
  for (auto _ : state) {
    for (int i = 0; i < batch; ++i) other.drop(make_payload(pool, payload_bytes, ++number));
    while (other.dropped() != number) std::this_thread::yield();
  }
  CHECK(other.end() == number * (number + 1) / 2);
  CHECK(pool.blocks_in_use() == 0);
  bench::report(state, batch);
}

[[maybe_unused]] const bool listed = [] {
  if (bench::has_two_cores()) {
    for (const auto& [name, idle_bytes_max] :
         {std::pair{"other_thread_gives_back/pool_keeps_them", keeps_all},
          std::pair{"other_thread_gives_back/allocator_each_time", keeps_nothing}}) {
      benchmark::RegisterBenchmark(name, other_thread_gives_back, idle_bytes_max)->UseRealTime();
    }
  }
  return true;
}();

}  // namespace
