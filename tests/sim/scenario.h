// What a run is about, as data: how many of what, which limits are tiny, how it ends.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "server/config/config.h"
#include "tests/sim/sim_client.h"

namespace parley::sim {

enum class Ending : std::uint8_t {
  goodbye,           // All is quiet, the clients leave, the server stops.
  drain,             // All is quiet, the server stops, the clients are told.
  drain_under_load,  // The server stops while the clients are at it.
};

struct Scenario {
  std::string_view name;
  std::uint16_t workers = 3;
  std::uint32_t clients = 12;
  ClientScript script;
  bool dies_at_every_byte = false;  // Client i of seed s dies after s * clients + i bytes.
  Ending ending = Ending::goodbye;

  // Tiny, so that every queue is full at times.
  std::uint32_t pipe_bytes_max = 65'536;
  std::uint32_t sockets_max = 64;  // Of each worker.
  std::uint32_t outbox_bytes_max = 1 << 20;
  std::uint32_t recv_buffer_bytes = 256;
  std::uint32_t recv_buffers = 8;
  std::uint32_t mailbox_capacity = 16;
  std::uint32_t history_count_max = 1'000;
  std::uint32_t rooms_per_connection_max = 64;
  std::uint32_t presence_members_max = 100;
  server::Rate rate_user{0, 30'000};
  server::Rate rate_connection{0, 2'000};
  server::Rate rate_address{0, 1'000};
  server::SlowReaderPolicy slow_reader = server::SlowReaderPolicy::disconnect;
  std::uint32_t client_slow_per_million = 0;  // Not 0: instead of what the swarm decided.
};

[[nodiscard]] std::span<const Scenario> scenarios();
[[nodiscard]] const Scenario* scenario_named(std::string_view name);

}  // namespace parley::sim
