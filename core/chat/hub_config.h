// Limits and counters of the chat domain. Every limit is enforced; 0 means "no limit" only where
// the comment says so.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "core/limits/token_bucket.h"

namespace parley::core {

struct HubConfig {
  std::array<std::uint8_t, 16> hash_key{};  // Secret; the same for all workers of one process.
  std::uint64_t epoch_seed{};               // Makes the epochs of this process unlike any other's.
  std::uint32_t connections_max = 0;        // Slots of this worker.

  // Rooms.
  std::vector<std::string> rooms_initial;     // They exist from the start and always.
  std::uint32_t rooms_max = 1'000'000;        // Of the process: a worker may have members in all.
  std::uint32_t rooms_homed_max = 1'000'000;  // Of those, with this worker as their home.
  std::uint32_t rooms_per_connection_max = 64;
  std::uint32_t members_per_room_max = 0;  // 0: no limit.

  // Presence: rooms of more members than this tell only their size, at most once a second.
  std::uint32_t presence_members_max = 100;
  // Members told of a size in a second, by this worker: rooms wait for their turn beyond it.
  std::uint32_t sizes_told_per_second_max = 100'000;

  // History, per room; and in all, per worker.
  std::uint32_t history_count_max = 1000;
  std::uint32_t history_room_bytes_max = 1 << 20;
  std::uint64_t history_bytes_max = 256u << 20;
  Duration history_age_max = seconds(24 * 3600);
  std::uint32_t history_on_join = 20;
  std::uint32_t history_reply_bytes_max = 512 * 1024;  // What one request is answered with at most.

  // Rates; unlimited by burst 0.
  RateLimit connection_commands{.burst = 100, .window = seconds(2)};
  RateLimit joins{.burst = 100, .window = seconds(60)};  // Of a connection.
  RateLimit signals{.burst = 10, .window = seconds(5)};  // Of a connection: typing and the like.
  RateLimit user_messages{.burst = 10, .window = seconds(30)};
  RateLimit address_messages{};
  std::uint32_t connections_per_address_max = 0;  // 0: no limit.

  std::uint32_t message_bytes_max = 65'536;  // Told to clients; the transport enforces it.
  bool guests_may_choose_names = true;
};

// A snapshot for /metrics; counters grow, gauges are of now.
struct HubCounts {
  std::uint64_t sessions = 0;          // gauge
  std::uint64_t rooms_home = 0;        // gauge
  std::uint64_t rooms_edge = 0;        // gauge
  std::uint64_t memberships = 0;       // gauge
  std::uint64_t history_messages = 0;  // gauge
  std::uint64_t history_bytes = 0;     // gauge
  std::uint64_t publications = 0;      // numbered here, as home
  std::uint64_t deliveries = 0;        // publications x members, here as edge
  std::uint64_t commands = 0;
  std::uint64_t errors_told = 0;
  std::uint64_t rate_limited = 0;
};

}  // namespace parley::core
