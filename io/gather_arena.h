// The message headers and piece lists of gathered sends, until the kernel has taken their entries
// (IORING_FEAT_SUBMIT_STABLE: from then on it has copies).
//
// Memory  Sized once, for as many sends as the submission queue holds entries.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/types.h"

namespace parley::io {

class GatherArena {
 public:
  GatherArena(std::uint32_t sends, std::uint32_t pieces);

  [[nodiscard]] bool has_room(std::size_t pieces) const;
  // Valid until reset(). REQUIRES: has_room(pieces.size()).
  [[nodiscard]] const msghdr* take(std::span<const Bytes> pieces);
  void reset();

 private:
  std::vector<msghdr> headers_;
  std::vector<iovec> pieces_;
  std::size_t headers_used_ = 0;
  std::size_t pieces_used_ = 0;
};

}  // namespace parley::io
