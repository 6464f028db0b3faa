#include "core/payload/payload_pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace parley::core {
namespace {

constexpr std::uint64_t idle_bytes_max = 1 << 20;

void write_frame(PayloadRef& payload, std::string_view text) {
  std::memcpy(payload->bytes() + payload->end, text.data(), text.size());
  payload->end += static_cast<std::uint32_t>(text.size());
}

std::string_view text_of(const PayloadRef& payload) {
  const Bytes frame = payload->frame();
  return {reinterpret_cast<const char*>(frame.data()), frame.size()};
}

TEST(PayloadPool, GivesEmptyFrameBehindHeadroom) {
  PayloadPool pool(idle_bytes_max);
  const PayloadRef payload = pool.allocate(100);
  EXPECT_EQ(payload->begin, PayloadPool::headroom_bytes);
  EXPECT_EQ(payload->body, PayloadPool::headroom_bytes);
  EXPECT_EQ(payload->end, PayloadPool::headroom_bytes);
  EXPECT_EQ(payload->stamp, 0u);
  EXPECT_EQ(payload->first_sequence, 0u);
  EXPECT_EQ(payload->last_sequence, 0u);
  EXPECT_EQ(payload->room, RoomId{});
  EXPECT_TRUE(payload->frame().empty());
  EXPECT_GE(payload->capacity, PayloadPool::headroom_bytes + 100);
}

TEST(PayloadPool, HasRoomForWhatWasAskedAtEverySizeAndWastesAtMostAThird) {
  PayloadPool pool(idle_bytes_max);
  for (std::uint32_t bytes = 0; bytes < 140'000; bytes += bytes < 2'000 ? 1 : 997) {
    PayloadRef payload = pool.allocate(bytes);
    const std::uint32_t needed = PayloadPool::headroom_bytes + bytes;
    ASSERT_GE(payload->capacity, needed) << bytes;
    const auto head = static_cast<std::uint32_t>(sizeof(PayloadBlock));
    if (needed + head > PayloadPool::block_bytes_min) {
      ASSERT_LE(payload->capacity + head, (needed + head) * 3 / 2) << bytes;
    }
    // Every byte that was promised is ours: AddressSanitizer watches.
    std::memset(payload->bytes(), 0x5a, needed);
  }
  EXPECT_EQ(pool.blocks_in_use(), 0u);
}

TEST(PayloadPool, ReusesTheBlockThatCameBack) {
  PayloadPool pool(idle_bytes_max);
  const PayloadBlock* first = nullptr;
  {
    PayloadRef payload = pool.allocate(100);
    payload->room = {1, 2};
    payload->first_sequence = 3;
    payload->last_sequence = 4;
    payload->stamp = 5;
    write_frame(payload, "old");
    first = payload.get();
  }
  const PayloadRef again = pool.allocate(90);
  EXPECT_EQ(again.get(), first);
  EXPECT_TRUE(again->frame().empty());
  EXPECT_EQ(again->room, RoomId{});
  EXPECT_EQ(again->first_sequence, 0u);
  EXPECT_EQ(again->last_sequence, 0u);
  EXPECT_EQ(again->stamp, 0u);
}

TEST(PayloadPool, DoesNotReuseABlockWhileAnyReferenceIsLeft) {
  PayloadPool pool(idle_bytes_max);
  PayloadRef first = pool.allocate(100);
  PayloadRef second = first.share();
  first.reset();
  EXPECT_EQ(pool.blocks_in_use(), 1u);
  const PayloadRef other = pool.allocate(100);
  EXPECT_NE(other.get(), second.get());
  second.reset();
  EXPECT_EQ(pool.blocks_in_use(), 1u);
}

TEST(PayloadPool, CountsBlocksAndBytesInUse) {
  PayloadPool pool(idle_bytes_max);
  EXPECT_EQ(pool.bytes_in_use(), 0u);
  PayloadRef small = pool.allocate(10);
  PayloadRef large = pool.allocate(200'000);
  EXPECT_EQ(pool.blocks_in_use(), 2u);
  const std::uint64_t head = sizeof(PayloadBlock);
  EXPECT_EQ(pool.bytes_in_use(), small->capacity + head + large->capacity + head);
  large.reset();
  EXPECT_EQ(pool.blocks_in_use(), 1u);
  EXPECT_EQ(pool.bytes_in_use(), PayloadPool::block_bytes_min);
  small.reset();
  EXPECT_EQ(pool.blocks_in_use(), 0u);
  EXPECT_EQ(pool.bytes_in_use(), 0u);
}

TEST(PayloadPool, FreesWhatPassesTheIdleBoundAndStillCountsRight) {
  PayloadPool pool(4 * PayloadPool::block_bytes_min);
  std::vector<PayloadRef> burst;
  for (int i = 0; i < 1'000; ++i) burst.push_back(pool.allocate(10));
  EXPECT_EQ(pool.blocks_in_use(), 1'000u);
  burst.clear();
  EXPECT_EQ(pool.blocks_in_use(), 0u);
  EXPECT_EQ(pool.bytes_in_use(), 0u);
  for (int i = 0; i < 10; ++i) burst.push_back(pool.allocate(10));
  EXPECT_EQ(pool.blocks_in_use(), 10u);
}

TEST(PayloadPool, WorksWithNothingKept) {
  PayloadPool pool(0);
  for (int i = 0; i < 100; ++i) {
    const PayloadRef payload = pool.allocate(100);
    EXPECT_EQ(pool.blocks_in_use(), 1u);
  }
  EXPECT_EQ(pool.blocks_in_use(), 0u);
}

TEST(PayloadPool, GrowKeepsTheFrameAndWhatDescribesIt) {
  PayloadPool pool(idle_bytes_max);
  PayloadRef payload = pool.allocate(10);
  payload->begin -= 4;  // A header written into the headroom.
  std::memcpy(payload->bytes() + payload->begin, "HEAD", 4);
  write_frame(payload, "body");
  payload->stamp = payload->body;
  payload->room = {7, 8};
  payload->first_sequence = 9;
  payload->last_sequence = 11;
  const std::uint32_t capacity_before = payload->capacity;
  pool.grow(payload, 5'000);
  EXPECT_EQ(text_of(payload), "HEADbody");
  EXPECT_EQ(payload->body_bytes().size(), 4u);
  EXPECT_EQ(payload->stamp, PayloadPool::headroom_bytes);
  EXPECT_EQ(payload->room, (RoomId{7, 8}));
  EXPECT_EQ(payload->first_sequence, 9u);
  EXPECT_EQ(payload->last_sequence, 11u);
  EXPECT_GE(payload->capacity, PayloadPool::headroom_bytes + 5'000u);
  EXPECT_GT(payload->capacity, capacity_before);
  EXPECT_EQ(pool.blocks_in_use(), 1u);
}

TEST(PayloadPool, GrowingByteByByteCopiesLogarithmicallyOften) {
  PayloadPool pool(idle_bytes_max);
  PayloadRef payload = pool.allocate(1);
  int grown = 0;
  for (std::uint32_t i = 0; i < 1'000'000; ++i) {
    if (payload->end == payload->capacity) {
      pool.grow(payload, payload->end - PayloadPool::headroom_bytes + 1);
      ++grown;
    }
    payload->bytes()[payload->end++] = static_cast<std::byte>(i);
  }
  EXPECT_LE(grown, 25);
  for (std::uint32_t i = 0; i < 1'000'000; ++i) {
    ASSERT_EQ(payload->frame()[i], static_cast<std::byte>(i));
  }
}

TEST(PayloadPoolDeathTest, RefusesToGrowWhatIsShared) {
  PayloadPool pool(idle_bytes_max);
  PayloadRef payload = pool.allocate(10);
  const PayloadRef other = payload.share();
  EXPECT_DEATH(pool.grow(payload, 100), "CHECK failed");
}

TEST(PayloadPoolDeathTest, RefusesToDieBeforeItsBlocks) {
  EXPECT_DEATH(
      {
        PayloadPool pool(idle_bytes_max);
        PayloadBlock* leaked = pool.allocate(10).release();
        static_cast<void>(leaked);
      },
      "CHECK failed");
}

TEST(PayloadRef, MovingLeavesNothingBehind) {
  PayloadPool pool(idle_bytes_max);
  PayloadRef first = pool.allocate(10);
  PayloadRef second = std::move(first);
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): that is what is tested.
  EXPECT_TRUE(second);
  PayloadRef third = pool.allocate(10);
  third = std::move(second);
  EXPECT_EQ(pool.blocks_in_use(), 1u);
  PayloadRef& same = third;
  third = std::move(same);
  EXPECT_TRUE(third);
  EXPECT_EQ(pool.blocks_in_use(), 1u);
}

TEST(PayloadRef, SharingNothingGivesNothing) {
  const PayloadRef empty;
  EXPECT_FALSE(empty.share());
}

TEST(PayloadRef, CountsManyReferencesAtOnce) {
  PayloadPool pool(idle_bytes_max);
  PayloadRef payload = pool.allocate(10);
  constexpr std::uint32_t members = 100;
  constexpr std::uint32_t without_room = 30;
  PayloadRef::add_references(payload.get(), members);
  std::vector<PayloadRef> outboxes;
  for (std::uint32_t i = 0; i < members - without_room; ++i) {
    outboxes.push_back(PayloadRef::adopt(payload.get()));
  }
  PayloadRef::drop_references(payload.get(), without_room);
  payload.reset();
  EXPECT_EQ(pool.blocks_in_use(), 1u);
  outboxes.clear();
  EXPECT_EQ(pool.blocks_in_use(), 0u);
}

TEST(PayloadRef, DroppingManyAtOnceMayDropTheLast) {
  PayloadPool pool(idle_bytes_max);
  PayloadBlock* block = pool.allocate(10).release();
  PayloadRef::add_references(block, 4);
  PayloadRef::drop_references(block, 5);
  EXPECT_EQ(pool.blocks_in_use(), 0u);
}

TEST(PayloadPool, TakesBlocksBackFromAnotherThread) {
  PayloadPool pool(idle_bytes_max);
  std::vector<PayloadRef> payloads;
  for (int i = 0; i < 100; ++i) payloads.push_back(pool.allocate(100));
  std::thread([moved = std::move(payloads)]() mutable { moved.clear(); }).join();
  EXPECT_EQ(pool.blocks_in_use(), 0u);
  EXPECT_EQ(pool.bytes_in_use(), 0u);
}

}  // namespace
}  // namespace parley::core
