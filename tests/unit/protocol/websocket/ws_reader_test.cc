// RFC 6455 sections 5.4, 5.5, 7.4 and 8.1. The rules, one row each, are in tests/conformance; this
// is about memory, lifetimes and the shape of events.
#include "protocol/websocket/ws_reader.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "tests/differential/ws_frames.h"
#include "tests/differential/ws_outcome.h"

namespace parley::protocol {
namespace {

using test::ByteString;
using test::client_frame;
using test::from_hex;
using test::join;
using test::one_slice;
using test::read_with_ours;
using test::slices_of;
using test::WsOutcome;

constexpr std::uint32_t message_bytes_max = 1 << 20;

// Feeds from a block that is kept until the next feed, as a receive buffer is.
class Feeder {
 public:
  explicit Feeder(WsReader& reader) : reader_(reader) {}

  void feed(std::span<const std::uint8_t> bytes) {
    block_.reset(new std::byte[bytes.size()]);
    if (!bytes.empty()) std::memcpy(block_.get(), bytes.data(), bytes.size());
    unread_ = {block_.get(), bytes.size()};
  }
  WsReadStatus next(WsEvent& event) { return reader_.next(unread_, event); }
  const std::byte* begin() const { return block_.get(); }

 private:
  WsReader& reader_;
  std::unique_ptr<std::byte[]> block_;
  MutableBytes unread_;
};

std::string text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

WsOutcome read(const ByteString& stream) {
  return read_with_ours(WsRole::server, message_bytes_max, stream, one_slice(stream.size()));
}

TEST(WsReader, WholeMessageIsNotCopied) {
  WsReader reader(WsRole::server, message_bytes_max);
  Feeder feeder(reader);
  feeder.feed(client_frame({}, "hello"));
  WsEvent event;
  ASSERT_EQ(feeder.next(event), WsReadStatus::event);
  EXPECT_EQ(event.opcode, WsOpcode::text);
  EXPECT_EQ(text_of(event.payload), "hello");
  EXPECT_EQ(event.payload.data(), feeder.begin() + 6);
  EXPECT_EQ(feeder.next(event), WsReadStatus::need_more);
  EXPECT_EQ(reader.block_bytes(), 0u);
}

TEST(WsReader, KeepsItsBlockForTheNextMessageInParts) {
  WsReader reader(WsRole::server, message_bytes_max);
  Feeder feeder(reader);
  WsEvent event;
  const std::byte* block = nullptr;
  for (int round = 0; round < 3; ++round) {
    const ByteString frame = client_frame({}, "in two parts");
    feeder.feed(std::span(frame).first(10));
    EXPECT_EQ(feeder.next(event), WsReadStatus::need_more);
    feeder.feed(std::span(frame).subspan(10));
    ASSERT_EQ(feeder.next(event), WsReadStatus::event);
    EXPECT_EQ(text_of(event.payload), "in two parts");
    if (round > 0) {
      EXPECT_EQ(event.payload.data(), block);
    }
    block = event.payload.data();
    EXPECT_EQ(feeder.next(event), WsReadStatus::need_more);
    EXPECT_TRUE(reader.is_at_rest());
  }
}

TEST(WsReader, GivesALargeBlockBackWithItsMessage) {
  WsReader reader(WsRole::server, 2 * WsReader::block_bytes_kept_max);
  Feeder feeder(reader);
  WsEvent event;
  const ByteString frame = client_frame({}, std::string(WsReader::block_bytes_kept_max, 'x'));
  feeder.feed(std::span(frame).first(frame.size() - 1));
  EXPECT_EQ(feeder.next(event), WsReadStatus::need_more);
  feeder.feed(std::span(frame).last(1));
  ASSERT_EQ(feeder.next(event), WsReadStatus::event);
  EXPECT_GT(reader.block_bytes(), WsReader::block_bytes_kept_max);
  EXPECT_EQ(feeder.next(event), WsReadStatus::need_more);
  EXPECT_EQ(reader.block_bytes(), 0u);
}

TEST(WsReader, OwnsNoMemoryBetweenMessagesOnceItHasShedIt) {
  WsReader reader(WsRole::server, message_bytes_max);
  Feeder feeder(reader);
  WsEvent event;
  for (int round = 0; round < 3; ++round) {
    const ByteString frame = client_frame({}, "in two parts");
    feeder.feed(std::span(frame).first(10));
    EXPECT_EQ(feeder.next(event), WsReadStatus::need_more);
    EXPECT_TRUE(reader.in_message());
    reader.shed();  // Not what has arrived.
    EXPECT_GT(reader.block_bytes(), 0u);
    feeder.feed(std::span(frame).subspan(10));
    ASSERT_EQ(feeder.next(event), WsReadStatus::event);
    EXPECT_EQ(text_of(event.payload), "in two parts");
    EXPECT_EQ(feeder.next(event), WsReadStatus::need_more);
    EXPECT_FALSE(reader.in_message());
    reader.shed();
    EXPECT_EQ(reader.block_bytes(), 0u);
  }
}

TEST(WsReader, IsAtRestWhenNothingHasArrivedInPart) {
  const ByteString stream =
      join({client_frame({.opcode = 1, .fin = false}, "in "), client_frame({.opcode = 9}, "?"),
            client_frame({.opcode = 0}, "parts")});
  WsReader reader(WsRole::server, message_bytes_max);
  Feeder feeder(reader);
  WsEvent event;
  EXPECT_TRUE(reader.is_at_rest());
  for (std::size_t index = 0; index < stream.size(); ++index) {
    feeder.feed(std::span(stream).subspan(index, 1));
    while (feeder.next(event) == WsReadStatus::event) {
    }
    EXPECT_EQ(reader.is_at_rest(), index + 1 == stream.size()) << index;
  }
}

TEST(WsReader, IsNeverAtRestBehindACloseOrAnError) {
  for (const ByteString& end : {client_frame({.opcode = 8}, ""), from_hex("83")}) {
    WsReader reader(WsRole::server, message_bytes_max);
    Feeder feeder(reader);
    WsEvent event;
    feeder.feed(end);
    while (feeder.next(event) == WsReadStatus::event) {
    }
    EXPECT_FALSE(reader.is_at_rest());
  }
}

TEST(WsReader, MemoryGrowsWithWhatArrivesNotWithWhatIsDeclared) {  // 10.4
  WsReader reader(WsRole::server, 1u << 30);
  Feeder feeder(reader);
  WsEvent event;
  ByteString header;
  test::append_header(header, {.opcode = 2}, 1u << 30);
  feeder.feed(header);
  EXPECT_EQ(feeder.next(event), WsReadStatus::need_more);
  EXPECT_EQ(reader.block_bytes(), 0u);
  std::size_t arrived = 0;
  for (int i = 0; i < 100; ++i) {
    feeder.feed(ByteString(1000, 0));
    arrived += 1000;
    EXPECT_EQ(feeder.next(event), WsReadStatus::need_more);
    EXPECT_LE(reader.block_bytes(), 2 * arrived);
  }
}

TEST(WsReader, PutsFragmentsTogetherAroundControlFrames) {  // 5.4
  const ByteString stream =
      join({client_frame({.opcode = 1, .fin = false}, "one "),
            client_frame({.opcode = 9}, "are you there"),
            client_frame({.opcode = 0, .fin = false}, "two "), client_frame({.opcode = 10}, ""),
            client_frame({.opcode = 0}, "three")});
  for (std::size_t slice = 1; slice <= stream.size(); ++slice) {
    const WsOutcome outcome =
        read_with_ours(WsRole::server, message_bytes_max, stream, slices_of(slice, stream.size()));
    ASSERT_EQ(outcome.messages.size(), 3u) << outcome;
    EXPECT_EQ(outcome.messages[0].payload, test::bytes_of("are you there"));
    EXPECT_EQ(outcome.messages[1].opcode, 10);
    EXPECT_EQ(outcome.messages[2].opcode, 1);
    EXPECT_EQ(outcome.messages[2].payload, test::bytes_of("one two three"));
  }
}

// A control frame in parts lies behind the open message in the buffer: the message must survive
// that the buffer grows for it, and the control frame's bytes must not stay in the message.
TEST(WsReader, ControlFrameInPartsDoesNotDisturbTheOpenMessage) {
  const std::string part(250, 'm');
  const std::string ping(125, 'p');
  const ByteString stream =
      join({client_frame({.opcode = 2, .fin = false}, part), client_frame({.opcode = 9}, ping),
            client_frame({.opcode = 9}, ping), client_frame({.opcode = 0}, part)});
  for (const std::size_t slice : {1u, 7u, 50u, 300u}) {
    const WsOutcome outcome =
        read_with_ours(WsRole::server, message_bytes_max, stream, slices_of(slice, stream.size()));
    ASSERT_EQ(outcome.messages.size(), 3u);
    EXPECT_EQ(outcome.messages[0].payload, test::bytes_of(ping));
    EXPECT_EQ(outcome.messages[1].payload, test::bytes_of(ping));
    EXPECT_EQ(outcome.messages[2].payload, test::bytes_of(part + part));
  }
}

TEST(WsReader, EmptyFragmentsCostNothingAndCountForNothing) {
  const ByteString stream =
      join({client_frame({.opcode = 1, .fin = false}, ""),
            client_frame({.opcode = 0, .fin = false}, ""), client_frame({.opcode = 0}, "")});
  const WsOutcome outcome = read(stream);
  ASSERT_EQ(outcome.messages.size(), 1u) << outcome;
  EXPECT_EQ(outcome.messages[0].opcode, 1);
  EXPECT_TRUE(outcome.messages[0].payload.empty());
}

TEST(WsReader, TakesAMessageOfManyFragments) {
  for (const char* payload : {"", "x"}) {
    ByteString stream = client_frame({.opcode = 2, .fin = false}, payload);
    const ByteString middle = client_frame({.opcode = 0, .fin = false}, payload);
    constexpr int fragments = 200'000;
    for (int i = 0; i < fragments; ++i) stream.insert(stream.end(), middle.begin(), middle.end());
    const ByteString last = client_frame({.opcode = 0}, payload);
    stream.insert(stream.end(), last.begin(), last.end());

    const WsOutcome outcome =
        read_with_ours(WsRole::server, message_bytes_max, stream, slices_of(4096, stream.size()));
    ASSERT_EQ(outcome.messages.size(), 1u);
    EXPECT_EQ(outcome.messages[0].payload.size(), (fragments + 2) * std::strlen(payload));
  }
}

TEST(WsReader, TakesAMessageOfExactlyTheLimitAndNoMore) {
  constexpr std::uint32_t limit = 16 << 20;
  for (const std::uint32_t extra : {0u, 1u}) {
    const ByteString stream = client_frame({.opcode = 2}, std::string(limit + extra, 'x'));
    const WsOutcome outcome =
        read_with_ours(WsRole::server, limit, stream, slices_of(65536, stream.size()));
    if (extra == 0) {
      ASSERT_EQ(outcome.messages.size(), 1u);
      EXPECT_EQ(outcome.messages[0].payload.size(), limit);
    } else {
      EXPECT_TRUE(outcome.messages.empty());
      EXPECT_EQ(outcome.error_code, 1009);
      EXPECT_EQ(outcome.error_offset, 65536u) << "the declared length is enough";
    }
  }
}

TEST(WsReader, AccumulatedFragmentsOverTheLimitAreRefusedAtTheHeader) {
  const ByteString stream = join({client_frame({.opcode = 1, .fin = false}, "12345678"),
                                  client_frame({.opcode = 0, .fin = false}, "9")});
  const WsOutcome outcome = read_with_ours(WsRole::server, 8, stream, slices_of(1, stream.size()));
  EXPECT_EQ(outcome.error_code, 1009);
  EXPECT_EQ(outcome.error_offset, 14u + 2u) << "8 + 6 bytes of the first frame, then 2 of the next";
}

TEST(WsReader, ErrorReleasesMemoryAndIsSticky) {
  WsReader reader(WsRole::server, message_bytes_max);
  Feeder feeder(reader);
  WsEvent event;
  feeder.feed(client_frame({.opcode = 1, .fin = false}, "part"));
  EXPECT_EQ(feeder.next(event), WsReadStatus::need_more);
  EXPECT_GT(reader.block_bytes(), 0u);
  feeder.feed(client_frame({.opcode = 1}, "not a continuation"));
  EXPECT_EQ(feeder.next(event), WsReadStatus::error);
  EXPECT_EQ(reader.error_code(), WsCloseCode::protocol_error);
  EXPECT_EQ(reader.block_bytes(), 0u);
  feeder.feed(client_frame({}, "hi"));
  EXPECT_EQ(feeder.next(event), WsReadStatus::error);
}

TEST(WsReader, NothingIsReadBehindAClose) {  // 5.5.1
  WsReader reader(WsRole::server, message_bytes_max);
  Feeder feeder(reader);
  WsEvent event;
  feeder.feed(join({client_frame({.opcode = 1, .fin = false}, "unfinished"),
                    client_frame({.opcode = 8},
                                 "\x03\xe8"
                                 "bye"),
                    client_frame({.opcode = 0}, "more"), from_hex("ff ff ff")}));
  ASSERT_EQ(feeder.next(event), WsReadStatus::event);
  EXPECT_EQ(event.opcode, WsOpcode::close);
  EXPECT_EQ(event.close_code, 1000);
  EXPECT_EQ(text_of(event.payload), "bye");
  EXPECT_EQ(feeder.next(event), WsReadStatus::need_more);
  EXPECT_EQ(reader.block_bytes(), 0u);
  feeder.feed(from_hex("ff ff ff"));
  EXPECT_EQ(feeder.next(event), WsReadStatus::need_more);
  EXPECT_EQ(reader.error_code(), WsCloseCode::none);
}

TEST(WsReader, CloseReasonMayArriveInParts) {
  const ByteString stream = client_frame({.opcode = 8},
                                         "\x0f\xa0"
                                         "caf\xc3\xa9");
  const WsOutcome outcome =
      read_with_ours(WsRole::server, message_bytes_max, stream, slices_of(1, stream.size()));
  ASSERT_EQ(outcome.messages.size(), 1u);
  EXPECT_EQ(outcome.messages[0].close_code, 4000);
  EXPECT_EQ(outcome.messages[0].payload, test::bytes_of("caf\xc3\xa9"));
}

TEST(WsReader, BadTextFailsBeforeItsFrameEnds) {  // 8.1
  ByteString stream;
  test::append_header(stream, {.opcode = 1, .key = 0}, 1000);
  const ByteString text = from_hex("61 62 ce ba e1 bd b9 ed a0 80 63");
  stream.insert(stream.end(), text.begin(), text.end());
  const WsOutcome outcome =
      read_with_ours(WsRole::server, message_bytes_max, stream, slices_of(1, stream.size()));
  EXPECT_EQ(outcome.error_code, 1007);
  EXPECT_EQ(outcome.error_offset, 8u + 9u) << "ed a0 begins a surrogate";
}

TEST(WsReader, ClientReadsUnmaskedFramesOfAServer) {
  const ByteString stream =
      join({test::server_frame({.opcode = 2}, "from the server"), test::server_frame({}, "x")});
  const WsOutcome outcome =
      read_with_ours(WsRole::client, message_bytes_max, stream, slices_of(3, stream.size()));
  ASSERT_EQ(outcome.messages.size(), 2u) << outcome;
  EXPECT_EQ(outcome.messages[0].payload, test::bytes_of("from the server"));
}

TEST(WsReader, MovedReaderContinuesTheMessage) {
  WsReader reader(WsRole::server, message_bytes_max);
  const ByteString frame = client_frame({}, "moved in between");
  WsEvent event;
  {
    Feeder feeder(reader);
    feeder.feed(std::span(frame).first(12));
    EXPECT_EQ(feeder.next(event), WsReadStatus::need_more);
  }
  WsReader moved = std::move(reader);
  Feeder feeder(moved);
  feeder.feed(std::span(frame).subspan(12));
  ASSERT_EQ(feeder.next(event), WsReadStatus::event);
  EXPECT_EQ(text_of(event.payload), "moved in between");
}

}  // namespace
}  // namespace parley::protocol
