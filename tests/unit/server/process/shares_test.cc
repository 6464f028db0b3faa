#include "server/process/shares.h"

#include <gtest/gtest.h>

#include <bit>

#include "core/base/types.h"

namespace parley::server {
namespace {

TEST(Shares, ManyWorkersShareOutReceiveBuffers) {
  Config config;
  config.recv_buffers = 1'024;
  EXPECT_EQ(recv_buffers_per_worker(config, 1), 1'024u);
  EXPECT_EQ(recv_buffers_per_worker(config, 8), 1'024u);
  EXPECT_EQ(recv_buffers_per_worker(config, 9), 512u);
  EXPECT_EQ(recv_buffers_per_worker(config, 64), 128u);
  EXPECT_EQ(recv_buffers_per_worker(config, workers_max), 128u);
  for (std::uint16_t workers = 1; workers <= workers_max; ++workers) {
    EXPECT_TRUE(std::has_single_bit(recv_buffers_per_worker(config, workers)));
  }
  config.recv_buffers = 16;  // Few because the operator says so.
  EXPECT_EQ(recv_buffers_per_worker(config, workers_max), 16u);
}

TEST(Shares, BuffersOfTheDefaultsStayBelowTheBaseline) {
  const Config config;
  for (std::uint16_t workers = 1; workers <= 64; ++workers) {
    EXPECT_LE(std::uint64_t{workers} * recv_buffers_per_worker(config, workers) *
                  config.recv_buffer_bytes,
              32u << 20)
        << workers;
  }
}

TEST(Shares, ManyWorkersShareOutMailboxes) {
  Config config;
  config.mailbox_capacity = 1'024;
  EXPECT_EQ(mailbox_capacity(config, 16), 1'024u);
  EXPECT_EQ(mailbox_capacity(config, 17), 512u);
  EXPECT_EQ(mailbox_capacity(config, workers_max), 64u);
}

TEST(Shares, AWorkerIsHomeOfItsShareOfTheRoomsAndHasMembersInAny) {
  Config config;
  config.rooms_max = 20'000;
  const core::HubConfig hub = hub_config_of(config, {.workers = 128, .connections = 15'625}, {}, 1);
  EXPECT_EQ(hub.rooms_max, 20'000u);
  EXPECT_GT(hub.rooms_homed_max, 20'000u / 128 + 50);  // Some have more than others.
  EXPECT_LT(hub.rooms_homed_max, 2 * 20'000u / 128);
  EXPECT_EQ(hub_config_of(config, {.workers = 1, .connections = 1}, {}, 1).rooms_homed_max,
            20'000u);
  config.rooms_max = 3;
  config.rooms_initial = {"a", "b", "c"};
  EXPECT_EQ(hub_config_of(config, {.workers = 8, .connections = 1}, {}, 1).rooms_homed_max, 3u);
}

}  // namespace
}  // namespace parley::server
