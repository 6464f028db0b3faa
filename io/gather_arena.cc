#include "io/gather_arena.h"

#include "core/base/check.h"

namespace parley::io {

GatherArena::GatherArena(std::uint32_t sends, std::uint32_t pieces)
    : headers_(sends), pieces_(pieces) {}

bool GatherArena::has_room(std::size_t pieces) const {
  return headers_used_ < headers_.size() && pieces_.size() - pieces_used_ >= pieces;
}

const msghdr* GatherArena::take(std::span<const Bytes> pieces) {
  CHECK(has_room(pieces.size()));
  iovec* const first = &pieces_[pieces_used_];
  for (const Bytes piece : pieces) {
    // A send reads only; iovec is shared with receiving and so has no const.
    pieces_[pieces_used_++] = {const_cast<std::byte*>(piece.data()), piece.size()};
  }
  msghdr& header = headers_[headers_used_++];
  header = msghdr{};
  header.msg_iov = first;
  header.msg_iovlen = pieces.size();
  return &header;
}

void GatherArena::reset() {
  headers_used_ = 0;
  pieces_used_ = 0;
}

}  // namespace parley::io
