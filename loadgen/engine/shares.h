// Who of a run's workers has which members: rooms as a whole where that fits, since then a worker
// knows alone when a message has reached everybody; else each room is spread over all workers.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/result.h"
#include "loadgen/plan/plan.h"

namespace parley::loadgen {

struct RoomShare {
  std::uint32_t room{};          // Its number in the whole run.
  std::uint32_t room_members{};  // Of all workers.
  std::uint32_t first_member{};  // Of this worker, in the room.
  std::uint32_t members{};       // Of this worker, in a row.
};

struct WorkerShare {
  std::uint32_t index{};  // Of the worker, in the whole run.
  std::uint32_t count{};  // Workers of the whole run.
  std::uint64_t connections{};
  std::vector<RoomShare> rooms;
  bool rooms_are_whole{};

  // Among the workers that have publishers, who share the rate of an open loop. Those that have
  // none: count 0.
  std::uint32_t publishing_index{};
  std::uint32_t publishing_count{};
};

// How many workers a plan needs when a ring holds `connections_max`.
[[nodiscard]] std::uint32_t workers_needed(const Plan& plan, std::uint32_t connections_max);

// The share of each of `workers`. An error says what does not fit.
[[nodiscard]] Result<std::vector<WorkerShare>> deal(const Plan& plan, std::uint32_t workers,
                                                    std::uint32_t connections_max);

}  // namespace parley::loadgen
