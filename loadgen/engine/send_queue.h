// Frames that wait to be sent, in queues of any number of connections, from one pool: a queue is
// two numbers, and memory is reused.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/types.h"

namespace parley::loadgen {

class SendPool {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  struct Queue {
    std::uint32_t first = none;
    std::uint32_t last = none;

    [[nodiscard]] bool empty() const { return first == none; }
  };

  // Puts a frame of `bytes` at the end of the queue, for the caller to fill in at once.
  [[nodiscard]] MutableBytes push(Queue& queue, std::size_t bytes);

  // The unsent bytes from the front, at most out.size() pieces; returns how many. They stay where
  // they are until taken off by on_sent() or clear().
  [[nodiscard]] std::uint32_t pieces(const Queue& queue, std::span<Bytes> out) const;
  void on_sent(Queue& queue, std::size_t bytes);
  void clear(Queue& queue);

  // Unsent, in all queues.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  struct Frame {
    std::vector<std::byte> bytes;
    std::size_t sent = 0;
    std::uint32_t next = none;
  };

  void drop_first(Queue& queue);

  std::vector<Frame> frames_;
  std::uint32_t free_ = none;
  std::uint64_t bytes_ = 0;
};

}  // namespace parley::loadgen
