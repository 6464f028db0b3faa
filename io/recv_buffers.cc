#include "io/recv_buffers.h"

#include <sys/mman.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <string>

#include "core/base/check.h"
#include "io/kernel_ring.h"

namespace parley::io {

namespace {

// With their memory: the kernel goes through all buffers in turn, so that each would fault within
// the first seconds, in the middle of a receive, and look like a cost of the connections that came.
void* map_pages(std::size_t bytes) {
  void* pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  return pages == MAP_FAILED ? nullptr : pages;
}

// From one buffer to the next: an odd number of cache lines. With 4096 bytes from one to the next
// the first lines of all would share a few sets of each cache, and those of a turn push each other
// out between the kernel's writing and our reading.
std::size_t stride_of(std::uint32_t buffer_bytes) {
  const std::size_t lines = (buffer_bytes + cache_line_bytes - 1) / cache_line_bytes;
  return (lines | 1) * cache_line_bytes;
}

}  // namespace

Result<std::unique_ptr<RecvBuffers>> RecvBuffers::open(KernelRing& ring, Size size) {
  if (!std::has_single_bit(size.buffers) || size.buffers > buffers_max || size.buffer_bytes == 0) {
    return failure("the receive buffers of a worker must be a power of two, at most " +
                   std::to_string(buffers_max) + ", of at least one byte each");
  }
  std::unique_ptr<RecvBuffers> pool(new RecvBuffers(ring, size));
  pool->shared_ = static_cast<io_uring_buf_ring*>(map_pages(size.buffers * sizeof(io_uring_buf)));
  pool->memory_ = static_cast<std::byte*>(map_pages(size.buffers * pool->stride_));
  if (pool->shared_ == nullptr || pool->memory_ == nullptr) {
    return failure("no memory for " + std::to_string(size.buffers) + " receive buffers of " +
                   std::to_string(size.buffer_bytes) + " bytes: use fewer or smaller ones");
  }
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(pool->shared_);
  registration.ring_entries = size.buffers;
  registration.bgid = group;
  const int error = io_uring_register_buf_ring(&ring.raw(), &registration, 0);
  if (error < 0) {
    return failure(std::string("the kernel refuses a ring of receive buffers: ") +
                   std::strerror(-error));
  }
  pool->lent_.assign(size.buffers, true);
  for (std::uint32_t i = 0; i < size.buffers; ++i) pool->give_back({i});
  return pool;
}

RecvBuffers::RecvBuffers(KernelRing& ring, Size size)
    : ring_(ring), size_(size), stride_(stride_of(size.buffer_bytes)) {}

RecvBuffers::~RecvBuffers() {
  if (!lent_.empty()) static_cast<void>(io_uring_unregister_buf_ring(&ring_.raw(), group));
  if (shared_ != nullptr) munmap(shared_, size_.buffers * sizeof(io_uring_buf));
  if (memory_ != nullptr) munmap(memory_, size_.buffers * stride_);
}

std::byte* RecvBuffers::start(BufferId id) {
  return memory_ + id.value * stride_;
}

void RecvBuffers::lend(BufferId id) {
  CHECK(id.value < size_.buffers);
  CHECK(!lent_[id.value]);
  lent_[id.value] = true;
}

MutableBytes RecvBuffers::bytes(BufferId id, std::uint32_t size_bytes) {
  CHECK(id.value < size_.buffers);
  CHECK(lent_[id.value]);
  CHECK(size_bytes <= size_.buffer_bytes);
  return {start(id), size_bytes};
}

void RecvBuffers::give_back(BufferId id) {
  CHECK(id.value < size_.buffers);
  CHECK(lent_[id.value]);
  lent_[id.value] = false;
  const int mask = static_cast<int>(size_.buffers - 1);
  io_uring_buf_ring_add(shared_, start(id), size_.buffer_bytes,
                        static_cast<std::uint16_t>(id.value), mask, 0);
  io_uring_buf_ring_advance(shared_, 1);
}

}  // namespace parley::io
