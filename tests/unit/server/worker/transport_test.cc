// What the worker relies on where its own tests cannot look.
#include "server/connection/transport.h"

#include <gtest/gtest.h>

#include <optional>

#include "core/payload/payload_pool.h"
#include "tests/sim/sim_ring.h"

namespace parley::server {
namespace {

// One connection whose peer does not read, over the simulated ring.
class TransportTest : public testing::Test {
 protected:
  TransportTest() {
    transport_.start_accepting();
    EXPECT_TRUE(net_.connect(WorkerId{0}, IpAddress::v4(127, 0, 0, 1)).has_value());
    while (connection_ == nullptr)
      handle(ring_.wait(ring_.now() + seconds(1), io::Ring::completion_batch_max));
    transport_.start_reading(*connection_);
    transport_.start_websocket(*connection_);
  }
  ~TransportTest() override {
    transport_.stop_accepting();
    transport_.kill(*connection_);
    while (transport_.table().in_use() > 0)
      handle(ring_.wait(ring_.now() + seconds(1), io::Ring::completion_batch_max));
  }

  void handle(std::span<const io::Completion> completions) {
    for (const io::Completion& completion : completions) {
      const TransportEvent event = transport_.on_completion(completion);
      if (event.kind == TransportEvent::Kind::accepted) connection_ = event.connection;
      transport_.end_event(event);
    }
  }

  core::PayloadRef publication(Sequence sequence, std::uint32_t bytes) {
    core::PayloadRef frame = payloads_.allocate(bytes);
    frame->end += bytes;
    frame->room = room_;
    frame->first_sequence = sequence;
    frame->last_sequence = sequence;
    return frame;
  }

  static constexpr RoomId room_{1, 1};

  Config config_;
  sim::SimClock clock_;
  sim::Random random_{1};
  sim::FaultPlan faults_ = sim::FaultPlan::none();
  sim::Digest digest_;
  sim::SimNet net_{{}, {.clock = clock_, .random = random_, .faults = faults_}};
  sim::RingDirectory directory_;
  core::PayloadPool payloads_{0};
  sim::SimRing ring_{{.self = WorkerId{0}, .sockets_max = 4},
                     {.clock = clock_,
                      .random = random_,
                      .faults = faults_,
                      .net = net_,
                      .directory = directory_,
                      .digest = digest_,
                      .sleeper = nullptr}};
  Transport transport_{config_, 4, ring_};
  Connection* connection_ = nullptr;
};

TEST_F(TransportTest, NamesWhoWaitedForRoomWhenWhatWasQueuedIsDroppedInsteadOfSent) {
  transport_.send(*connection_, publication(1, config_.outbox_bytes_max / 2));
  EXPECT_FALSE(transport_.has_room(*connection_));
  transport_.look_for_room(*connection_);
  EXPECT_FALSE(transport_.has_drained());
  connection_->outbox.drop_room(transport_.outboxes(), room_);
  EXPECT_TRUE(connection_->outbox.empty());  // No send will follow, and so no completion.
  transport_.look_for_room(*connection_);
  EXPECT_TRUE(transport_.has_drained());
  ASSERT_EQ(transport_.take_drained().size(), 1u);
  EXPECT_FALSE(transport_.has_drained());
  transport_.look_for_room(*connection_);
  EXPECT_FALSE(transport_.has_drained());  // Once.
}

TEST_F(TransportTest, LetsGoOfWhatDoesNotFitWithoutTheSlowReaderPolicy) {
  transport_.send(*connection_, publication(1, config_.outbox_bytes_max));
  transport_.send_if_it_fits(*connection_, publication(2, 1));
  EXPECT_EQ(connection_->phase, Phase::websocket);
  EXPECT_EQ(connection_->outbox.queued_bytes(), config_.outbox_bytes_max);
  EXPECT_EQ(transport_.counters().slow_reader_disconnects, 0u);
  connection_->outbox.drop_room(transport_.outboxes(), room_);
  transport_.send_if_it_fits(*connection_, publication(3, 1));
  EXPECT_EQ(connection_->outbox.queued_bytes(), 1u);
}

}  // namespace
}  // namespace parley::server
