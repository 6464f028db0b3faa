// The ledger against a model that remembers every number of every member and stream.
#include "loadgen/truth/ledger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>

#include "loadgen/truth/random.h"

namespace parley::loadgen {
namespace {

using Sent = std::vector<std::uint32_t>;

// What one member knows of one stream, kept as sets.
struct NaiveRow {
  bool begun = false;
  std::optional<std::uint32_t> start;  // Unknown: the first that comes.
  std::set<std::uint32_t> received;

  Receipt receive(std::uint32_t number) {
    if (!begun) return Receipt::early;
    if (!start) start = number;
    // Of what is before the start no claim is made, until something has come.
    if (number < *start) return received.empty() ? Receipt::early : Receipt::duplicate;
    const bool ahead = received.empty() || number > *received.rbegin();
    if (!received.insert(number).second) return Receipt::duplicate;
    return ahead ? Receipt::fresh : Receipt::late;
  }

  [[nodiscard]] bool lacks(std::uint32_t number) const {
    return begun && start && number >= *start && !received.contains(number);
  }

  // Of those before the last one that came.
  [[nodiscard]] std::uint64_t missing() const { return received.empty() ? 0 : owed(0); }

  // Of the first `sent`.
  [[nodiscard]] std::uint64_t owed(std::uint32_t sent) const {
    std::uint64_t count = 0;
    const std::uint32_t end = received.empty() ? sent : std::max(sent, *received.rbegin());
    for (std::uint32_t number = 0; number < end; ++number) count += lacks(number) ? 1 : 0;
    return count;
  }
};

class Model {
 public:
  Model(std::uint32_t members, std::uint32_t streams)
      : streams_(streams), rows_(std::size_t{members} * streams), ledger_(members, streams) {}

  void begin(std::uint32_t member, const Sent& sent) {
    for (std::uint32_t stream = 0; stream < streams_; ++stream) {
      NaiveRow& row = at(member, stream);
      missing_of_ended_ += row.missing();
      row = {.begun = true, .start = std::nullopt, .received = {}};
      if (sent[stream] != Ledger::not_known) row.start = sent[stream];
    }
    ledger_.begin(member, sent);
  }

  void end(std::uint32_t member) {
    for (std::uint32_t stream = 0; stream < streams_; ++stream) {
      missing_of_ended_ += at(member, stream).missing();
      at(member, stream) = {};
    }
    ledger_.end(member);
  }

  void receive(std::uint32_t member, std::uint32_t stream, std::uint32_t number) {
    const Receipt expected = at(member, stream).receive(number);
    ASSERT_EQ(ledger_.receive(member, stream, number), expected)
        << "member " << member << ", number " << number << " of stream " << stream;
  }

  void compare(const Sent& sent) {
    std::uint64_t lost = missing_of_ended_;
    const auto members = static_cast<std::uint32_t>(rows_.size() / streams_);
    for (std::uint32_t member = 0; member < members; ++member) {
      std::uint64_t owed = 0;
      for (std::uint32_t stream = 0; stream < streams_; ++stream) {
        const NaiveRow& row = at(member, stream);
        owed += row.owed(sent[stream]);
        for (std::uint32_t number = 0; number <= sent[stream]; ++number) {
          ASSERT_EQ(ledger_.lacks(member, stream, number), row.lacks(number));
        }
      }
      ASSERT_EQ(ledger_.owed(member, sent), owed);
      lost += owed;
    }
    ASSERT_EQ(ledger_.lost(sent), lost);
  }

 private:
  NaiveRow& at(std::uint32_t member, std::uint32_t stream) {
    return rows_[std::size_t{member} * streams_ + stream];
  }

  std::uint32_t streams_;
  std::vector<NaiveRow> rows_;
  std::uint64_t missing_of_ended_ = 0;
  Ledger ledger_;
};

// A server that loses, doubles and reorders, with members who come and go.
class BadServer {
 public:
  explicit BadServer(std::uint64_t seed)
      : random_(seed),
        members_(1 + below(5)),
        streams_(1 + below(4)),
        loss_(below(40)),
        doubling_(below(40)),
        disorder_(below(60)),
        model_(members_, streams_),
        sent_(streams_, 0) {}

  void run() {
    for (int step = 0; step < 400; ++step) {
      const std::uint32_t what = below(100);
      if (what < 4) {
        begin();
      } else if (what < 6) {
        model_.end(below(members_));
      } else {
        publish();
      }
      deliver_some();
      if (step % 20 == 0) model_.compare(sent_);
      if (testing::Test::HasFatalFailure()) return;
    }
    model_.compare(sent_);
  }

 private:
  struct OnItsWay {
    std::uint32_t member{};
    std::uint32_t stream{};
    std::uint32_t number{};
  };

  std::uint32_t below(std::uint32_t bound) {
    return static_cast<std::uint32_t>(next_random(random_) % bound);
  }

  void begin() {
    Sent known = sent_;
    for (std::uint32_t& count : known) {
      if (below(3) == 0) count = Ledger::not_known;
    }
    model_.begin(below(members_), known);
  }

  void publish() {
    const std::uint32_t stream = below(streams_);
    const std::uint32_t number = sent_[stream]++;
    for (std::uint32_t member = 0; member < members_; ++member) {
      if (below(100) < loss_) continue;
      const OnItsWay delivery{.member = member, .stream = stream, .number = number};
      on_their_way_.push_back(delivery);
      if (below(100) < doubling_) on_their_way_.push_back(delivery);
    }
  }

  void deliver_some() {
    for (std::uint32_t i = below(2 * members_); i > 0 && !on_their_way_.empty(); --i) {
      const auto size = static_cast<std::uint32_t>(on_their_way_.size());
      const std::uint32_t index = below(100) < disorder_ ? below(size) : 0;
      const OnItsWay delivery = on_their_way_[index];
      on_their_way_.erase(on_their_way_.begin() + index);
      model_.receive(delivery.member, delivery.stream, delivery.number);
    }
  }

  std::uint64_t random_;
  std::uint32_t members_;
  std::uint32_t streams_;
  std::uint32_t loss_;  // Percent, as the next two.
  std::uint32_t doubling_;
  std::uint32_t disorder_;
  Model model_;
  Sent sent_;
  std::vector<OnItsWay> on_their_way_;
};

TEST(Ledger, AgreesWithSetsUnderLossDoublesAndDisorder) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    BadServer(seed).run();
    if (HasFatalFailure()) FAIL() << "seed " << seed;
  }
}

TEST(Ledger, OfAGoodServerNothingIsLost) {
  Ledger ledger(3, 2);
  for (std::uint32_t member = 0; member < 3; ++member) ledger.begin(member, Sent{0, 0});
  for (std::uint32_t number = 0; number < 1'000; ++number) {
    for (std::uint32_t member = 0; member < 3; ++member) {
      EXPECT_EQ(ledger.receive(member, 0, number), Receipt::fresh);
      EXPECT_EQ(ledger.receive(member, 1, number), Receipt::fresh);
    }
  }
  EXPECT_EQ(ledger.lost(Sent{1'000, 1'000}), 0u);
  EXPECT_EQ(ledger.lost(Sent{1'001, 1'000}), 3u);
}

TEST(Ledger, AStreamThatIsNotTheRoomsIsUnknown) {
  Ledger ledger(1, 2);
  ledger.begin(0, Sent{0, 0});
  EXPECT_EQ(ledger.receive(0, 2, 0), Receipt::unknown);
  EXPECT_EQ(ledger.receive(0, UINT32_MAX, 0), Receipt::unknown);
  Ledger idle(1, 0);
  idle.begin(0, {});
  EXPECT_EQ(idle.receive(0, 0, 0), Receipt::unknown);
  EXPECT_EQ(idle.lost({}), 0u);
}

TEST(Ledger, WhoHasNotBegunIsOwedNothing) {
  Ledger ledger(1, 1);
  EXPECT_EQ(ledger.receive(0, 0, 5), Receipt::early);
  EXPECT_FALSE(ledger.lacks(0, 0, 5));
  EXPECT_EQ(ledger.owed(0, Sent{9}), 0u);
  EXPECT_EQ(ledger.lost(Sent{9}), 0u);
}

TEST(Ledger, EndingKeepsWhatWasMissingAndForgetsWhatWasStillToCome) {
  Ledger ledger(2, 1);
  ledger.begin(0, Sent{0});
  ledger.begin(1, Sent{0});
  EXPECT_EQ(ledger.receive(0, 0, 4), Receipt::fresh);
  EXPECT_EQ(ledger.receive(1, 0, 2), Receipt::fresh);
  EXPECT_EQ(ledger.missing(), 6u);
  EXPECT_EQ(ledger.lost(Sent{7}), 4u + 2 + 2 + 4);
  ledger.end(0);
  EXPECT_EQ(ledger.missing(), 6u);
  EXPECT_EQ(ledger.lost(Sent{7}), 4u + 2 + 4);
  EXPECT_EQ(ledger.owed(0, Sent{7}), 0u);
  ledger.begin(0, Sent{7});
  EXPECT_EQ(ledger.receive(0, 0, 1), Receipt::early);
  EXPECT_EQ(ledger.lost(Sent{7}), 4u + 2 + 4);
}

TEST(Ledger, OfAStreamThatIsNotKnownTheFirstThatComesCounts) {
  Ledger ledger(1, 1);
  ledger.begin(0, Sent{Ledger::not_known});
  EXPECT_EQ(ledger.lost(Sent{50}), 0u);
  EXPECT_FALSE(ledger.lacks(0, 0, 17));
  EXPECT_EQ(ledger.receive(0, 0, 17), Receipt::fresh);
  EXPECT_EQ(ledger.receive(0, 0, 19), Receipt::fresh);
  EXPECT_TRUE(ledger.lacks(0, 0, 18));
  EXPECT_EQ(ledger.lost(Sent{50}), 31u);
}

TEST(Ledger, ExpectsTheNumberThatComesNext) {
  Ledger ledger(1, 1);
  EXPECT_FALSE(ledger.expects(0, 0, 3));
  ledger.begin(0, Sent{3});
  EXPECT_TRUE(ledger.expects(0, 0, 3));
  EXPECT_FALSE(ledger.expects(0, 0, 4));
  EXPECT_FALSE(ledger.expects(0, 1, 3));
  EXPECT_EQ(ledger.receive(0, 0, 3), Receipt::fresh);
  EXPECT_TRUE(ledger.expects(0, 0, 4));
}

TEST(Ledger, BeyondTheRangesItRemembersLateCountsAsTwice) {
  Ledger ledger(1, 1);
  ledger.begin(0, Sent{0});
  constexpr std::uint32_t gaps = Ledger::ranges_max + 10;
  for (std::uint32_t i = 0; i < gaps; ++i) {
    ASSERT_EQ(ledger.receive(0, 0, 2 * i + 1), Receipt::fresh);
  }
  EXPECT_EQ(ledger.missing(), gaps);
  EXPECT_EQ(ledger.receive(0, 0, 0), Receipt::late);
  EXPECT_EQ(ledger.receive(0, 0, 2 * (gaps - 1)), Receipt::duplicate);
  EXPECT_EQ(ledger.missing(), gaps - 1);
  // There is room for one again.
  EXPECT_EQ(ledger.receive(0, 0, 2 * gaps + 5), Receipt::fresh);
  EXPECT_EQ(ledger.receive(0, 0, 2 * gaps + 2), Receipt::late);
}

TEST(Ledger, RangesAreCutAtBothEndsAndInTheMiddle) {
  Ledger ledger(1, 1);
  ledger.begin(0, Sent{0});
  EXPECT_EQ(ledger.receive(0, 0, 10), Receipt::fresh);
  for (const std::uint32_t number : {0u, 9u, 5u, 6u, 4u}) {
    EXPECT_TRUE(ledger.lacks(0, 0, number));
    EXPECT_EQ(ledger.receive(0, 0, number), Receipt::late);
    EXPECT_EQ(ledger.receive(0, 0, number), Receipt::duplicate);
    EXPECT_FALSE(ledger.lacks(0, 0, number));
  }
  EXPECT_EQ(ledger.missing(), 5u);
  EXPECT_EQ(ledger.owed(0, Sent{12}), 6u);
}

}  // namespace
}  // namespace parley::loadgen
