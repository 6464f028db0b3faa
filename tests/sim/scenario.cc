#include "tests/sim/scenario.h"

#include <array>

namespace parley::sim {
namespace {

using server::SlowReaderPolicy;

constexpr std::array all_scenarios{
    Scenario{.name = "many_rooms",
             .workers = 4,
             .clients = 16,
             .script = {.actions = 40, .rooms = 12},
             .rooms_per_connection_max = 5},
    Scenario{.name = "popular_room",
             .workers = 4,
             .clients = 24,
             .script = {.actions = 15, .rooms = 1, .changes_its_mind = true},
             .sockets_max = 8,
             .mailbox_capacity = 4,
             .history_count_max = 25,
             .presence_members_max = 10},
    Scenario{.name = "cuts_at_every_byte",
             .workers = 2,
             .clients = 8,
             .script = {.actions = 12, .rooms = 2, .writes_bytewise = true},
             .dies_at_every_byte = true,
             .pipe_bytes_max = 1'024,
             .recv_buffers = 2},
    Scenario{.name = "slow_readers_disconnected",
             .workers = 2,
             .clients = 10,
             .script = {.actions = 30, .rooms = 2, .text_bytes_max = 400, .may_be_slow = true},
             .pipe_bytes_max = 4'096,
             .outbox_bytes_max = 16'384,
             .slow_reader = SlowReaderPolicy::disconnect,
             .client_slow_per_million = 60'000},
    Scenario{.name = "slow_readers_told_of_gaps",
             .workers = 2,
             .clients = 10,
             .script = {.actions = 30, .rooms = 2, .text_bytes_max = 400, .may_be_slow = true},
             .ending = Ending::drain,
             .pipe_bytes_max = 4'096,
             .outbox_bytes_max = 16'384,
             .slow_reader = SlowReaderPolicy::drop_oldest,
             .client_slow_per_million = 60'000},
    Scenario{.name = "limits",
             .workers = 3,
             .clients = 12,
             .script = {.actions = 40, .rooms = 6, .chats_idly = false},
             .sockets_max = 5,
             .recv_buffers = 1,
             .mailbox_capacity = 2,
             .rooms_per_connection_max = 2,
             .rate_user = {5, 500},
             .rate_connection = {8, 400}},
    // What clients do goes round by the homes of their addresses.
    Scenario{.name = "gates",
             .workers = 4,
             .clients = 12,
             .script = {.rooms = 3, .changes_its_mind = true, .says_and_leaves = true},
             .mailbox_capacity = 4,
             .rate_address = {6, 300}},
    Scenario{.name = "drain",
             .workers = 4,
             .clients = 16,
             .script = {.actions = 60, .rooms = 4, .changes_its_mind = true},
             .ending = Ending::drain_under_load},
};

}  // namespace

std::span<const Scenario> scenarios() {
  return all_scenarios;
}

const Scenario* scenario_named(std::string_view name) {
  for (const Scenario& scenario : all_scenarios) {
    if (scenario.name == name) return &scenario;
  }
  return nullptr;
}

}  // namespace parley::sim
