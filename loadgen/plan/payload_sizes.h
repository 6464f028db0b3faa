// How large payloads are: one size, a range, or a few with weights.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace parley::loadgen {

class PayloadSizes {
 public:
  // "64"; "64-512", all equally likely; "64:9,4KiB:1", by weight; ranges may have weights, too.
  // Each size is at least a stamp's.
  [[nodiscard]] static Result<PayloadSizes> parse(std::string_view text);

  // `random` is any number, all equally likely.
  [[nodiscard]] std::uint32_t pick(std::uint64_t random) const;
  [[nodiscard]] std::uint32_t largest() const;

 private:
  struct Range {
    std::uint32_t least{};
    std::uint32_t most{};
    std::uint64_t weight{};
  };

  std::vector<Range> ranges_;
  std::uint64_t weight_ = 0;
};

}  // namespace parley::loadgen
