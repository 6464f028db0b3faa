// The frames of a room on their way to its members: written once, read by each at its own pace.
//
// A send points into the log, so a frame is copied once, however many members it goes to, and all
// that came while a member's last send was under way is one contiguous piece of its next.
//
// Position  Counts the bytes ever written; each member has one, and reads from there.
// Memory    One chunk while nobody is behind, written from its start again, so that it stays in
//           the cache. Further ones when somebody is.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/types.h"

namespace parley::bench {

class RoomLog {
 public:
  [[nodiscard]] std::uint64_t end() const { return chunks_.empty() ? 0 : chunks_.back().end(); }
  [[nodiscard]] std::size_t chunk_count() const { return chunks_.size(); }

  // The bytes from a position to the end, or to the end of its chunk. REQUIRES: position < end().
  [[nodiscard]] Bytes from(std::uint64_t position) const {
    const Chunk* chunk = chunks_.data();
    while (position >= chunk->end()) ++chunk;
    const std::uint64_t offset = position - chunk->begin;
    return {chunk->bytes.get() + offset, static_cast<std::size_t>(chunk->used - offset)};
  }

  [[nodiscard]] bool fits(std::size_t bytes) const {
    return !chunks_.empty() && chunks_.back().size - chunks_.back().used >= bytes;
  }

  // Space for a frame at the end, for the caller to fill. REQUIRES: fits(bytes).
  [[nodiscard]] MutableBytes append(std::size_t bytes) {
    Chunk& chunk = chunks_.back();
    chunk.used += bytes;
    return {chunk.bytes.get() + chunk.used - bytes, bytes};
  }

  // REQUIRES: every member's position is end(), and no send is under way.
  void rewind() {
    if (chunks_.empty()) return;
    Chunk last = std::move(chunks_.back());
    chunks_.clear();
    last.begin = last.end();
    last.used = 0;
    chunks_.push_back(std::move(last));
  }

  // Another chunk, after which a frame fits; what lies before `oldest` is read by nobody any more.
  void grow(std::uint64_t oldest, std::size_t bytes) {
    const std::uint64_t begin = end();
    const auto first_needed = std::ranges::find_if(
        chunks_, [oldest](const Chunk& chunk) { return chunk.end() > oldest; });
    Chunk next{.size = std::max(bytes, chunk_bytes)};
    // Memory that has been written before costs no page fault.
    if (first_needed != chunks_.begin() && chunks_.front().size >= bytes) {
      next = std::move(chunks_.front());
    } else {
      next.bytes = std::make_unique_for_overwrite<std::byte[]>(next.size);
    }
    next.begin = begin;
    next.used = 0;
    chunks_.erase(chunks_.begin(), first_needed);
    chunks_.push_back(std::move(next));
  }

  static constexpr std::size_t chunk_bytes = 256 << 10;

 private:
  struct Chunk {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
    std::size_t used = 0;
    std::uint64_t begin = 0;  // The position of its first byte.

    [[nodiscard]] std::uint64_t end() const { return begin + used; }
  };

  std::vector<Chunk> chunks_;
};

}  // namespace parley::bench
