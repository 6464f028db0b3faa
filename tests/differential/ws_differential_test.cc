// Three readers of RFC 6455 on the same bytes: ours, a naive one, and wslay. Ours must agree with
// the naive one in everything, to the byte at which an event or an error comes out, however the
// stream is sliced. With wslay it must agree too, save where wslay differs from the RFC; each such
// difference has a name, and nothing without a name is let through.
//
// PARLEY_DIFFERENTIAL_INPUTS sets the number of streams; PARLEY_DIFFERENTIAL_SEED the first seed.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "tests/differential/naive_ws_reader.h"
#include "tests/differential/ws_outcome.h"
#include "tests/differential/ws_stream_maker.h"
#include "tests/differential/wslay_reader.h"

namespace parley::test {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

std::uint64_t input_count() {
  return from_environment("PARLEY_DIFFERENTIAL_INPUTS", 20'000);
}
std::uint64_t first_seed() {
  return from_environment("PARLEY_DIFFERENTIAL_SEED", 1);
}

enum class Difference : std::uint8_t {
  none,
  // 5.5.1: the body of a close frame begins with a 2-byte code. wslay takes a single byte as none.
  half_close_code,
  // 7.4.2 and 11.7 point to IANA's registry, which has 1012-1014; wslay refuses all above 1011.
  newer_close_code,
  // A close frame with a bad code and a bad reason: no section says which fault is named.
  two_faults,
  // We judge a close frame when it is complete (7.1.5); wslay its reason as it comes.
  open_close_frame,
  unexplained,
};
constexpr std::size_t difference_count = 6;

// Whether wslay's reading differs from the naive one; `in_close_frame`: the stream ends inside one.
Difference difference_between(const WsOutcome& naive, const WsOutcome& wslay, bool in_close_frame) {
  if (naive == wslay) return Difference::none;
  const std::size_t common = std::min(naive.messages.size(), wslay.messages.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (naive.messages[i] != wslay.messages[i]) return Difference::unexplained;
  }
  if (wslay.messages.size() == common + 1 && wslay.closed()) {
    const bool half_a_code =
        wslay.messages.back().payload.size() == 1 && wslay.messages.back().close_code == 1005;
    const bool refused = naive.error_code == 1002 && naive.messages.size() == common;
    return half_a_code && refused ? Difference::half_close_code : Difference::unexplained;
  }
  if (naive.messages.size() == common + 1 && naive.closed()) {
    const std::uint16_t code = naive.messages.back().close_code;
    const bool newer = code >= 1012 && code <= 1014 && wslay.error_code == 1002;
    return newer ? Difference::newer_close_code : Difference::unexplained;
  }
  if (naive.messages.size() != wslay.messages.size()) return Difference::unexplained;
  if (naive.error_code == 1002 && wslay.error_code == 1007) return Difference::two_faults;
  if (in_close_frame && naive.error_code == 0 && wslay.error_code == 1007) {
    return Difference::open_close_frame;
  }
  return Difference::unexplained;
}

// wslay looks at a header when all of it and a byte of its payload have come. Where our error is
// earlier than that, it gets zeros to read on, and must then report the same.
WsOutcome read_with_patient_wslay(const MadeStream& made, const WsOutcome& naive) {
  WsOutcome outcome = read_with_wslay(made.role, made.message_bytes_max, made.bytes);
  if (naive.error_code == 0 || outcome.error_code != 0 || outcome.closed()) return outcome;
  ByteString padded = made.bytes;
  padded.resize(naive.error_offset);
  padded.resize(naive.error_offset + 16);
  return read_with_wslay(made.role, made.message_bytes_max, padded);
}

struct Tally {
  std::array<std::uint64_t, difference_count> differences{};
  std::array<std::uint64_t, corruption_count> corruptions{};
  std::uint64_t inputs = 0;
  std::uint64_t bytes = 0;
  std::uint64_t messages = 0;
  std::uint64_t closes = 0;
  std::uint64_t errors_1002 = 0;
  std::uint64_t errors_1007 = 0;
  std::uint64_t errors_1009 = 0;

  void count(const MadeStream& made, const WsOutcome& outcome) {
    ++inputs;
    ++corruptions[std::to_underlying(made.corruption)];
    bytes += made.bytes.size();
    messages += outcome.messages.size();
    closes += outcome.closed();
    errors_1002 += outcome.error_code == 1002;
    errors_1007 += outcome.error_code == 1007;
    errors_1009 += outcome.error_code == 1009;
  }

  void print() const {
    const auto differences_of = [this](Difference kind) {
      return static_cast<unsigned long long>(differences[std::to_underlying(kind)]);
    };
    const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    std::printf(
        "inputs %llu, bytes %llu, messages %llu, closes %llu, 1002: %llu, 1007: %llu, "
        "1009: %llu\n",
        number(inputs), number(bytes), number(messages), number(closes), number(errors_1002),
        number(errors_1007), number(errors_1009));
    std::printf(
        "wslay agrees %llu, half close code %llu, newer close code %llu, two faults %llu, "
        "open close frame %llu, unexplained %llu\n",
        differences_of(Difference::none), differences_of(Difference::half_close_code),
        differences_of(Difference::newer_close_code), differences_of(Difference::two_faults),
        differences_of(Difference::open_close_frame), differences_of(Difference::unexplained));
  }
};

// False when a reader disagrees, which is reported.
bool readers_agree(std::uint64_t seed, Tally& tally) {
  const MadeStream made = make_stream(seed);
  NaiveWsReader reader(made.role == protocol::WsRole::server, made.message_bytes_max);
  for (const std::uint8_t byte : made.bytes) reader.push(byte);
  const WsOutcome& naive = reader.outcome();
  tally.count(made, naive);

  Random random(~seed);
  for (const auto& slices :
       {one_slice(made.bytes.size()), make_slices(random, made.bytes.size())}) {
    const WsOutcome ours = read_with_ours(made.role, made.message_bytes_max, made.bytes, slices);
    const WsOutcome expected = seen_in_slices(naive, slices);
    if (ours == expected) continue;
    ADD_FAILURE() << "seed " << seed << ", " << slices.size() << " slices\nstream "
                  << hex(made.bytes) << "\nours  " << ours << "\nnaive " << expected;
    return false;
  }
  const WsOutcome wslay = read_with_patient_wslay(made, naive);
  const Difference difference =
      difference_between(without_offsets(naive), wslay, reader.in_close_frame());
  ++tally.differences[std::to_underlying(difference)];
  if (difference != Difference::unexplained) return true;
  ADD_FAILURE() << "seed " << seed << "\nstream " << hex(made.bytes) << "\nnaive " << naive
                << "\nwslay " << wslay;
  return false;
}

TEST(WsDifferential, OursAgreesWithTheNaiveReaderAndWithWslay) {
  constexpr int failures_max = 5;
  Tally tally;
  int failures = 0;
  const std::uint64_t seed = first_seed();
  for (std::uint64_t i = 0; i < input_count() && failures < failures_max; ++i) {
    failures += !readers_agree(seed + i, tally);
  }
  tally.print();

  // A comparison in which nothing happened proves nothing.
  EXPECT_EQ(tally.inputs, input_count());
  if (tally.inputs < 20'000) return;
  for (const std::uint64_t streams : tally.corruptions) EXPECT_GT(streams, tally.inputs / 10);
  EXPECT_GT(tally.messages, tally.inputs);
  for (const std::uint64_t seen :
       {tally.closes, tally.errors_1002, tally.errors_1007, tally.errors_1009}) {
    EXPECT_GT(seen, tally.inputs / 100);
  }
  EXPECT_GT(tally.differences[std::to_underlying(Difference::none)], tally.inputs / 10 * 9);
}

}  // namespace
}  // namespace parley::test
