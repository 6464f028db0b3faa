// Where to find the kernel ring of each worker, to wake it. One for the process.
//
// Threading  A worker enters its ring once it runs and removes it before it closes it; anybody may
//            look at any time. A descriptor that is looked up and then closed may by then be
//            another file: the kernel refuses to send a message to what is no ring, and a ring that
//            gets a wake too many ignores it.
#pragma once

#include <array>
#include <atomic>

#include "core/base/check.h"
#include "core/base/types.h"

namespace parley::io {

class RingDirectory {
 public:
  RingDirectory() {
    for (std::atomic<int>& fd : fds_) fd.store(none, std::memory_order_relaxed);
  }
  RingDirectory(const RingDirectory&) = delete;
  RingDirectory& operator=(const RingDirectory&) = delete;

  // Release and acquire: who finds a ring finds it ready to be sent to.
  void enter(WorkerId worker, int fd) { at(worker).store(fd, std::memory_order_release); }
  void remove(WorkerId worker) { at(worker).store(none, std::memory_order_release); }
  [[nodiscard]] int find(WorkerId worker) const {
    CHECK(worker.value < workers_max);
    return fds_[worker.value].load(std::memory_order_acquire);
  }

  static constexpr int none = -1;

 private:
  [[nodiscard]] std::atomic<int>& at(WorkerId worker) {
    CHECK(worker.value < workers_max);
    return fds_[worker.value];
  }

  std::array<std::atomic<int>, workers_max> fds_;
};

}  // namespace parley::io
