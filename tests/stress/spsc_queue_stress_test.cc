// The queue itself on two threads; the preset tsan looks for races, the checks for lost order.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <thread>

#include "core/queue/spsc_queue.h"

namespace parley::core {
namespace {

TEST(SpscQueueStress, EveryItemArrivesOnceAndInOrder) {
  constexpr std::uint64_t items = 100'000;
  for (const std::uint32_t capacity : {1u, 2u, 16u}) {
    SpscQueue<std::unique_ptr<std::uint64_t>> queue(capacity);
    std::thread producer([&queue] {
      for (std::uint64_t i = 0; i < items; ++i) {
        auto item = std::make_unique<std::uint64_t>(i);
        while (!queue.try_push(item)) std::this_thread::yield();
      }
    });
    std::uint64_t expected = 0;
    std::uint64_t out_of_order = 0;
    while (expected < items) {
      std::unique_ptr<std::uint64_t> item;
      if (!queue.try_pop(item)) {
        std::this_thread::yield();
        continue;
      }
      if (*item != expected) ++out_of_order;
      ++expected;
    }
    producer.join();
    std::unique_ptr<std::uint64_t> none;
    EXPECT_FALSE(queue.try_pop(none));
    EXPECT_EQ(out_of_order, 0u);
  }
}

}  // namespace
}  // namespace parley::core
