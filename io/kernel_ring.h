// One io_uring of the kernel: entries to fill in, and entering the kernel with whatever it answers.
//
// Threading  Opened, used and closed by one thread (IORING_SETUP_SINGLE_ISSUER).
// Errors     What the kernel may say under load (-EINTR, -EAGAIN, -EBUSY, -ENOMEM, a completion
//            queue that overflowed) is counted and tried again. Anything else is our fault: CHECK.
#pragma once

#include <liburing.h>

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/base/time.h"
#include "io/ring_counters.h"

namespace parley::io {

class KernelRing {
 public:
  struct Size {
    std::uint32_t submissions{};  // Powers of two.
    std::uint32_t completions{};
  };

  [[nodiscard]] static Result<std::unique_ptr<KernelRing>> open(Size size);
  KernelRing(const KernelRing&) = delete;
  KernelRing& operator=(const KernelRing&) = delete;
  ~KernelRing();  // Ends all that is under way.

  // An entry for the caller to fill in at once, with one of liburing's prep functions and a
  // user_data. Submits what is queued when there is no room.
  [[nodiscard]] io_uring_sqe& next_entry();
  // Submits what is queued unless that many entries fit behind it: the next so many next_entry()
  // then do not submit in between, which would cut a chain (IOSQE_IO_LINK) in two.
  // REQUIRES: entries <= submission_entries().
  void make_room(std::uint32_t entries);
  // Entries filled in and not yet taken by the kernel.
  [[nodiscard]] std::uint32_t queued() const { return io_uring_sq_ready(&ring_); }
  void submit();  // Until the kernel has taken all that is queued.

  // Submits, lets the kernel do what is pending, and returns.
  void poll();
  // The same, and sleeps until there is a completion, `longest` has passed or a signal came.
  void sleep(Duration longest);

  // The oldest completion not yet seen, or null.
  [[nodiscard]] const io_uring_cqe* peek() const;
  void seen();  // Gives back the one that peek() showed.

  [[nodiscard]] io_uring& raw() { return ring_; }
  [[nodiscard]] RingCounters& counters() { return counters_; }
  [[nodiscard]] std::uint32_t submission_entries() const { return ring_.sq.ring_entries; }
  [[nodiscard]] std::uint32_t completion_entries() const { return ring_.cq.ring_entries; }

 private:
  KernelRing() = default;
  void on_enter(int result);

  io_uring ring_{};
  RingCounters counters_;
};

// One line for the operator that says why the kernel refused a ring and what to do about it.
[[nodiscard]] std::string explain_no_ring(int error);

}  // namespace parley::io
