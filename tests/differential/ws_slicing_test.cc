// A stream's events, and the byte at which an error shows, do not depend on how it was cut.
#include <gtest/gtest.h>

#include "tests/differential/naive_ws_reader.h"
#include "tests/differential/ws_frames.h"
#include "tests/differential/ws_outcome.h"
#include "tests/differential/ws_stream_maker.h"

namespace parley::test {
namespace {

constexpr std::size_t stream_bytes_max = 300;

TEST(WsSlicing, StreamsCutAtEveryOffsetReadTheSame) {
  std::uint64_t cuts = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const MadeStream made = make_stream(seed);
    if (made.bytes.size() > stream_bytes_max) continue;
    const WsOutcome naive = read_naively(made.role, made.message_bytes_max, made.bytes);
    for (std::size_t cut = 0; cut <= made.bytes.size(); ++cut, ++cuts) {
      const std::size_t ends[] = {cut, made.bytes.size()};
      ASSERT_EQ(read_with_ours(made.role, made.message_bytes_max, made.bytes, ends),
                seen_in_slices(naive, ends))
          << "seed " << seed << " cut at " << cut;
    }
  }
  EXPECT_GT(cuts, 10'000u);
}

TEST(WsSlicing, StreamsInSlicesOfEverySizeReadTheSame) {
  for (std::uint64_t seed = 1001; seed <= 1200; ++seed) {
    const MadeStream made = make_stream(seed);
    if (made.bytes.size() > stream_bytes_max) continue;
    const WsOutcome naive = read_naively(made.role, made.message_bytes_max, made.bytes);
    for (std::size_t slice = 1; slice <= made.bytes.size(); ++slice) {
      const auto ends = slices_of(slice, made.bytes.size());
      ASSERT_EQ(read_with_ours(made.role, made.message_bytes_max, made.bytes, ends),
                seen_in_slices(naive, ends))
          << "seed " << seed << " in slices of " << slice;
    }
  }
}

// Lengths around the borders of the length forms, where headers have 6, 8 and 14 bytes.
TEST(WsSlicing, HeadersOfEveryFormCutAtEveryByteReadTheSame) {
  for (const std::size_t size : {0u, 1u, 125u, 126u, 127u, 65535u, 65536u}) {
    const ByteString stream = join({client_frame({.opcode = 2}, std::string(size, 'x')),
                                    client_frame({.opcode = 1}, "behind")});
    const WsOutcome naive = read_naively(protocol::WsRole::server, 1 << 20, stream);
    ASSERT_EQ(naive.messages.size(), 2u);
    for (std::size_t cut = 0; cut <= 20 && cut <= stream.size(); ++cut) {
      for (const std::size_t from_end : {0u, 1u, 6u, 11u, 12u}) {
        const std::size_t second = stream.size() - from_end;
        if (second < cut) continue;
        const std::size_t ends[] = {cut, second, stream.size()};
        ASSERT_EQ(read_with_ours(protocol::WsRole::server, 1 << 20, stream, ends),
                  seen_in_slices(naive, ends))
            << size << " bytes cut at " << cut;
      }
    }
  }
}

}  // namespace
}  // namespace parley::test
