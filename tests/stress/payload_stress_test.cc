// Payloads written by one thread, read and given back by others.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "core/payload/payload_pool.h"
#include "core/queue/spsc_queue.h"

namespace parley::core {
namespace {

constexpr std::uint32_t readers = 3;
constexpr std::uint32_t payloads = 20'000;

std::uint32_t bytes_of(std::uint32_t number) {
  return number % 1'000 == 0 ? 100'000 : 8 + number * 37 % 3'000;
}

void fill(PayloadRef& payload, std::uint32_t number) {
  const std::uint32_t bytes = bytes_of(number);
  std::memset(payload->bytes() + payload->end, static_cast<int>(number % 251), bytes);
  payload->end += bytes;
  payload->first_sequence = payload->last_sequence = number + 1;
}

bool as_filled(const PayloadRef& payload, std::uint32_t number) {
  const Bytes frame = payload->frame();
  const auto value = static_cast<std::byte>(number % 251);
  return frame.size() == bytes_of(number) && payload->first_sequence == number + 1 &&
         frame.front() == value && frame.back() == value;
}

using Queue = SpscQueue<PayloadRef>;

// Returns how many payloads did not read as written.
std::uint64_t read_all(Queue& queue) {
  std::uint64_t wrong = 0;
  std::deque<PayloadRef> kept;  // So that now this thread, now another drops the last reference.
  for (std::uint32_t number = 0; number < payloads;) {
    PayloadRef payload;
    if (!queue.try_pop(payload)) {
      std::this_thread::yield();
      continue;
    }
    if (!as_filled(payload, number)) ++wrong;
    if (number % 3 == 0) kept.push_back(payload.share());
    if (kept.size() > 20) kept.pop_front();
    ++number;
  }
  return wrong;
}

TEST(PayloadStress, BlocksComeBackFromEveryThread) {
  for (const std::uint64_t idle_bytes_max : {0u, 20'000u, 10'000'000u}) {
    PayloadPool pool(idle_bytes_max);
    std::vector<std::unique_ptr<Queue>> queues;
    for (std::uint32_t i = 0; i < readers; ++i) queues.push_back(std::make_unique<Queue>(64));
    std::vector<std::uint64_t> wrong(readers, 0);
    std::vector<std::thread> threads;
    for (std::uint32_t i = 0; i < readers; ++i) {
      threads.emplace_back([&wrong, &queues, i] { wrong[i] = read_all(*queues[i]); });
    }
    std::uint64_t in_use_max = 0;
    for (std::uint32_t number = 0; number < payloads; ++number) {
      PayloadRef payload = pool.allocate(bytes_of(number));
      fill(payload, number);
      PayloadRef::add_references(payload.get(), readers);
      for (std::unique_ptr<Queue>& queue : queues) {
        PayloadRef reference = PayloadRef::adopt(payload.get());
        while (!queue->try_push(reference)) std::this_thread::yield();
      }
      if (number % 100 == 0) in_use_max = std::max(in_use_max, pool.blocks_in_use());
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, std::vector<std::uint64_t>(readers, 0));
    // What queues and readers can hold, and the one being written.
    EXPECT_LE(in_use_max, readers * (64 + 22) + 1);
    EXPECT_EQ(pool.blocks_in_use(), 0u);
    EXPECT_EQ(pool.bytes_in_use(), 0u);
  }
}

}  // namespace
}  // namespace parley::core
