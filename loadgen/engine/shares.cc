#include "loadgen/engine/shares.h"

#include <algorithm>
#include <string>

#include "core/base/check.h"

namespace parley::loadgen {

namespace {

// Of all machines: beyond that something is wrong with the limit of open files, and to deal takes
// longer than anybody waits.
constexpr std::uint32_t dealt_workers_max = 65'536;

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
  std::uint32_t next = 0;  // Whose turn it is to have one member more than others.
  for (std::uint64_t room = 0; room < plan.rooms(); ++room) {
    const std::uint32_t members = members_of(plan, room);
    const std::uint32_t rest = members % count;
    std::uint32_t first = 0;
    for (WorkerShare& share : shares) {
      const bool one_more = (share.index + count - next) % count < rest;
      const std::uint32_t part = members / count + (one_more ? 1 : 0);
      if (part == 0) continue;
      share.rooms.push_back({.room = static_cast<std::uint32_t>(room),
                             .room_members = members,
                             .first_member = first,
                             .members = part});
      share.connections += part;
      first += part;
    }
    next = (next + rest) % count;
  }
}

// The first members of a room publish: a worker may have none of them.
void number_publishing(const Plan& plan, std::vector<WorkerShare>& shares) {
  const std::uint32_t publishers = plan.publishers_of_room();
  std::vector<WorkerShare*> publishing;
  for (WorkerShare& share : shares) {
    const bool publishes =
        std::any_of(share.rooms.begin(), share.rooms.end(),
                    [publishers](const RoomShare& room) { return room.first_member < publishers; });
    if (publishes) publishing.push_back(&share);
  }
  for (std::size_t i = 0; i < publishing.size(); ++i) {
    publishing[i]->publishing_index = static_cast<std::uint32_t>(i);
    publishing[i]->publishing_count = static_cast<std::uint32_t>(publishing.size());
  }
}

}  // namespace

std::uint32_t workers_needed(const Plan& plan, std::uint32_t connections_max) {
  if (connections_max == 0) return UINT32_MAX;
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
  if (connections_max == 0) {
    return failure("the limit of open files allows no connections: raise it (ulimit -n)");
  }
  if (workers > dealt_workers_max) {
    return failure("it takes " + std::to_string(workers) +
                   " workers: raise the limit of open files (ulimit -n) or use agents");
  }
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
  number_publishing(plan, shares);
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
