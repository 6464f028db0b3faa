#include "loadgen/engine/shares.h"

#include <algorithm>
#include <string>

#include "core/base/check.h"

namespace parley::loadgen {

namespace {

std::uint32_t members_of(const Plan& plan, std::uint64_t room) {
  const std::uint64_t before = room * plan.members;
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(plan.members, plan.connections - before));
}

std::uint64_t rooms_of_busiest(const Plan& plan, std::uint32_t workers) {
  return (plan.rooms() + workers - 1) / workers;
}

void deal_whole(const Plan& plan, std::vector<WorkerShare>& shares) {
  for (std::uint64_t room = 0; room < plan.rooms(); ++room) {
    WorkerShare& share = shares[room % shares.size()];
    const std::uint32_t members = members_of(plan, room);
    share.rooms.push_back({.room = static_cast<std::uint32_t>(room),
                           .room_members = members,
                           .first_member = 0,
                           .members = members});
    share.connections += members;
  }
}

void deal_parts(const Plan& plan, std::vector<WorkerShare>& shares) {
  const auto count = static_cast<std::uint32_t>(shares.size());
  for (std::uint64_t room = 0; room < plan.rooms(); ++room) {
    const std::uint32_t members = members_of(plan, room);
    for (WorkerShare& share : shares) {
      const std::uint64_t first = std::uint64_t{members} * share.index / count;
      const std::uint64_t last = std::uint64_t{members} * (share.index + 1) / count;
      if (first == last) continue;
      share.rooms.push_back({.room = static_cast<std::uint32_t>(room),
                             .room_members = members,
                             .first_member = static_cast<std::uint32_t>(first),
                             .members = static_cast<std::uint32_t>(last - first)});
      share.connections += last - first;
    }
  }
}

}  // namespace

std::uint32_t workers_needed(const Plan& plan, std::uint32_t connections_max) {
  std::uint64_t workers = (plan.connections + connections_max - 1) / connections_max;
  if (plan.members <= connections_max) {
    // Whole rooms leave a part of each ring unused.
    const std::uint64_t rooms_of_ring = connections_max / plan.members;
    workers = std::max(workers, (plan.rooms() + rooms_of_ring - 1) / rooms_of_ring);
  }
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(workers, 1, UINT32_MAX));
}

Result<std::vector<WorkerShare>> deal(const Plan& plan, std::uint32_t workers,
                                      std::uint32_t connections_max) {
  CHECK(workers > 0);
  std::vector<WorkerShare> shares(workers);
  const bool whole =
      workers == 1 || (plan.rooms() >= workers &&
                       rooms_of_busiest(plan, workers) * plan.members <= connections_max);
  for (std::uint32_t index = 0; index < workers; ++index) {
    shares[index].index = index;
    shares[index].count = workers;
    shares[index].rooms_are_whole = whole;
  }
  if (whole) {
    deal_whole(plan, shares);
  } else {
    deal_parts(plan, shares);
  }
  for (const WorkerShare& share : shares) {
    if (share.connections > connections_max) {
      return failure("a worker would have " + std::to_string(share.connections) +
                     " connections, and the limit of open files allows " +
                     std::to_string(connections_max) + ": use more workers (--workers " +
                     std::to_string(workers_needed(plan, connections_max)) + ")");
    }
  }
  return shares;
}

}  // namespace parley::loadgen
