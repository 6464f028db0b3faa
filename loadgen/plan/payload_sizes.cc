#include "loadgen/plan/payload_sizes.h"

#include <algorithm>

#include "core/base/check.h"
#include "loadgen/plan/units.h"
#include "loadgen/truth/stamp.h"

namespace parley::loadgen {

Result<PayloadSizes> PayloadSizes::parse(std::string_view text) {
  PayloadSizes sizes;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view item = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const std::size_t colon = std::min(item.find(':'), item.size());
    const std::string_view range = item.substr(0, colon);
    const std::size_t dash = std::min(range.find('-'), range.size());
    const Result<std::uint64_t> least = parse_bytes(range.substr(0, dash));
    const Result<std::uint64_t> most =
        dash == range.size() ? least : parse_bytes(range.substr(dash + 1));
    const Result<std::uint64_t> weight =
        colon == item.size() ? Result<std::uint64_t>(1) : parse_count(item.substr(colon + 1));
    if (!least || !most || !weight || *weight == 0 || *most < *least) {
      return failure("must be sizes such as 64, 64-512 or 64:9,4KiB:1");
    }
    if (*least < stamp_bytes || *most > payload_bytes_max) {
      return failure("must be sizes of " + std::to_string(stamp_bytes) + " (the stamp) to " +
                     std::to_string(payload_bytes_max) + " bytes");
    }
    sizes.ranges_.push_back({.least = static_cast<std::uint32_t>(*least),
                             .most = static_cast<std::uint32_t>(*most),
                             .weight = *weight});
    sizes.weight_ += *weight;
  }
  if (sizes.ranges_.empty()) return failure("must not be empty");
  return sizes;
}

std::uint32_t PayloadSizes::pick(std::uint64_t random) const {
  std::uint64_t place = random % weight_;
  for (const Range& range : ranges_) {
    if (place >= range.weight) {
      place -= range.weight;
      continue;
    }
    const std::uint64_t width = std::uint64_t{range.most} - range.least + 1;
    return range.least + static_cast<std::uint32_t>((random / weight_) % width);
  }
  CHECK(false);
  return 0;
}

std::uint32_t PayloadSizes::largest() const {
  const auto most =
      std::max_element(ranges_.begin(), ranges_.end(),
                       [](const Range& a, const Range& b) { return a.most < b.most; });
  return most->most;
}

}  // namespace parley::loadgen
