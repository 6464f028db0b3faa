#include "core/outbox/outbox.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/outbox/outbox_pool.h"
#include "core/payload/payload_pool.h"

namespace parley::core {
namespace {

constexpr RoomId room_a{1, 1};
constexpr RoomId room_b{2, 2};
constexpr std::uint32_t bytes_max = 1'000;

class OutboxTest : public testing::Test {
 protected:
  ~OutboxTest() override {
    outbox_.clear(nodes_);
    EXPECT_EQ(nodes_.nodes_in_use(), 0u);
    EXPECT_EQ(payloads_.blocks_in_use(), 0u);
  }

  PayloadRef frame(std::string_view text) {
    PayloadRef payload = payloads_.allocate(static_cast<std::uint32_t>(text.size()));
    std::memcpy(payload->bytes() + payload->end, text.data(), text.size());
    payload->end += static_cast<std::uint32_t>(text.size());
    return payload;
  }

  PayloadRef publication(std::string_view text, RoomId room, Sequence first, Sequence last) {
    PayloadRef payload = frame(text);
    payload->room = room;
    payload->first_sequence = first;
    payload->last_sequence = last;
    return payload;
  }

  void push(PayloadRef payload) {
    ASSERT_EQ(outbox_.push(nodes_, payload, bytes_max), OutboxStatus::queued);
    ASSERT_FALSE(payload);
  }
  void push_front(PayloadRef payload) {
    ASSERT_EQ(outbox_.push_front(nodes_, payload, bytes_max), OutboxStatus::queued);
    ASSERT_FALSE(payload);
  }

  // What a send of at most pieces_max pieces would carry, one string a piece.
  std::vector<std::string> take(std::size_t pieces_max) {
    std::vector<Bytes> pieces(pieces_max);
    pieces.resize(outbox_.take(nodes_, pieces));
    std::vector<std::string> texts;
    for (const Bytes piece : pieces) {
      texts.emplace_back(reinterpret_cast<const char*>(piece.data()), piece.size());
    }
    return texts;
  }

  // How many publications went.
  std::uint32_t drop_oldest(std::uint32_t bytes_wanted) {
    return outbox_.drop_oldest(nodes_, bytes_wanted, bytes_max).publications;
  }

  // Those that are due: "1-3" of room_a is "a1-3".
  std::vector<std::string> take_gaps() {
    std::vector<Gap> gaps;
    outbox_.take_gaps(nodes_, gaps);
    std::vector<std::string> texts;
    for (const Gap& gap : gaps) {
      texts.push_back((gap.room == room_a ? "a" : "b") + std::to_string(gap.first) + "-" +
                      std::to_string(gap.last));
    }
    return texts;
  }

  PayloadPool payloads_{1 << 20};
  OutboxPool nodes_;
  Outbox outbox_;
};

using Texts = std::vector<std::string>;

TEST_F(OutboxTest, OwnsNothingWhenEmpty) {
  EXPECT_TRUE(outbox_.empty());
  EXPECT_FALSE(outbox_.in_flight());
  EXPECT_FALSE(outbox_.has_gaps());
  EXPECT_EQ(outbox_.queued_bytes(), 0u);
  EXPECT_EQ(take(4), Texts{});
  EXPECT_FALSE(outbox_.in_flight());
}

TEST_F(OutboxTest, SendsInOrderAndFreesWhatWasSent) {
  push(frame("one"));
  push(frame("two"));
  EXPECT_EQ(outbox_.queued_bytes(), 6u);
  EXPECT_EQ(take(4), (Texts{"one", "two"}));
  EXPECT_TRUE(outbox_.in_flight());
  push(frame("three"));
  EXPECT_EQ(outbox_.queued_bytes(), 11u);
  outbox_.on_sent(nodes_, 6);
  EXPECT_FALSE(outbox_.in_flight());
  EXPECT_EQ(outbox_.queued_bytes(), 5u);
  EXPECT_EQ(nodes_.nodes_in_use(), 1u);
  EXPECT_EQ(payloads_.blocks_in_use(), 1u);
  EXPECT_EQ(take(4), Texts{"three"});
  outbox_.on_sent(nodes_, 5);
  EXPECT_TRUE(outbox_.empty());
  EXPECT_EQ(nodes_.nodes_in_use(), 0u);
}

TEST_F(OutboxTest, GivesNoMorePiecesThanAskedFor) {
  push(frame("one"));
  push(frame("two"));
  push(frame("three"));
  EXPECT_EQ(take(2), (Texts{"one", "two"}));
  outbox_.on_sent(nodes_, 6);
}

TEST_F(OutboxTest, ContinuesAShortSendAtEveryByte) {
  for (std::uint32_t sent = 0; sent <= 6; ++sent) {
    push(frame("abc"));
    push(frame("def"));
    EXPECT_EQ(take(4), (Texts{"abc", "def"}));
    outbox_.on_sent(nodes_, sent);
    EXPECT_EQ(outbox_.queued_bytes(), 6 - sent);
    std::string rest;
    for (const std::string& piece : take(4)) rest += piece;
    EXPECT_EQ(rest, std::string("abcdef").substr(sent));
    if (sent < 6) outbox_.on_sent(nodes_, 6 - sent);
    EXPECT_TRUE(outbox_.empty());
  }
}

TEST_F(OutboxTest, CapsTheBytesOfOneSendEvenInsideAFrame) {
  const std::uint32_t frame_bytes = Outbox::send_bytes_max + 100;
  PayloadRef payload = frame(std::string(frame_bytes, 'x'));
  ASSERT_EQ(outbox_.push(nodes_, payload, 1 << 20), OutboxStatus::queued);
  payload = frame("tail");
  ASSERT_EQ(outbox_.push(nodes_, payload, 1 << 20), OutboxStatus::queued);
  Texts pieces = take(4);
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(pieces[0].size(), Outbox::send_bytes_max);
  outbox_.on_sent(nodes_, Outbox::send_bytes_max);
  EXPECT_EQ(take(4), (Texts{std::string(100, 'x'), "tail"}));
  outbox_.on_sent(nodes_, 104);
}

TEST_F(OutboxTest, TakesExactlyTheBoundAndLeavesTheReferenceWhenFull) {
  push(frame(std::string(bytes_max - 1, 'x')));
  PayloadRef two = frame("yz");
  EXPECT_EQ(outbox_.push(nodes_, two, bytes_max), OutboxStatus::full);
  EXPECT_TRUE(two);
  EXPECT_EQ(outbox_.push_front(nodes_, two, bytes_max), OutboxStatus::full);
  EXPECT_TRUE(two);
  EXPECT_EQ(nodes_.nodes_in_use(), 1u);
  push(frame("y"));
  EXPECT_EQ(outbox_.queued_bytes(), bytes_max);
}

TEST_F(OutboxTest, RefusesAFrameLargerThanTheBound) {
  PayloadRef large = frame(std::string(bytes_max + 1, 'x'));
  EXPECT_EQ(outbox_.push(nodes_, large, bytes_max), OutboxStatus::full);
  EXPECT_EQ(outbox_.push_front(nodes_, large, bytes_max), OutboxStatus::full);
  EXPECT_TRUE(outbox_.empty());
}

TEST_F(OutboxTest, CountsBytesInFlightTowardsTheBound) {
  push(frame(std::string(bytes_max, 'x')));
  EXPECT_EQ(take(1).size(), 1u);
  PayloadRef more = frame("y");
  EXPECT_EQ(outbox_.push(nodes_, more, bytes_max), OutboxStatus::full);
  outbox_.on_sent(nodes_, 1);
  EXPECT_EQ(outbox_.push(nodes_, more, bytes_max), OutboxStatus::queued);
}

TEST_F(OutboxTest, PutsANoticeInFrontOfWhatIsNotInFlight) {
  push(frame("one"));
  push(frame("two"));
  push(frame("three"));
  EXPECT_EQ(take(2), (Texts{"one", "two"}));
  push_front(frame("notice"));
  outbox_.on_sent(nodes_, 4);  // A short send: "two" is partly sent and goes on first.
  push_front(frame("second"));
  EXPECT_EQ(take(9), (Texts{"wo", "second", "notice", "three"}));
  outbox_.on_sent(nodes_, 2 + 6 + 6 + 5);
}

TEST_F(OutboxTest, PutsANoticeIntoAnEmptyOutboxAndBehindTheLastEntry) {
  push_front(frame("only"));
  EXPECT_EQ(take(1), Texts{"only"});
  push_front(frame("behind"));
  push(frame("last"));
  outbox_.on_sent(nodes_, 4);
  EXPECT_EQ(take(9), (Texts{"behind", "last"}));
  outbox_.on_sent(nodes_, 10);
}

TEST_F(OutboxTest, DropsTheOldestPublicationsAndRemembersTheGap) {
  push(publication("aaaa", room_a, 1, 1));
  push(publication("bbbb", room_b, 7, 9));  // Three publications in one frame.
  push(publication("cccc", room_a, 2, 2));
  push(publication("dddd", room_a, 3, 3));
  EXPECT_EQ(drop_oldest(bytes_max - 4), 5u);
  EXPECT_EQ(outbox_.queued_bytes(), 4u);
  EXPECT_TRUE(outbox_.has_gaps());
  EXPECT_EQ(take_gaps(), (Texts{"a1-2", "b7-9"}));
  EXPECT_FALSE(outbox_.has_gaps());
  EXPECT_EQ(take(9), Texts{"dddd"});
  outbox_.on_sent(nodes_, 4);
}

TEST_F(OutboxTest, NeverDropsWhatIsInFlightPartlySentOrNotNumbered) {
  push(publication("aaaa", room_a, 1, 1));
  push(publication("bbbb", room_a, 2, 2));
  push(frame("reply"));
  push(publication("cccc", room_a, 3, 3));
  push(frame("other"));
  EXPECT_EQ(take(2), (Texts{"aaaa", "bbbb"}));
  EXPECT_EQ(drop_oldest(bytes_max), 1u);
  outbox_.on_sent(nodes_, 6);
  EXPECT_EQ(drop_oldest(bytes_max), 0u);
  EXPECT_EQ(take(9), (Texts{"bb", "reply"}));
  outbox_.on_sent(nodes_, 7);
  EXPECT_EQ(take_gaps(), Texts{"a3-3"});
  EXPECT_EQ(take(9), Texts{"other"});
  outbox_.on_sent(nodes_, 5);
}

TEST_F(OutboxTest, AGapIsDueWhereTheDroppedPublicationsStood) {
  push(publication("aaaa", room_a, 1, 1));
  push(frame("reply"));
  push(publication("bbbb", room_a, 2, 2));
  EXPECT_EQ(take(1), Texts{"aaaa"});
  EXPECT_EQ(drop_oldest(bytes_max), 1u);
  push(publication("cccc", room_a, 3, 3));
  outbox_.on_sent(nodes_, 2);
  EXPECT_EQ(take_gaps(), Texts{});
  EXPECT_TRUE(outbox_.has_gaps());
  EXPECT_EQ(take(9), (Texts{"aa", "reply"}));
  outbox_.on_sent(nodes_, 7);
  EXPECT_EQ(take(9), Texts{});  // The gap is due.
  EXPECT_EQ(take_gaps(), Texts{"a2-2"});
  push_front(frame("gap"));
  EXPECT_EQ(take(9), (Texts{"gap", "cccc"}));
  outbox_.on_sent(nodes_, 7);
}

TEST_F(OutboxTest, GapsOfOnePlaceAreOneGapWhateverTheOrderOfDropping) {
  push(publication("aaaa", room_a, 1, 1));
  push(publication("bbbb", room_a, 2, 2));
  EXPECT_EQ(take(1), Texts{"aaaa"});
  EXPECT_EQ(drop_oldest(bytes_max), 1u);
  outbox_.on_sent(nodes_, 0);
  EXPECT_EQ(drop_oldest(bytes_max), 1u);
  EXPECT_EQ(take_gaps(), Texts{"a1-2"});
}

TEST_F(OutboxTest, DropsWhatFollowsAGapThatCannotBeTold) {
  push(publication("aaaa", room_a, 1, 1));
  push(publication("bbbb", room_a, 2, 2));
  push(publication("cccc", room_b, 1, 1));
  push(frame("bye"));
  EXPECT_EQ(drop_oldest(bytes_max - 11), 1u);
  outbox_.drop_room(nodes_, room_a);
  EXPECT_FALSE(outbox_.has_gaps());
  EXPECT_EQ(take(9), (Texts{"cccc", "bye"}));
  outbox_.on_sent(nodes_, 7);
}

TEST_F(OutboxTest, NeverCallsMissingWhatIsKeptBetweenTwoGaps) {
  push(publication("aaaa", room_a, 1, 1));
  push(frame("reply"));
  push(publication("bbbb", room_a, 2, 2));
  push(publication("cccc", room_b, 1, 1));
  push(publication("dddd", room_a, 3, 4));
  EXPECT_EQ(drop_oldest(bytes_max), 5u);
  EXPECT_EQ(take_gaps(), Texts{"a1-1"});
  push_front(frame("gap"));
  EXPECT_EQ(take(9), (Texts{"gap", "reply"}));
  outbox_.on_sent(nodes_, 8);
  EXPECT_EQ(take_gaps(), (Texts{"a2-4", "b1-1"}));
}

TEST_F(OutboxTest, QueuesBehindADroppedLastEntry) {
  push(frame("reply"));
  push(publication("aaaa", room_a, 1, 1));
  EXPECT_EQ(drop_oldest(bytes_max), 1u);
  push(frame("next"));
  EXPECT_EQ(take(9), Texts{"reply"});  // Up to the gap.
  outbox_.on_sent(nodes_, 5);
  EXPECT_EQ(take_gaps(), Texts{"a1-1"});
  EXPECT_EQ(take(9), Texts{"next"});
  outbox_.on_sent(nodes_, 4);
}

TEST_F(OutboxTest, CanDropEverythingAndGoOn) {
  push(publication("aaaa", room_a, 1, 1));
  EXPECT_EQ(drop_oldest(bytes_max), 1u);
  EXPECT_TRUE(outbox_.empty());
  push(publication("bbbb", room_a, 2, 2));
  EXPECT_EQ(take_gaps(), Texts{"a1-1"});
  push_front(frame("gap"));
  EXPECT_EQ(take(9), (Texts{"gap", "bbbb"}));
  outbox_.on_sent(nodes_, 7);
}

// Whoever asks for errors between the messages that it does not read must not make each further
// message cost what it has queued.
TEST_F(OutboxTest, DroppingCostsByWhatIsDroppedNotByWhatIsQueued) {
  constexpr std::uint32_t much = 1 << 20;
  constexpr std::uint32_t rounds = 4'000;
  Sequence last = 0;
  const auto queue = [&](PayloadRef payload) {
    ASSERT_EQ(outbox_.push(nodes_, payload, much), OutboxStatus::queued);
  };
  for (std::uint32_t i = 0; i < rounds; ++i) {
    queue(frame("an error"));
    ++last;
    queue(publication("message", room_a, last, last));
  }
  std::uint64_t walked_past = 0;
  for (std::uint32_t i = 0; i < rounds; ++i) {
    const Dropped dropped = outbox_.drop_oldest(nodes_, much - outbox_.queued_bytes() + 1, much);
    ASSERT_EQ(dropped.publications, 1u);
    walked_past += dropped.walked_past;
    ++last;
    queue(publication("message", room_a, last, last));
  }
  EXPECT_LE(walked_past, 3 * rounds);
  // The same when only the end of the queue may go.
  for (std::uint32_t i = 0; i < rounds; ++i) {
    const Dropped dropped = outbox_.drop_oldest(nodes_, much - 8 * rounds, much);
    walked_past += dropped.walked_past;
    ++last;
    queue(publication("message", room_a, last, last));
  }
  EXPECT_LE(walked_past, 6 * rounds);
  EXPECT_EQ(nodes_.nodes_in_use(), 2 * rounds + 1);
}

TEST_F(OutboxTest, DropsNothingWhenThereIsRoom) {
  push(publication("aaaa", room_a, 1, 1));
  EXPECT_EQ(drop_oldest(bytes_max - 4), 0u);
  EXPECT_FALSE(outbox_.has_gaps());
}

TEST_F(OutboxTest, AFailedSendLeavesEverythingQueued) {
  push(frame("one"));
  EXPECT_EQ(take(1).size(), 1u);
  outbox_.on_sent(nodes_, 0);
  EXPECT_FALSE(outbox_.in_flight());
  EXPECT_EQ(outbox_.queued_bytes(), 3u);
}

TEST_F(OutboxTest, ClearGivesBackPartlySentEntriesAndGaps) {
  push(frame("one"));
  push(publication("aaaa", room_a, 1, 1));
  EXPECT_EQ(drop_oldest(bytes_max), 1u);
  EXPECT_EQ(take(1).size(), 1u);
  outbox_.on_sent(nodes_, 2);
  outbox_.clear(nodes_);
  EXPECT_EQ(nodes_.nodes_in_use(), 0u);
  EXPECT_FALSE(outbox_.has_gaps());
  push(frame("again"));
  EXPECT_EQ(take(1), Texts{"again"});
  outbox_.on_sent(nodes_, 5);
}

TEST_F(OutboxTest, PoolGivesChunksBackAfterABurst) {
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20'000; ++i) {
      PayloadRef payload = frame("x");
      ASSERT_EQ(outbox_.push(nodes_, payload, 1 << 20), OutboxStatus::queued);
    }
    EXPECT_EQ(nodes_.nodes_in_use(), 20'000u);
    nodes_.trim();  // Nothing to give back now.
    EXPECT_EQ(take(1), Texts{"x"});
    outbox_.on_sent(nodes_, 1);
    outbox_.clear(nodes_);
    nodes_.trim();
  }
}

}  // namespace
}  // namespace parley::core
