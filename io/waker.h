// Wakes workers from a thread that has no Ring of its own: main, when a signal came.
//
// Threading  Opened, used and destroyed by one thread. Not for signal handlers.
#pragma once

#include <memory>

#include "core/base/result.h"
#include "core/base/types.h"
#include "io/ring_directory.h"

namespace parley::io {

class KernelRing;

class Waker {
 public:
  // `directory` is borrowed and outlives this.
  [[nodiscard]] static Result<std::unique_ptr<Waker>> open(const RingDirectory& directory);
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;
  ~Waker();

  // The target's wait() returns with one Op::wake completion. False: it has no ring (yet, or any
  // more) or its thread has ended; a worker that starts looks at its mail without being woken.
  [[nodiscard]] bool wake(WorkerId target);

 private:
  Waker(const RingDirectory& directory, std::unique_ptr<KernelRing> kernel);

  const RingDirectory& directory_;  // Borrowed from main.
  std::unique_ptr<KernelRing> kernel_;
};

}  // namespace parley::io
