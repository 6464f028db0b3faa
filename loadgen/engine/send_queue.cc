#include "loadgen/engine/send_queue.h"

#include <algorithm>

#include "core/base/check.h"

namespace parley::loadgen {

MutableBytes SendPool::push(Queue& queue, std::size_t bytes) {
  std::uint32_t index = free_;
  if (index == none) {
    index = static_cast<std::uint32_t>(frames_.size());
    frames_.emplace_back();
  } else {
    free_ = frames_[index].next;
  }
  Frame& frame = frames_[index];
  frame.bytes.resize(bytes);
  frame.sent = 0;
  frame.next = none;
  bytes_ += bytes;
  (queue.last == none ? queue.first : frames_[queue.last].next) = index;
  queue.last = index;
  return frame.bytes;
}

std::uint32_t SendPool::pieces(const Queue& queue, std::span<Bytes> out) const {
  std::uint32_t count = 0;
  for (std::uint32_t at = queue.first; at != none && count < out.size(); at = frames_[at].next) {
    out[count++] = Bytes(frames_[at].bytes).subspan(frames_[at].sent);
  }
  return count;
}

void SendPool::on_sent(Queue& queue, std::size_t bytes) {
  while (bytes > 0) {
    CHECK(queue.first != none);
    Frame& frame = frames_[queue.first];
    const std::size_t taken = std::min(bytes, frame.bytes.size() - frame.sent);
    frame.sent += taken;
    bytes -= taken;
    bytes_ -= taken;
    if (frame.sent == frame.bytes.size()) drop_first(queue);
  }
}

void SendPool::clear(Queue& queue) {
  while (queue.first != none) drop_first(queue);
}

void SendPool::drop_first(Queue& queue) {
  // A frame that was much larger than most must not keep its memory for ever.
  constexpr std::size_t kept_bytes_max = 4'096;
  Frame& frame = frames_[queue.first];
  bytes_ -= frame.bytes.size() - frame.sent;
  if (frame.bytes.capacity() > kept_bytes_max) frame.bytes = {};
  const std::uint32_t index = queue.first;
  queue.first = frame.next;
  if (queue.first == none) queue.last = none;
  frame.next = free_;
  free_ = index;
}

}  // namespace parley::loadgen
