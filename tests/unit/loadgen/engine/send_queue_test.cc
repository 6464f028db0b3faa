// Queues of frames over one pool, against plain strings.
#include "loadgen/engine/send_queue.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string>

#include "loadgen/truth/random.h"

namespace parley::loadgen {
namespace {

std::string text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void push(SendPool& pool, SendPool::Queue& queue, std::string_view text) {
  const MutableBytes out = pool.push(queue, text.size());
  ASSERT_EQ(out.size(), text.size());
  std::memcpy(out.data(), text.data(), text.size());
}

// What all pieces of a queue hold, up to `pieces_max` of them.
template <std::size_t pieces_max>
std::string content(const SendPool& pool, const SendPool::Queue& queue) {
  std::array<Bytes, pieces_max> pieces;
  const std::uint32_t count = pool.pieces(queue, pieces);
  std::string all;
  for (std::uint32_t i = 0; i < count; ++i) {
    EXPECT_FALSE(pieces[i].empty());
    all += text_of(pieces[i]);
  }
  return all;
}

TEST(SendPool, FramesComeInTheirOrder) {
  SendPool pool;
  SendPool::Queue queue;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(content<8>(pool, queue), "");
  push(pool, queue, "one ");
  push(pool, queue, "two ");
  push(pool, queue, "three");
  EXPECT_FALSE(queue.empty());
  EXPECT_EQ(content<8>(pool, queue), "one two three");
  EXPECT_EQ(content<2>(pool, queue), "one two ");
}

TEST(SendPool, APartThatWasSentIsTakenOff) {
  SendPool pool;
  SendPool::Queue queue;
  push(pool, queue, "hello");
  push(pool, queue, "world");
  pool.on_sent(queue, 3);
  EXPECT_EQ(content<8>(pool, queue), "loworld");
  pool.on_sent(queue, 2);
  EXPECT_EQ(content<8>(pool, queue), "world");
  pool.on_sent(queue, 5);
  EXPECT_TRUE(queue.empty());
}

TEST(SendPool, ClearingOneQueueLeavesTheOthersAlone) {
  SendPool pool;
  SendPool::Queue a;
  SendPool::Queue b;
  for (int i = 0; i < 10; ++i) {
    push(pool, a, "a" + std::to_string(i));
    push(pool, b, "b" + std::to_string(i));
  }
  pool.clear(a);
  EXPECT_TRUE(a.empty());
  push(pool, a, "new");
  EXPECT_EQ(content<64>(pool, a), "new");
  EXPECT_EQ(content<64>(pool, b), "b0b1b2b3b4b5b6b7b8b9");
}

TEST(SendPool, CountsWhatIsUnsentInAllQueues) {
  SendPool pool;
  SendPool::Queue a;
  SendPool::Queue b;
  EXPECT_EQ(pool.bytes(), 0u);
  push(pool, a, "first");
  push(pool, a, "second");
  push(pool, b, "third");
  EXPECT_EQ(pool.bytes(), 16u);
  pool.on_sent(a, 7);
  EXPECT_EQ(pool.bytes(), 9u);
  pool.clear(a);
  EXPECT_EQ(pool.bytes(), 5u);
  pool.on_sent(b, 5);
  EXPECT_EQ(pool.bytes(), 0u);
}

TEST(SendPool, PiecesStayWhereTheyAreWhileOthersCome) {
  SendPool pool;
  SendPool::Queue queue;
  push(pool, queue, "stays");
  std::array<Bytes, 1> piece;
  ASSERT_EQ(pool.pieces(queue, piece), 1u);
  SendPool::Queue others;
  for (int i = 0; i < 10'000; ++i) push(pool, others, std::string(100, 'x'));
  EXPECT_EQ(text_of(piece[0]), "stays");
}

TEST(SendPool, ManyQueuesBehaveAsStringsDo) {
  SendPool pool;
  std::array<SendPool::Queue, 7> queues;
  std::array<std::string, 7> expected;
  std::uint64_t random = 4;
  for (int step = 0; step < 20'000; ++step) {
    const std::size_t which = next_random(random) % queues.size();
    const std::uint64_t what = next_random(random) % 20;
    if (what < 9) {
      const std::size_t bytes = 1 + next_random(random) % (what == 0 ? 9'000 : 40);
      const std::string text(bytes, static_cast<char>('a' + step % 26));
      push(pool, queues[which], text);
      expected[which] += text;
    } else if (what < 19) {
      const std::string sendable = content<64>(pool, queues[which]);
      ASSERT_TRUE(expected[which].starts_with(sendable));
      const std::size_t sent = next_random(random) % (sendable.size() + 1);
      pool.on_sent(queues[which], sent);
      expected[which].erase(0, sent);
    } else {
      pool.clear(queues[which]);
      expected[which].clear();
    }
    ASSERT_EQ(queues[which].empty(), expected[which].empty());
  }
}

}  // namespace
}  // namespace parley::loadgen
