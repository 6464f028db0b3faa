// The workers that have members in a room, and how many each.
//
// Threading  The owning worker alone.
// Memory     32 bytes; the first worker is stored in them, since most rooms have one or a few, and
//            each publication reads it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/base/check.h"
#include "core/base/types.h"

namespace parley::core {

class WorkersOfRoom {
 public:
  template <class Visit>
  void for_each(Visit visit) const {
    if (first_.members > 0) visit(first_.worker);
    for (const WorkerMembers& at : further_) visit(at.worker);
  }

  void add_member(WorkerId worker) {
    if (WorkerMembers* const at = find(worker); at != nullptr) {
      at->members += 1;
    } else if (first_.members == 0) {
      first_ = {worker, 1};
    } else {
      further_.push_back({worker, 1});
    }
  }

  // REQUIRES: it has one.
  void remove_member(WorkerId worker) {
    WorkerMembers* const at = find(worker);
    CHECK(at != nullptr);
    at->members -= 1;
    if (at->members > 0 || further_.empty()) return;
    *at = further_.back();
    further_.pop_back();
  }

  // Those of all workers, counted.
  [[nodiscard]] std::uint32_t members() const {
    std::uint32_t members = first_.members;
    for (const WorkerMembers& at : further_) {
      CHECK(at.members > 0 && first_.members > 0);
      members += at.members;
    }
    return members;
  }

 private:
  struct WorkerMembers {
    WorkerId worker;
    std::uint32_t members{};
  };

  [[nodiscard]] WorkerMembers* find(WorkerId worker) {
    if (first_.members > 0 && first_.worker == worker) return &first_;
    const auto at = std::ranges::find(further_, worker, &WorkerMembers::worker);
    return at == further_.end() ? nullptr : &*at;
  }

  WorkerMembers first_;  // None while it has no members; then there are no further ones.
  std::vector<WorkerMembers> further_;
};

}  // namespace parley::core
