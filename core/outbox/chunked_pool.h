// Fixed-size nodes named by 32-bit indices: half the size of pointers, and an index says nothing
// about addresses. Grows by chunks; a node never moves.
//
// Threading  The owning worker alone.
// Memory     Chunks come from the allocator when the free list is empty, and go back in trim().
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/check.h"

namespace parley::core {

// REQUIRES of Node: a `std::uint32_t next` for the lists it is in; also links the free list.
template <class Node>
class ChunkedPool {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  [[nodiscard]] std::uint32_t allocate() {
    if (first_free_ == none) add_chunk();
    const std::uint32_t index = first_free_;
    first_free_ = (*this)[index].next;
    ++in_use_;
    return index;
  }

  void free(std::uint32_t index) {
    CHECK(in_use_ > 0);
    (*this)[index].next = first_free_;
    first_free_ = index;
    --in_use_;
  }

  [[nodiscard]] Node& operator[](std::uint32_t index) {
    DCHECK(index / chunk_nodes < chunks_.size());
    return chunks_[index / chunk_nodes][index % chunk_nodes];
  }
  [[nodiscard]] const Node& operator[](std::uint32_t index) const {
    DCHECK(index / chunk_nodes < chunks_.size());
    return chunks_[index / chunk_nodes][index % chunk_nodes];
  }

  [[nodiscard]] std::uint32_t in_use() const { return in_use_; }

  // After a burst: gives back all chunks but one when no node is in use.
  void trim() {
    if (in_use_ != 0 || chunks_.size() <= 1) return;
    chunks_.resize(1);
    first_free_ = none;
    link_chunk(0);
  }

 private:
  static constexpr std::uint32_t chunk_nodes = 4096;

  void add_chunk() {
    const auto chunk = static_cast<std::uint32_t>(chunks_.size());
    CHECK(chunk < none / chunk_nodes);
    chunks_.push_back(std::make_unique<Node[]>(chunk_nodes));
    link_chunk(chunk);
  }

  // The lowest index first, so that neighbours in a list are neighbours in memory.
  void link_chunk(std::uint32_t chunk) {
    for (std::uint32_t i = chunk_nodes; i-- > 0;) {
      chunks_[chunk][i].next = first_free_;
      first_free_ = chunk * chunk_nodes + i;
    }
  }

  std::vector<std::unique_ptr<Node[]>> chunks_;
  std::uint32_t first_free_ = none;
  std::uint32_t in_use_ = 0;
};

}  // namespace parley::core
