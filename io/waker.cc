#include "io/waker.h"

#include <utility>

#include "io/kernel_ring.h"
#include "io/tag.h"

namespace parley::io {

Result<std::unique_ptr<Waker>> Waker::open(const RingDirectory& directory) {
  Result<std::unique_ptr<KernelRing>> kernel =
      KernelRing::open({.submissions = 2, .completions = 4});
  if (!kernel) return std::unexpected<Error>(kernel.error());
  return std::unique_ptr<Waker>(new Waker(directory, std::move(*kernel)));
}

Waker::Waker(const RingDirectory& directory, std::unique_ptr<KernelRing> kernel)
    : directory_(directory), kernel_(std::move(kernel)) {}

Waker::~Waker() = default;

bool Waker::wake(WorkerId target) {
  const int fd = directory_.find(target);
  if (fd == RingDirectory::none) return false;
  io_uring_sqe& entry = kernel_->next_entry();
  io_uring_prep_msg_ring(&entry, fd, 0, Tag{.kind = Tag::Kind::wake}.pack(), 0);
  entry.user_data = Tag{.kind = Tag::Kind::message}.pack();
  const io_uring_cqe* sent = nullptr;
  while ((sent = kernel_->peek()) == nullptr) kernel_->sleep(seconds(1));
  const bool woken = sent->res >= 0;
  kernel_->seen();
  return woken;
}

}  // namespace parley::io
