// RFC 6455 section 5. What a header may say is tested in tests/conformance; this is about pieces.
#include "protocol/websocket/ws_framer.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "tests/differential/ws_frames.h"

namespace parley::protocol {
namespace {

using test::ByteString;
using test::client_frame;
using test::from_hex;
using test::join;
using test::server_frame;

constexpr std::uint32_t message_bytes_max = 1 << 20;

// Owns bytes in a block of their exact size.
class Block {
 public:
  explicit Block(std::span<const std::uint8_t> bytes)
      : bytes_(new std::byte[bytes.size()]), size_(bytes.size()) {
    if (!bytes.empty()) std::memcpy(bytes_.get(), bytes.data(), bytes.size());
  }
  MutableBytes bytes() { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t size_;
};

std::string text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(WsFramer, CutsFramesInPlaceWithoutCopying) {
  WsFramer framer(WsRole::server, message_bytes_max);
  Block input(join({client_frame({.opcode = 1}, "hello"), client_frame({.opcode = 2}, "bytes")}));
  MutableBytes unread = input.bytes();

  WsPiece piece;
  ASSERT_EQ(framer.next(unread, piece), WsStatus::piece);
  EXPECT_EQ(piece.opcode, WsOpcode::text);
  EXPECT_TRUE(piece.frame_end);
  EXPECT_TRUE(piece.message_end);
  EXPECT_EQ(text_of(piece.payload), "hello");
  EXPECT_EQ(piece.payload.data(), input.bytes().data() + 6);

  ASSERT_EQ(framer.next(unread, piece), WsStatus::piece);
  EXPECT_EQ(piece.opcode, WsOpcode::binary);
  EXPECT_EQ(text_of(piece.payload), "bytes");
  EXPECT_EQ(framer.next(unread, piece), WsStatus::need_more);
  EXPECT_EQ(framer.error_code(), WsCloseCode::none);
}

TEST(WsFramer, RepeatsTheFirstOpcodeForContinuations) {  // 5.4
  WsFramer framer(WsRole::server, message_bytes_max);
  Block input(
      join({client_frame({.opcode = 2, .fin = false}, "a"), client_frame({.opcode = 9}, "ping"),
            client_frame({.opcode = 0, .fin = false}, ""),
            client_frame({.opcode = 0, .fin = true}, "b")}));
  MutableBytes unread = input.bytes();
  struct Expected {
    WsOpcode opcode;
    bool message_end;
    const char* payload;
  };
  WsPiece piece;
  for (const Expected& expected :
       {Expected{WsOpcode::binary, false, "a"}, Expected{WsOpcode::ping, true, "ping"},
        Expected{WsOpcode::binary, false, ""}, Expected{WsOpcode::binary, true, "b"}}) {
    ASSERT_EQ(framer.next(unread, piece), WsStatus::piece);
    EXPECT_EQ(piece.opcode, expected.opcode);
    EXPECT_TRUE(piece.frame_end);
    EXPECT_EQ(piece.message_end, expected.message_end);
    EXPECT_EQ(text_of(piece.payload), expected.payload);
    EXPECT_EQ(framer.in_message(), piece.opcode == WsOpcode::ping || !piece.message_end);
  }
  EXPECT_FALSE(framer.in_message());
}

TEST(WsFramer, DeliversWhatHasArrivedOfAFrame) {
  WsFramer framer(WsRole::server, message_bytes_max);
  const ByteString frame = client_frame({.opcode = 1}, "0123456789");
  std::string payload;
  int pieces = 0;
  std::size_t offset = 0;
  for (const std::size_t size : {9u, 2u, 5u}) {  // 6 bytes of header, then 3, 2 and 5 of payload.
    Block slice{std::span(frame).subspan(offset, size)};
    offset += size;
    MutableBytes unread = slice.bytes();
    WsPiece piece;
    ASSERT_EQ(framer.next(unread, piece), WsStatus::piece);
    payload += text_of(piece.payload);
    ++pieces;
    EXPECT_EQ(piece.frame_end, offset == frame.size());
    EXPECT_EQ(framer.next(unread, piece), WsStatus::need_more);
  }
  EXPECT_EQ(payload, "0123456789");
  EXPECT_EQ(pieces, 3);
}

TEST(WsFramer, ReadsAHeaderCutAtEveryByte) {
  for (const std::size_t payload_bytes : {0u, 1u, 125u, 126u, 65535u, 65536u}) {
    const std::string payload(payload_bytes, 'x');
    const ByteString frame = client_frame({.opcode = 2}, payload);
    const std::size_t header_bytes = frame.size() - payload_bytes;
    for (std::size_t cut = 0; cut <= header_bytes; ++cut) {
      WsFramer framer(WsRole::server, message_bytes_max);
      WsPiece piece;
      Block first{std::span(frame).first(cut)};
      MutableBytes unread = first.bytes();
      if (cut < header_bytes || payload_bytes > 0) {
        ASSERT_EQ(framer.next(unread, piece), WsStatus::need_more);
        Block second{std::span(frame).subspan(cut)};
        unread = second.bytes();
        ASSERT_EQ(framer.next(unread, piece), WsStatus::piece)
            << payload_bytes << " cut at " << cut;
        EXPECT_EQ(text_of(piece.payload), payload);
        EXPECT_TRUE(piece.message_end);
      }
    }
  }
}

TEST(WsFramer, ErrorIsStickyAndSwallowsWhatFollows) {
  WsFramer framer(WsRole::server, message_bytes_max);
  Block bad(from_hex("83 80 00 00 00 00"));
  MutableBytes unread = bad.bytes();
  WsPiece piece;
  EXPECT_EQ(framer.next(unread, piece), WsStatus::error);
  EXPECT_EQ(framer.error_code(), WsCloseCode::protocol_error);
  EXPECT_TRUE(unread.empty());
  Block good(client_frame({}, "hi"));
  unread = good.bytes();
  EXPECT_EQ(framer.next(unread, piece), WsStatus::error);
  EXPECT_EQ(framer.error_code(), WsCloseCode::protocol_error);
}

TEST(WsFramer, RefusesWithTheFirstByteThatShowsTheFault) {
  struct Row {
    const char* input;  // Its last byte is the one that must be refused.
    WsRole role;
  };
  for (const Row& row :
       {Row{"c1", WsRole::server}, Row{"83", WsRole::server}, Row{"80", WsRole::server},
        Row{"09", WsRole::server}, Row{"81 05", WsRole::server}, Row{"81 85", WsRole::client},
        Row{"89 fe", WsRole::server}, Row{"82 fe 00 7d", WsRole::server},
        Row{"82 ff 00 00 00 00 00 00 ff ff", WsRole::server},
        Row{"82 ff 80 00 00 00 00 01 00 00", WsRole::server},
        Row{"82 ff 00 00 00 00 01 00 00 00", WsRole::server}}) {
    const ByteString input = from_hex(row.input);
    WsFramer framer(row.role, message_bytes_max);
    WsPiece piece;
    for (std::size_t index = 0; index < input.size(); ++index) {
      Block byte{std::span(input).subspan(index, 1)};
      MutableBytes unread = byte.bytes();
      const bool last = index + 1 == input.size();
      EXPECT_EQ(framer.next(unread, piece), last ? WsStatus::error : WsStatus::need_more)
          << row.input;
    }
  }
}

TEST(WsFramer, LimitsAreJudgedWhenALengthIsDeclared) {  // 10.4
  constexpr std::uint32_t small = 15;
  WsPiece piece;
  MutableBytes unread;
  {
    WsFramer framer(WsRole::client, small);
    Block fits(server_frame({.opcode = 2}, std::string(15, 'x')));
    unread = fits.bytes();
    EXPECT_EQ(framer.next(unread, piece), WsStatus::piece);
    EXPECT_EQ(framer.next(unread, piece), WsStatus::need_more);
    Block too_big(from_hex("82 10"));
    unread = too_big.bytes();
    EXPECT_EQ(framer.next(unread, piece), WsStatus::error);
    EXPECT_EQ(framer.error_code(), WsCloseCode::message_too_big);
  }
  {
    WsFramer framer(WsRole::client, small);
    Block first(server_frame({.opcode = 2, .fin = false}, std::string(10, 'x')));
    unread = first.bytes();
    EXPECT_EQ(framer.next(unread, piece), WsStatus::piece);
    EXPECT_EQ(framer.next(unread, piece), WsStatus::need_more);
    Block too_much(from_hex("80 06"));
    unread = too_much.bytes();
    EXPECT_EQ(framer.next(unread, piece), WsStatus::error);
    EXPECT_EQ(framer.error_code(), WsCloseCode::message_too_big);
  }
  {
    WsFramer framer(WsRole::client, small);
    Block ping(server_frame({.opcode = 9}, std::string(125, 'x')));
    unread = ping.bytes();
    EXPECT_EQ(framer.next(unread, piece), WsStatus::piece)
        << "control frames have a limit of their own";
  }
}

TEST(WsFramer, WritesTheShortestHeaderForEveryLength) {  // 5.2
  struct Row {
    std::uint64_t payload_bytes;
    const char* server;
    const char* client;
  };
  for (const Row& row :
       {Row{0, "81 00", "81 80 78 56 34 12"}, Row{125, "81 7d", "81 fd 78 56 34 12"},
        Row{126, "81 7e 00 7e", "81 fe 00 7e 78 56 34 12"},
        Row{65535, "81 7e ff ff", "81 fe ff ff 78 56 34 12"},
        Row{65536, "81 7f 00 00 00 00 00 01 00 00", "81 ff 00 00 00 00 00 01 00 00 78 56 34 12"}}) {
    for (const WsRole role : {WsRole::server, WsRole::client}) {
      const ByteString expected = from_hex(role == WsRole::server ? row.server : row.client);
      const std::unique_ptr<std::byte[]> out(new std::byte[expected.size()]);
      const std::uint32_t key = role == WsRole::client ? 0x12345678 : 0;
      const std::uint32_t size = WsFramer::write_header(
          role, WsOpcode::text, row.payload_bytes, key, MutableBytes(out.get(), expected.size()));
      ASSERT_EQ(size, expected.size());
      EXPECT_EQ(std::memcmp(out.get(), expected.data(), size), 0) << row.payload_bytes;
    }
  }
}

TEST(WsFramer, TakesWhatItReadsFromTheFront) {
  WsFramer framer(WsRole::server, message_bytes_max);
  Block input(join({client_frame({}, "one"), client_frame({}, "and two")}));
  MutableBytes unread = input.bytes();
  WsPiece piece;
  ASSERT_EQ(framer.next(unread, piece), WsStatus::piece);
  EXPECT_EQ(unread.data(), input.bytes().data() + 9);
  ASSERT_EQ(framer.next(unread, piece), WsStatus::piece);
  EXPECT_TRUE(unread.empty());
  EXPECT_EQ(framer.next(unread, piece), WsStatus::need_more);
}

}  // namespace
}  // namespace parley::protocol
