// The buffers that the kernel receives into: all in one mapping, lent to the caller one by one.
//
// An idle connection owns none of them: the kernel takes one when bytes have come.
//
// Memory  buffers * (buffer_bytes + 128 at most), and 16 bytes for each in the ring shared with the
//         kernel; all of it resident from open() on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/result.h"
#include "core/base/types.h"

struct io_uring_buf_ring;

namespace parley::io {

class KernelRing;

class RecvBuffers {
 public:
  struct Size {
    std::uint32_t buffers{};  // A power of two, at most buffers_max.
    std::uint32_t buffer_bytes{};
  };

  // `ring` is borrowed and outlives this.
  [[nodiscard]] static Result<std::unique_ptr<RecvBuffers>> open(KernelRing& ring, Size size);
  RecvBuffers(const RecvBuffers&) = delete;
  RecvBuffers& operator=(const RecvBuffers&) = delete;
  ~RecvBuffers();

  void lend(BufferId id);  // The kernel has filled it and named it in a completion.
  [[nodiscard]] MutableBytes bytes(BufferId id, std::uint32_t size_bytes);
  void give_back(BufferId id);  // To the kernel.

  static constexpr std::uint16_t group = 0;
  static constexpr std::uint32_t buffers_max = 1u << 15;  // Of one ring, by the kernel.

 private:
  RecvBuffers(KernelRing& ring, Size size);
  [[nodiscard]] std::byte* start(BufferId id);

  KernelRing& ring_;  // Borrowed from the owner.
  const Size size_;
  const std::size_t stride_;  // Bytes from one buffer to the next.
  io_uring_buf_ring* shared_ = nullptr;
  std::byte* memory_ = nullptr;
  std::vector<bool> lent_;
};

}  // namespace parley::io
