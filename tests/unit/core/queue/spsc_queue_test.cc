#include "core/queue/spsc_queue.h"

#include <gtest/gtest.h>

#include <memory>

namespace parley::core {
namespace {

using Item = std::unique_ptr<int>;  // AddressSanitizer sees each that is lost or freed twice.

bool push(SpscQueue<Item>& queue, int value) {
  Item item = std::make_unique<int>(value);
  return queue.try_push(item);
}

TEST(SpscQueue, IsEmptyAtFirst) {
  SpscQueue<Item> queue(4);
  Item item;
  EXPECT_FALSE(queue.try_pop(item));
}

TEST(SpscQueue, HoldsExactlyItsCapacityAndKeepsOrder) {
  for (const std::uint32_t capacity : {1u, 2u, 4u, 64u}) {
    SpscQueue<Item> queue(capacity);
    for (std::uint32_t i = 0; i < capacity; ++i) EXPECT_TRUE(push(queue, static_cast<int>(i)));
    EXPECT_FALSE(push(queue, -1));
    Item item;
    for (std::uint32_t i = 0; i < capacity; ++i) {
      ASSERT_TRUE(queue.try_pop(item));
      EXPECT_EQ(*item, static_cast<int>(i));
    }
    EXPECT_FALSE(queue.try_pop(item));
  }
}

TEST(SpscQueue, LeavesTheValueWithTheCallerWhenFull) {
  SpscQueue<Item> queue(1);
  EXPECT_TRUE(push(queue, 1));
  Item item = std::make_unique<int>(2);
  EXPECT_FALSE(queue.try_push(item));
  ASSERT_NE(item, nullptr);
  EXPECT_EQ(*item, 2);
}

TEST(SpscQueue, GoesRoundManyTimesAtEveryFillLevel) {
  SpscQueue<Item> queue(4);
  int pushed = 0;
  int popped = 0;
  for (int level = 0; level <= 4; ++level) {
    while (pushed - popped < level) EXPECT_TRUE(push(queue, pushed++));
    for (int round = 0; round < 100; ++round) {
      Item item;
      if (level > 0) {
        ASSERT_TRUE(queue.try_pop(item));
        EXPECT_EQ(*item, popped++);
        EXPECT_TRUE(push(queue, pushed++));
      }
    }
  }
}

TEST(SpscQueue, DestroysWhatIsLeft) {
  SpscQueue<Item> queue(8);
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(push(queue, i));
    Item item;
    if (i % 2 == 0 && i > 8) {
      EXPECT_TRUE(queue.try_pop(item));
    } else if (i < 8) {
      EXPECT_TRUE(queue.try_pop(item));
    }
  }
}

TEST(SpscQueueDeathTest, RefusesACapacityThatIsNoPowerOfTwo) {
  EXPECT_DEATH(SpscQueue<int>(3), "CHECK failed");
}

}  // namespace
}  // namespace parley::core
