#include "io/kernel_ring.h"

#include <cerrno>
#include <cstring>

#include "core/base/check.h"

namespace parley::io {

Result<std::unique_ptr<KernelRing>> KernelRing::open(Size size) {
  // SINGLE_ISSUER and DEFER_TASKRUN: the kernel finishes operations when this thread asks for
  // completions, not by interrupting it. SUBMIT_ALL: one refused entry holds up no other.
  io_uring_params params{};
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL |
                 IORING_SETUP_CQSIZE;
  params.cq_entries = size.completions;
  std::unique_ptr<KernelRing> ring(new KernelRing);
  const int error = io_uring_queue_init_params(size.submissions, &ring->ring_, &params);
  if (error < 0) {
    ring->ring_.ring_fd = -1;
    return failure(explain_no_ring(-error));
  }
  // Saves a look-up of the descriptor in each enter; without it everything works as well.
  static_cast<void>(io_uring_register_ring_fd(&ring->ring_));
  return ring;
}

KernelRing::~KernelRing() {
  if (ring_.ring_fd < 0) return;
  // Closing ends what is under way too, but later: until then it would read memory that is gone
  // and keep the port of a listener that is closed.
  io_uring_sync_cancel_reg cancel{};
  cancel.fd = -1;
  cancel.flags = IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL;
  cancel.timeout.tv_sec = 1;
  static_cast<void>(io_uring_register_sync_cancel(&ring_, &cancel));
  static_cast<void>(io_uring_get_events(&ring_));
  io_uring_queue_exit(&ring_);
}

io_uring_sqe& KernelRing::next_entry() {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  if (entry == nullptr) {
    counters_.queue_full += 1;
    submit();
    entry = io_uring_get_sqe(&ring_);
    CHECK(entry != nullptr);
  }
  counters_.entries_queued += 1;
  return *entry;
}

void KernelRing::make_room(std::uint32_t entries) {
  CHECK(entries <= submission_entries());
  if (io_uring_sq_space_left(&ring_) >= entries) return;
  counters_.queue_full += 1;
  submit();
}

void KernelRing::submit() {
  // A kernel short of memory takes entries later; what it finishes meanwhile gives memory back.
  while (queued() > 0) {
    counters_.enters += 1;
    const int result = io_uring_submit(&ring_);
    on_enter(result);
    if (result < 0) static_cast<void>(io_uring_get_events(&ring_));
  }
}

void KernelRing::poll() {
  counters_.enters += 1;
  on_enter(io_uring_submit_and_get_events(&ring_));
}

void KernelRing::sleep(Duration longest) {
  CHECK(longest.ns > 0);
  __kernel_timespec timeout{.tv_sec = longest.ns / 1'000'000'000,
                            .tv_nsec = longest.ns % 1'000'000'000};
  io_uring_cqe* oldest = nullptr;
  counters_.enters += 1;
  on_enter(io_uring_submit_and_wait_timeout(&ring_, &oldest, 1, &timeout, nullptr));
}

void KernelRing::on_enter(int result) {
  // The kernel keeps completions that do not fit (IORING_FEAT_NODROP) and adds them to the queue
  // at the next enter that asks for events, which is the next poll() or sleep().
  if ((IO_URING_READ_ONCE(*ring_.sq.kflags) & IORING_SQ_CQ_OVERFLOW) != 0) {
    counters_.cq_overflows += 1;
  }
  if (result >= 0) return;
  switch (-result) {
    case ETIME:
    case EINTR:
      return;
    case EAGAIN:
    case EBUSY:
    case ENOMEM:
      counters_.enters_refused += 1;
      return;
    case EBADR:
      counters_.completions_lost += 1;
      return;
  }
  CHECK(result != -EEXIST);  // A ring is its thread's alone.
  CHECK(result >= 0);
}

const io_uring_cqe* KernelRing::peek() const {
  const unsigned head = *ring_.cq.khead;
  // Acquire: pairs with the kernel's release of the tail, after it wrote the completion.
  if (head == io_uring_smp_load_acquire(ring_.cq.ktail)) return nullptr;
  return &ring_.cq.cqes[head & ring_.cq.ring_mask];
}

void KernelRing::seen() {
  counters_.completions += 1;
  io_uring_cq_advance(&ring_, 1);
}

std::string explain_no_ring(int error) {
  switch (error) {
    case ENOSYS:
      return "this kernel has no io_uring: Linux 6.1 or newer is needed";
    case EINVAL:
      return "Linux 6.1 or newer is needed: this kernel lacks IORING_SETUP_DEFER_TASKRUN";
    case EPERM:
    case EACCES:
      return "io_uring is switched off: set kernel.io_uring_disabled=0 (sysctl), and in a "
             "container allow io_uring_setup in its seccomp profile";
    case EMFILE:
    case ENFILE:
      return "no descriptor is left for an io_uring: raise the limit of open files "
             "(ulimit -n, or LimitNOFILE= of the service)";
    case ENOMEM:
      return "no memory for an io_uring: raise the limit of locked memory "
             "(ulimit -l, or LimitMEMLOCK= of the service) or use fewer workers";
  }
  return std::string("io_uring cannot be set up: ") + std::strerror(error);
}

}  // namespace parley::io
