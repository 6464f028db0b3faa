// From what the operator configured for the process to what each worker gets.
#pragma once

#include <array>
#include <cstdint>

#include "core/chat/hub_config.h"
#include "server/config/config.h"

namespace parley::server {

// Sockets that each worker's ring may hold: its share of connections_max, and no more than the
// limit of open files, which also bounds the table of a ring (descriptors: that limit).
[[nodiscard]] std::uint32_t connections_per_worker(const Config& config, std::uint16_t workers,
                                                   std::uint64_t descriptors);

// Letters that each queue between two workers holds. There may be a queue for each pair, so many
// workers share out what sixteen would take: a power of two, 64 at least.
[[nodiscard]] std::uint32_t mailbox_capacity(const Config& config, std::uint16_t workers);

// Receive buffers of each worker, whose memory is taken at start: beyond eight workers they share
// out what eight would take, so that many cores do not make a large process before anybody comes.
// A power of two, 128 at least: half of what a turn may receive.
[[nodiscard]] std::uint32_t recv_buffers_per_worker(const Config& config, std::uint16_t workers);

struct WorkerShare {
  std::uint16_t workers{};
  std::uint32_t connections{};  // Of one worker.
};

[[nodiscard]] core::HubConfig hub_config_of(const Config& config, const WorkerShare& share,
                                            const std::array<std::uint8_t, 16>& hash_key,
                                            std::uint64_t seed);

}  // namespace parley::server
