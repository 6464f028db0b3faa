// The independent reader against our own, over streams made from seeds: the same events in the same
// order, up to where wslay is known to differ (see tests/differential).
#include "loadgen/engine/wslay_reader.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "tests/differential/ws_frames.h"
#include "tests/differential/ws_outcome.h"
#include "tests/differential/ws_stream_maker.h"

namespace parley::loadgen {
namespace {

using protocol::WsEvent;
using protocol::WsReadStatus;
using test::ByteString;
using test::WsMessage;
using test::WsOutcome;

struct Read {
  std::vector<WsMessage> messages;
  bool failed = false;
};

// Each slice is a heap block of its exact size.
Read read_with(WslayReader& reader, std::span<const std::uint8_t> stream,
               std::span<const std::size_t> slice_ends) {
  Read read;
  std::size_t offset = 0;
  for (const std::size_t end : slice_ends) {
    const std::size_t size = end - offset;
    const std::unique_ptr<std::byte[]> slice(new std::byte[size]);
    if (size > 0) std::memcpy(slice.get(), stream.data() + offset, size);
    offset = end;
    reader.feed(Bytes(slice.get(), size));
    WsEvent event;
    WsReadStatus status;
    while ((status = reader.next(event)) == WsReadStatus::event) {
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(event.payload.data());
      read.messages.push_back({.opcode = std::to_underlying(event.opcode),
                               .close_code = event.close_code,
                               .payload = {bytes, bytes + event.payload.size()}});
    }
    read.failed = status == WsReadStatus::error;
    if (read.failed) return read;
  }
  return read;
}

bool same(const WsMessage& a, const WsMessage& b) {
  const bool codes = a.opcode != 8 || a.close_code == b.close_code;
  return a.opcode == b.opcode && codes && a.payload == b.payload;
}

TEST(WslayReader, SeesWhatOurReaderSeesHoweverStreamsAreCut) {
  constexpr std::uint32_t message_bytes_max = 1u << 20;
  std::uint64_t good = 0;
  std::uint64_t messages = 0;
  for (std::uint64_t seed = 1; seed <= 6'000; ++seed) {
    const test::MadeStream made = test::make_stream(seed);
    if (made.role != protocol::WsRole::client) continue;
    const std::vector<std::size_t> whole = test::one_slice(made.bytes.size());
    const WsOutcome ours = test::read_with_ours(made.role, message_bytes_max, made.bytes, whole);
    // Of bad streams tests/differential judges; here, that the worker gets the good ones.
    if (ours.error_code != 0 || ours.closed()) continue;
    test::Random random(seed);
    WslayReader reader(message_bytes_max);
    const Read read = read_with(reader, made.bytes, test::make_slices(random, made.bytes.size()));
    if (made.corruption != test::Corruption::none && read.failed) continue;
    ASSERT_FALSE(read.failed) << "seed " << seed;
    ASSERT_EQ(read.messages.size(), ours.messages.size()) << "seed " << seed;
    for (std::size_t i = 0; i < read.messages.size(); ++i) {
      ASSERT_TRUE(same(read.messages[i], ours.messages[i])) << "seed " << seed << ", event " << i;
    }
    good += 1;
    messages += read.messages.size();
  }
  EXPECT_GT(good, 300u);
  EXPECT_GT(messages, 1'000u);
}

TEST(WslayReader, DeliversWhatCameBeforeABreach) {
  for (const std::string_view breach :
       {"81 85 00 00 00 00 68 65 6c 6c 6f", "83 00", "c1 00", "81 01 ff", "80 00"}) {
    const ByteString stream = test::join({test::server_frame({}, "first"), test::from_hex(breach)});
    WslayReader reader(1'000);
    const Read read = read_with(reader, stream, test::one_slice(stream.size()));
    EXPECT_TRUE(read.failed) << breach;
    ASSERT_EQ(read.messages.size(), 1u) << breach;
    EXPECT_EQ(read.messages[0].payload, test::bytes_of("first"));
  }
}

TEST(WslayReader, ReadsOnBehindPings) {
  const ByteString stream =
      test::join({test::server_frame({.opcode = 9}, "are you there"),
                  test::server_frame({}, "second"), test::server_frame({.opcode = 10}, "")});
  WslayReader reader(1'000);
  const Read read = read_with(reader, stream, test::slices_of(1, stream.size()));
  EXPECT_FALSE(read.failed);
  ASSERT_EQ(read.messages.size(), 3u);
  EXPECT_EQ(read.messages[0].opcode, 9);
  EXPECT_EQ(read.messages[1].payload, test::bytes_of("second"));
  EXPECT_EQ(read.messages[2].opcode, 10);
}

TEST(WslayReader, TellsTheCodeAndReasonOfAClose) {
  const ByteString stream = test::join(
      {test::server_frame({}, "last"), test::server_frame({.opcode = 8}, "\x03\xe9slow")});
  WslayReader reader(1'000);
  const Read read = read_with(reader, stream, test::one_slice(stream.size()));
  EXPECT_FALSE(read.failed);
  ASSERT_EQ(read.messages.size(), 2u);
  EXPECT_EQ(read.messages[1].opcode, 8);
  EXPECT_EQ(read.messages[1].close_code, 1'001);
  EXPECT_EQ(read.messages[1].payload, test::bytes_of("slow"));
}

// IANA's registry has 1012-1014 (7.4.2, 11.7); this wslay does not know them. See the header.
TEST(WslayReader, TakesNewerCloseCodesForABreach) {
  const ByteString stream = test::server_frame({.opcode = 8}, "\x03\xf5");
  WslayReader reader(1'000);
  EXPECT_TRUE(read_with(reader, stream, test::one_slice(stream.size())).failed);
}

TEST(WslayReader, RefusesMessagesAboveItsLimit) {
  const ByteString stream = test::server_frame({}, std::string(101, 'x'));
  WslayReader reader(100);
  EXPECT_TRUE(read_with(reader, stream, test::one_slice(stream.size())).failed);
}

}  // namespace
}  // namespace parley::loadgen
