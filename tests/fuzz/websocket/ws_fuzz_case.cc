#include "tests/fuzz/websocket/ws_fuzz_case.h"

#include <algorithm>
#include <iostream>
#include <vector>

#include "core/base/check.h"
#include "tests/differential/naive_ws_reader.h"
#include "tests/differential/ws_outcome.h"

namespace parley::test {
namespace {

constexpr std::uint32_t limits[] = {3, 125, 1000, 1 << 20};

// Slices whose sizes follow from `style` alone, so that an input says all about its run.
std::vector<std::size_t> slices_in_style(std::uint32_t style, std::size_t stream_bytes) {
  if (style == 0) return slices_of(1, stream_bytes);
  std::vector<std::size_t> ends;
  std::uint32_t state = style;
  for (std::size_t end = 0; end < stream_bytes;) {
    state = state * 1664525 + 1013904223;
    end = std::min<std::size_t>(stream_bytes, end + 1 + (state >> 16) % style);
    ends.push_back(end);
  }
  if (ends.empty()) ends.push_back(0);
  return ends;
}

void check_agreement(const WsOutcome& ours, const WsOutcome& naive) {
  if (ours == naive) return;
  std::cerr << "ours  " << ours << "\nnaive " << naive << '\n';
  CHECK(ours == naive);
}

}  // namespace

void check_ws_fuzz_case(std::span<const std::uint8_t> input, std::uint32_t oracle_limit_error) {
  if (input.empty()) return;
  const auto role = (input[0] & 1) != 0 ? protocol::WsRole::client : protocol::WsRole::server;
  const std::uint32_t limit = limits[input[0] >> 1 & 3];
  const std::uint32_t style = input[0] >> 3;
  const auto stream = input.subspan(1);

  const WsOutcome naive = read_naively(role, limit + oracle_limit_error, stream);
  for (const auto& slices : {one_slice(stream.size()), slices_in_style(style, stream.size())}) {
    check_agreement(read_with_ours(role, limit, stream, slices), seen_in_slices(naive, slices));
  }
}

}  // namespace parley::test
