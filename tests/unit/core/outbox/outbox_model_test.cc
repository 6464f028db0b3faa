// Random operations on an outbox and on a naive model of it: a deque of frames.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/outbox/outbox.h"
#include "core/outbox/outbox_pool.h"
#include "core/payload/payload_pool.h"

namespace parley::core {
namespace {

constexpr std::uint32_t bytes_max = 2'000;
constexpr std::uint32_t pieces_max = 6;
constexpr std::uint64_t rooms = 3;

struct ModelFrame {
  std::uint64_t serial = 0;
  std::string unsent;
  bool partly_sent = false;
  bool in_flight = false;
  std::uint64_t room = 0;
  Sequence first = 0;
  Sequence last = 0;

  bool touched() const { return partly_sent || in_flight; }
};

struct Range {
  Sequence first = 0;
  Sequence last = 0;
  std::uint64_t before = 0;  // Serial number of the next frame behind it; 0: the end of the queue.
};

class OutboxModel {
 public:
  explicit OutboxModel(std::uint64_t seed) : random_(seed) {}

  void step() {
    const std::uint32_t choice = below(100);
    if (choice < 45) {
      push();
    } else if (choice < 50) {
      push_front();
    } else if (choice < 70) {
      take();
    } else if (choice < 90) {
      on_sent(below(4) == 0 ? below(in_flight_bytes_ + 1) : in_flight_bytes_);
    } else if (choice < 96) {
      drop_oldest();
    } else if (choice < 99) {
      take_gaps();
    } else if (below(2) == 0) {
      drop_room();
    } else if (below(20) == 0) {
      clear();
    }
    compare();
  }

  void finish() {
    if (in_flight_bytes_ != 0) on_sent(in_flight_bytes_);
    while (!frames_.empty()) {
      take_gaps();
      take();
      on_sent(in_flight_bytes_);
    }
    compare();
    EXPECT_TRUE(outbox_.empty());
    take_gaps();
    EXPECT_EQ(nodes_.nodes_in_use(), 0u);
    EXPECT_EQ(payloads_.blocks_in_use(), 0u);
  }

  std::uint64_t dropped = 0;
  std::uint64_t full = 0;
  std::uint64_t short_sends = 0;

 private:
  std::uint32_t below(std::uint32_t end) {
    return std::uniform_int_distribution<std::uint32_t>(0, end - 1)(random_);
  }

  std::uint32_t model_bytes() const {
    std::size_t bytes = 0;
    for (const ModelFrame& frame : frames_) bytes += frame.unsent.size();
    return static_cast<std::uint32_t>(bytes);
  }

  std::pair<PayloadRef, ModelFrame> make(bool numbered) {
    ModelFrame frame;
    frame.serial = ++next_serial_;
    const std::uint32_t bytes = 1 + below(below(10) == 0 ? 700 : 60);
    for (std::uint32_t i = 0; i < bytes; ++i) {
      frame.unsent.push_back(static_cast<char>(next_byte_++));
    }
    PayloadRef payload = payloads_.allocate(bytes);
    std::memcpy(payload->bytes() + payload->end, frame.unsent.data(), bytes);
    payload->end += bytes;
    if (numbered) {
      frame.room = 1 + below(rooms);
      frame.first = next_sequence_[frame.room] + 1;
      frame.last = frame.first + below(3);
      payload->room = {frame.room, frame.room};
      payload->first_sequence = frame.first;
      payload->last_sequence = frame.last;
    }
    return {std::move(payload), std::move(frame)};
  }

  void push() {
    auto [payload, frame] = make(below(3) != 0);
    const bool fits = model_bytes() + frame.unsent.size() <= bytes_max;
    const OutboxStatus status = outbox_.push(nodes_, payload, bytes_max);
    ASSERT_EQ(status, fits ? OutboxStatus::queued : OutboxStatus::full);
    ASSERT_EQ(static_cast<bool>(payload), !fits);
    if (!fits) {
      ++full;
      return;
    }
    if (frame.first != 0) next_sequence_[frame.room] = frame.last;
    move_gaps(0, frame.serial);
    frames_.push_back(std::move(frame));
  }

  void push_front() {
    auto [payload, frame] = make(false);
    const bool fits = model_bytes() + frame.unsent.size() <= bytes_max;
    const OutboxStatus status = outbox_.push_front(nodes_, payload, bytes_max);
    ASSERT_EQ(status, fits ? OutboxStatus::queued : OutboxStatus::full);
    if (!fits) return;
    const auto at = std::find_if(frames_.begin(), frames_.end(),
                                 [](const ModelFrame& other) { return !other.touched(); });
    frames_.insert(at, std::move(frame));  // The gaps of this place stay behind it.
  }

  void take() {
    if (in_flight_bytes_ != 0) return;
    if (below(4) != 0) take_gaps();  // Else it stops in front of them.
    std::array<Bytes, pieces_max> pieces;
    const std::uint32_t asked = 1 + below(pieces_max);
    const std::uint32_t count = outbox_.take(nodes_, std::span(pieces).first(asked));
    std::size_t expected = 0;
    while (expected < std::min<std::size_t>(asked, frames_.size()) &&
           !is_behind_gap(frames_[expected].serial)) {
      ++expected;
    }
    ASSERT_EQ(count, expected);
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::string got(reinterpret_cast<const char*>(pieces[i].data()), pieces[i].size());
      ASSERT_EQ(got, frames_[i].unsent);
      frames_[i].in_flight = true;
      in_flight_bytes_ += static_cast<std::uint32_t>(got.size());
    }
  }

  void on_sent(std::uint32_t bytes) {
    if (in_flight_bytes_ == 0) return;
    if (bytes < in_flight_bytes_) ++short_sends;
    outbox_.on_sent(nodes_, bytes);
    in_flight_bytes_ = 0;
    while (bytes > 0 && bytes >= frames_.front().unsent.size()) {
      bytes -= static_cast<std::uint32_t>(frames_.front().unsent.size());
      move_gaps(frames_.front().serial, frames_.size() > 1 ? frames_[1].serial : 0);
      frames_.pop_front();
    }
    for (ModelFrame& frame : frames_) frame.in_flight = false;
    if (bytes == 0) return;
    frames_.front().unsent.erase(0, bytes);
    frames_.front().partly_sent = true;
  }

  void drop_oldest() {
    const std::uint32_t wanted = below(bytes_max + 200);
    std::uint32_t expected = 0;
    for (auto frame = frames_.begin(); frame != frames_.end();) {
      if (model_bytes() + std::min(wanted, bytes_max) <= bytes_max) break;
      if (frame->touched() || frame->first == 0) {
        ++frame;
        continue;
      }
      expected += static_cast<std::uint32_t>(frame->last - frame->first + 1);
      const std::uint64_t before = behind(frame);
      move_gaps(frame->serial, before);
      remember_gap(*frame, before);
      frame = frames_.erase(frame);
    }
    ASSERT_EQ(outbox_.drop_oldest(nodes_, wanted, bytes_max).publications, expected);
    dropped += expected;
  }

  void drop_room() {
    const std::uint64_t room = 1 + below(rooms);
    for (auto frame = frames_.begin(); frame != frames_.end();) {
      if (frame->touched() || frame->room != room) {
        ++frame;
        continue;
      }
      move_gaps(frame->serial, behind(frame));
      frame = frames_.erase(frame);
    }
    gaps_.erase(room);
    outbox_.drop_room(nodes_, {room, room});
  }

  std::uint64_t behind(std::deque<ModelFrame>::const_iterator frame) const {
    ++frame;
    return frame == frames_.end() ? 0 : frame->serial;
  }

  bool is_behind_gap(std::uint64_t serial) const {
    for (const auto& [room, gaps] : gaps_) {
      for (const Range& gap : gaps) {
        if (gap.before == serial) return true;
      }
    }
    return false;
  }

  void move_gaps(std::uint64_t from, std::uint64_t to) {
    for (auto& [room, gaps] : gaps_) {
      for (Range& gap : gaps) {
        if (gap.before == from) gap.before = to;
      }
    }
  }

  // What goes missing in one place, next in number to what is missing there, makes one gap with it.
  void remember_gap(const ModelFrame& frame, std::uint64_t before) {
    std::vector<Range>& gaps = gaps_[frame.room];
    Range added{frame.first, frame.last, before};
    const auto take_out = [&](auto matches) {
      const auto found = std::find_if(gaps.begin(), gaps.end(), [&](const Range& gap) {
        return gap.before == before && matches(gap);
      });
      if (found == gaps.end()) return added;
      const Range range = *found;
      gaps.erase(found);
      return range;
    };
    added.first = take_out([&](const Range& gap) { return gap.last + 1 == added.first; }).first;
    added.last = take_out([&](const Range& gap) { return gap.first == added.last + 1; }).last;
    gaps.push_back(added);
  }

  std::size_t gap_count() const {
    std::size_t count = 0;
    for (const auto& [room, gaps] : gaps_) count += gaps.size();
    return count;
  }

  // Those that are due: nothing that may still be dropped or sent stands in front of them.
  void take_gaps() {
    const auto front = std::find_if(frames_.begin(), frames_.end(),
                                    [](const ModelFrame& frame) { return !frame.touched(); });
    const std::uint64_t due = front == frames_.end() ? 0 : front->serial;
    std::vector<Gap> taken;
    outbox_.take_gaps(nodes_, taken);
    for (const Gap& gap : taken) {
      std::vector<Range>& expected = gaps_[gap.room.low];
      const auto found = std::find_if(expected.begin(), expected.end(), [&](const Range& range) {
        return range.first == gap.first && range.last == gap.last && range.before == due;
      });
      ASSERT_NE(found, expected.end());
      expected.erase(found);
    }
    ASSERT_FALSE(is_behind_gap(due));
  }

  void clear() {
    if (in_flight_bytes_ != 0) return;
    outbox_.clear(nodes_);
    frames_.clear();
    gaps_.clear();
  }

  void compare() const {
    ASSERT_EQ(outbox_.queued_bytes(), model_bytes());
    ASSERT_LE(outbox_.queued_bytes(), bytes_max);
    ASSERT_EQ(outbox_.empty(), frames_.empty());
    ASSERT_EQ(outbox_.in_flight(), in_flight_bytes_ != 0);
    ASSERT_EQ(outbox_.has_gaps(), gap_count() != 0);
    ASSERT_EQ(nodes_.nodes_in_use(), frames_.size() + gap_count());
  }

  std::mt19937_64 random_;
  PayloadPool payloads_{1 << 20};
  OutboxPool nodes_;
  Outbox outbox_;

  std::deque<ModelFrame> frames_;
  std::map<std::uint64_t, std::vector<Range>> gaps_;
  std::map<std::uint64_t, Sequence> next_sequence_;
  std::uint32_t in_flight_bytes_ = 0;
  std::uint64_t next_serial_ = 0;
  std::uint8_t next_byte_ = 0;
};

TEST(OutboxModelTest, AgreesWithADequeOverRandomOperations) {
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u, 5u}) {
    OutboxModel model(seed);
    for (int i = 0; i < 20'000; ++i) {
      model.step();
      if (testing::Test::HasFatalFailure()) FAIL() << "seed " << seed << " step " << i;
    }
    model.finish();
    // What the test is about has happened, and often.
    EXPECT_GT(model.dropped, 500u);
    EXPECT_GT(model.full, 100u);
    EXPECT_GT(model.short_sends, 300u);
  }
}

}  // namespace
}  // namespace parley::core
