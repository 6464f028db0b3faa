#include "core/rooms/history.h"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <map>
#include <random>
#include <vector>

#include "core/base/check.h"
#include "core/payload/payload_pool.h"

namespace parley::core {
namespace {

constexpr HistoryLimits roomy{
    .count_max = 1'000, .room_bytes_max = 1 << 20, .bytes_max = 1 << 24, .age_max = seconds(3600)};

class HistoryTest : public testing::Test {
 protected:
  // In a block of exactly `block_bytes`, which is what history counts: a size that the pool has.
  PayloadRef frame(Sequence sequence, std::uint32_t block_bytes) {
    constexpr std::uint32_t around = sizeof(PayloadBlock) + PayloadPool::headroom_bytes;
    PayloadRef payload = pool_.allocate(block_bytes - around);
    CHECK(payload->capacity + sizeof(PayloadBlock) == block_bytes);
    payload->end += 1;
    payload->first_sequence = sequence;
    payload->last_sequence = sequence;
    return payload;
  }

  // Messages `first` to `last`, each in a block of `block_bytes`.
  void fill(History& history, std::uint32_t room, Sequence first, Sequence last,
            std::uint32_t block_bytes) {
    for (Sequence s = first; s <= last; ++s) {
      history.append(room, frame(s, block_bytes), UnixMillis{0});
    }
  }

  static std::vector<Sequence> since(const History& history, std::uint32_t room, Sequence sequence,
                                     std::size_t count_max) {
    std::vector<PayloadBlock*> out(count_max);
    const std::uint32_t count = history.since(room, sequence, out);
    std::vector<Sequence> numbers;
    for (std::uint32_t i = 0; i < count; ++i) numbers.push_back(out[i]->first_sequence);
    return numbers;
  }

  static std::vector<Sequence> before(const History& history, std::uint32_t room, Sequence sequence,
                                      std::size_t count_max) {
    std::vector<PayloadBlock*> out(count_max);
    const std::uint32_t count = history.before(room, sequence, out);
    std::vector<Sequence> numbers;
    for (std::uint32_t i = 0; i < count; ++i) numbers.push_back(out[i]->first_sequence);
    return numbers;
  }

  PayloadPool pool_{0};
};

using Numbers = std::vector<Sequence>;

TEST_F(HistoryTest, IsEmptyForARoomItNeverSaw) {
  const History history(roomy);
  EXPECT_TRUE(history.empty(12));
  EXPECT_EQ(history.oldest(12), 0u);
  EXPECT_EQ(since(history, 12, 0, 5), Numbers{});
  EXPECT_EQ(before(history, 12, 9, 5), Numbers{});
}

TEST_F(HistoryTest, AnswersSinceInAscendingOrder) {
  History history(roomy);
  fill(history, 0, 1, 6, 256);
  EXPECT_EQ(since(history, 0, 0, 10), (Numbers{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(since(history, 0, 4, 10), (Numbers{5, 6}));
  EXPECT_EQ(since(history, 0, 5, 10), (Numbers{6}));
  EXPECT_EQ(since(history, 0, 6, 10), Numbers{});
  EXPECT_EQ(since(history, 0, UINT64_MAX, 10), Numbers{});
}

TEST_F(HistoryTest, AnswersSinceWithTheFirstAboveWhenThereAreMoreThanFit) {
  History history(roomy);
  fill(history, 0, 1, 6, 256);
  EXPECT_EQ(since(history, 0, 1, 2), (Numbers{2, 3}));
  EXPECT_EQ(since(history, 0, 1, 0), Numbers{});
}

TEST_F(HistoryTest, AnswersBeforeWithTheLastBelowInAscendingOrder) {
  History history(roomy);
  fill(history, 0, 1, 6, 256);
  EXPECT_EQ(before(history, 0, 5, 2), (Numbers{3, 4}));
  EXPECT_EQ(before(history, 0, 3, 10), (Numbers{1, 2}));
  EXPECT_EQ(before(history, 0, 1, 10), Numbers{});
  EXPECT_EQ(before(history, 0, UINT64_MAX, 3), (Numbers{4, 5, 6}));
  EXPECT_EQ(before(history, 0, 5, 0), Numbers{});
}

TEST_F(HistoryTest, DropsTheOldestOfTheRoomAboveTheCount) {
  HistoryLimits limits = roomy;
  limits.count_max = 3;
  History history(limits);
  fill(history, 0, 1, 5, 256);
  fill(history, 1, 1, 2, 256);
  EXPECT_EQ(since(history, 0, 0, 10), (Numbers{3, 4, 5}));
  EXPECT_EQ(since(history, 1, 0, 10), (Numbers{1, 2}));
  EXPECT_EQ(history.messages(), 5u);
  EXPECT_EQ(history.bytes(), 5u * 256);
}

TEST_F(HistoryTest, DropsTheOldestOfTheRoomAboveItsBytes) {
  HistoryLimits limits = roomy;
  limits.room_bytes_max = 1'024;
  History history(limits);
  fill(history, 0, 1, 2, 384);
  history.append(0, frame(3, 256), UnixMillis{0});  // 1024 bytes exactly.
  EXPECT_EQ(history.oldest(0), 1u);
  history.append(0, frame(4, 256), UnixMillis{0});
  EXPECT_EQ(since(history, 0, 0, 10), (Numbers{2, 3, 4}));
  history.append(0, frame(5, 1'024), UnixMillis{0});
  EXPECT_EQ(since(history, 0, 0, 10), (Numbers{5}));
}

TEST_F(HistoryTest, DropsTheOldestOfAllRoomsAboveTheBytesOfAll) {
  HistoryLimits limits = roomy;
  limits.bytes_max = 3 * 384;
  History history(limits);
  fill(history, 0, 1, 1, 384);
  fill(history, 1, 1, 1, 384);
  fill(history, 0, 2, 2, 384);
  fill(history, 1, 2, 2, 384);  // One too many: message 1 of room 0 is the oldest.
  EXPECT_EQ(since(history, 0, 0, 10), (Numbers{2}));
  EXPECT_EQ(since(history, 1, 0, 10), (Numbers{1, 2}));
  fill(history, 2, 1, 1, 1'024);
  EXPECT_TRUE(history.empty(0));
  EXPECT_TRUE(history.empty(1));
  EXPECT_EQ(history.bytes(), 1'024u);
}

TEST_F(HistoryTest, ForgetsWhatCameBeforeAMessageTooLargeToRecord) {
  HistoryLimits limits = roomy;
  limits.room_bytes_max = 1'024;
  History history(limits);
  fill(history, 0, 1, 3, 256);
  history.append(0, frame(4, 1'536), UnixMillis{0});
  EXPECT_TRUE(history.empty(0));  // What is left must end with the last message.
  history.append(0, frame(5, 256), UnixMillis{0});
  EXPECT_EQ(since(history, 0, 0, 10), (Numbers{5}));
}

TEST_F(HistoryTest, ForgetsWhatCameBeforeAMessageLargerThanAllMayHold) {
  HistoryLimits limits = roomy;
  limits.bytes_max = 512;
  History history(limits);
  fill(history, 0, 1, 1, 256);
  fill(history, 1, 1, 1, 256);
  history.append(0, frame(2, 768), UnixMillis{0});
  EXPECT_TRUE(history.empty(0));
  EXPECT_EQ(since(history, 1, 0, 10), (Numbers{1}));
}

TEST_F(HistoryTest, RecordsNothingWithACountOfZero) {
  HistoryLimits limits = roomy;
  limits.count_max = 0;
  History history(limits);
  fill(history, 0, 1, 3, 256);
  EXPECT_TRUE(history.empty(0));
  EXPECT_EQ(history.messages(), 0u);
  EXPECT_EQ(pool_.blocks_in_use(), 0u);
}

TEST_F(HistoryTest, ExpiresWhatIsOlderThanItsAge) {
  HistoryLimits limits = roomy;
  limits.age_max = milliseconds(1'000);
  History history(limits);
  history.append(0, frame(1, 256), UnixMillis{5'000});
  history.append(1, frame(1, 256), UnixMillis{5'500});
  history.append(0, frame(2, 256), UnixMillis{6'000});
  history.expire(UnixMillis{6'000});  // Exactly as old as may be.
  EXPECT_EQ(history.messages(), 3u);
  history.expire(UnixMillis{6'001});
  EXPECT_EQ(since(history, 0, 0, 10), (Numbers{2}));
  EXPECT_FALSE(history.empty(1));
  history.expire(UnixMillis{9'000});
  EXPECT_EQ(history.messages(), 0u);
  EXPECT_EQ(history.bytes(), 0u);
  EXPECT_EQ(pool_.blocks_in_use(), 0u);
}

TEST_F(HistoryTest, ReportsEachRoomThatBecameEmptyOnce) {
  HistoryLimits limits = roomy;
  limits.age_max = milliseconds(1'000);
  History history(limits);
  history.append(0, frame(1, 256), UnixMillis{0});
  history.append(3, frame(1, 256), UnixMillis{0});
  history.append(5, frame(1, 256), UnixMillis{2'000});
  EXPECT_TRUE(history.take_emptied().empty());
  history.expire(UnixMillis{2'000});
  const std::span<const std::uint32_t> emptied = history.take_emptied();
  EXPECT_EQ(std::vector<std::uint32_t>(emptied.begin(), emptied.end()),
            (std::vector<std::uint32_t>{0, 3}));
  EXPECT_TRUE(history.take_emptied().empty());
}

TEST_F(HistoryTest, KeepsASharedPayloadForWhoeverElseHoldsIt) {
  History history(roomy);
  PayloadRef held = frame(1, 256);
  history.append(0, held.share(), UnixMillis{0});
  history.clear(0);
  EXPECT_EQ(held->first_sequence, 1u);
  EXPECT_EQ(pool_.blocks_in_use(), 1u);
}

TEST_F(HistoryTest, DeathOnABrokenRange) {
  History history(roomy);
  fill(history, 0, 1, 2, 256);
  EXPECT_DEATH(history.append(0, frame(4, 256), UnixMillis{0}), "CHECK failed");
}

// Against a naive model: a deque per room, and one list of all.
struct ModelMessage {
  std::uint32_t room;
  Sequence sequence;
  std::uint32_t bytes;
  std::int64_t time;
};

class HistoryModel {
 public:
  explicit HistoryModel(const HistoryLimits& limits) : limits_(limits) {}

  void append(const ModelMessage& message) {
    if (message.bytes > limits_.room_bytes_max || message.bytes > limits_.bytes_max) {
      std::erase_if(all_, [&](const ModelMessage& m) { return m.room == message.room; });
      return;
    }
    all_.push_back(message);
    while (count(message.room) > limits_.count_max ||
           bytes(message.room) > limits_.room_bytes_max) {
      drop_first_of(message.room);
    }
    while (bytes_of_all() > limits_.bytes_max) all_.pop_front();
  }
  void expire(std::int64_t now) {
    while (!all_.empty() && all_.front().time < now - limits_.age_max.ns / 1'000'000) {
      all_.pop_front();
    }
  }
  void clear(std::uint32_t room) {
    std::erase_if(all_, [room](const ModelMessage& m) { return m.room == room; });
  }

  Numbers numbers(std::uint32_t room) const {
    Numbers numbers;
    for (const ModelMessage& m : all_) {
      if (m.room == room) numbers.push_back(m.sequence);
    }
    return numbers;
  }
  std::uint64_t bytes_of_all() const {
    std::uint64_t total = 0;
    for (const ModelMessage& m : all_) total += m.bytes;
    return total;
  }

 private:
  std::size_t count(std::uint32_t room) const { return numbers(room).size(); }
  std::uint64_t bytes(std::uint32_t room) const {
    std::uint64_t total = 0;
    for (const ModelMessage& m : all_) total += m.room == room ? m.bytes : 0;
    return total;
  }
  void drop_first_of(std::uint32_t room) {
    for (auto at = all_.begin(); at != all_.end(); ++at) {
      if (at->room != room) continue;
      all_.erase(at);
      return;
    }
  }

  HistoryLimits limits_;
  std::deque<ModelMessage> all_;
};

TEST_F(HistoryTest, AgreesWithANaiveModel) {
  const HistoryLimits limits{
      .count_max = 8, .room_bytes_max = 1'536, .bytes_max = 4'096, .age_max = milliseconds(400)};
  constexpr std::uint32_t rooms = 6;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    std::mt19937_64 random(seed);
    History history(limits);
    HistoryModel model(limits);
    std::map<std::uint32_t, Sequence> last;
    std::int64_t now = 10'000;
    for (int step = 0; step < 1'500; ++step) {
      now += static_cast<std::int64_t>(random() % 20);
      const auto room = static_cast<std::uint32_t>(random() % rooms);
      const std::uint64_t choice = random() % 100;
      if (choice < 85) {
        constexpr std::array<std::uint32_t, 4> sizes{256, 384, 512, 768};
        const std::uint32_t bytes = choice == 0 ? 2'048 : sizes[random() % sizes.size()];
        last[room] += 1;
        history.append(room, frame(last[room], bytes), UnixMillis{now});
        model.append({room, last[room], bytes, now});
      } else if (choice < 95) {
        history.expire(UnixMillis{now});
        model.expire(now);
      } else {
        history.clear(room);
        model.clear(room);
      }
      ASSERT_EQ(history.bytes(), model.bytes_of_all());
      const Numbers all = model.numbers(room);
      ASSERT_EQ(since(history, room, 0, 1'000), all);
      ASSERT_EQ(before(history, room, UINT64_MAX, 1'000), all);
      ASSERT_EQ(history.oldest(room), all.empty() ? 0 : all.front());
    }
  }
  EXPECT_EQ(pool_.blocks_in_use(), 0u);
}

}  // namespace
}  // namespace parley::core
