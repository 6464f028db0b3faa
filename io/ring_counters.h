// What a ring saw, for the owner's metrics. All of them count from zero and only grow.
#pragma once

#include <cstdint>

namespace parley::io {

struct RingCounters {
  std::uint64_t enters{};            // System calls into the ring.
  std::uint64_t entries_queued{};    // Operations handed to the kernel.
  std::uint64_t completions{};       // Including those the caller does not see.
  std::uint64_t queue_full{};        // Submitted early, because the submission queue was full.
  std::uint64_t enters_refused{};    // The kernel was short of something and was asked again.
  std::uint64_t cq_overflows{};      // Enters with completions that did not fit the queue.
  std::uint64_t completions_lost{};  // The kernel had no memory to keep them (-EBADR).
  std::uint64_t accepts{};
  std::uint64_t accept_errors{};  // Connections that failed before they were ours, and limits.
  std::uint64_t peers_unknown{};  // Accepted, but the kernel would not name the peer.
  std::uint64_t connects{};
  std::uint64_t connect_errors{};   // Of those that were asked for and are over.
  std::uint64_t recv_no_buffers{};  // Receives that ended because all buffers were lent.
  std::uint64_t wakes_sent{};
  std::uint64_t wakes_failed{};
};

}  // namespace parley::io
