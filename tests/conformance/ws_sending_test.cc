// RFC 6455 sections 5 to 7, as far as the bytes that we send show them.
#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "protocol/websocket/ws_close.h"
#include "protocol/websocket/ws_framer.h"
#include "protocol/websocket/ws_mask.h"
#include "tests/conformance/conformance_row.h"
#include "tests/differential/naive_ws_reader.h"

namespace parley::test {
namespace {

using protocol::WsFramer;
using protocol::WsOpcode;
using protocol::WsRole;

// A frame as the server or the load generator writes it.
ByteString written_frame(WsRole role, WsOpcode opcode, std::uint32_t key,
                         std::string_view payload) {
  std::array<std::byte, WsFramer::header_bytes_max> header;
  const std::uint32_t header_bytes =
      WsFramer::write_header(role, opcode, payload.size(), key, header);
  ByteString frame(header_bytes + payload.size());
  std::memcpy(frame.data(), header.data(), header_bytes);
  if (!payload.empty()) std::memcpy(frame.data() + header_bytes, payload.data(), payload.size());
  const MutableBytes body(reinterpret_cast<std::byte*>(frame.data() + header_bytes),
                          payload.size());
  if (role == WsRole::client) protocol::unmask(body, key);
  return frame;
}

TEST(Rfc6455Sending, s5_1_AClientMasksEveryFrameAndAServerNone) {
  for (const WsOpcode opcode :
       {WsOpcode::text, WsOpcode::binary, WsOpcode::close, WsOpcode::ping, WsOpcode::pong}) {
    for (const std::size_t size : {0u, 1u, 125u}) {
      const std::string payload(size, 'x');
      EXPECT_EQ(written_frame(WsRole::client, opcode, 7, payload)[1], 0x80 | size);
      EXPECT_EQ(written_frame(WsRole::server, opcode, 0, payload)[1], size);
    }
  }
}

TEST(Rfc6455Sending, s5_2_ReservedBitsAre0AndFinIsSet) {  // And 6.1 steps 3 and 4
  EXPECT_EQ(written_frame(WsRole::server, WsOpcode::text, 0, "x")[0], 0x81);
  EXPECT_EQ(written_frame(WsRole::server, WsOpcode::binary, 0, "x")[0], 0x82);
  EXPECT_EQ(written_frame(WsRole::server, WsOpcode::close, 0, "")[0], 0x88);
  EXPECT_EQ(written_frame(WsRole::server, WsOpcode::ping, 0, "x")[0], 0x89);
  EXPECT_EQ(written_frame(WsRole::server, WsOpcode::pong, 0, "x")[0], 0x8a);
}

TEST(Rfc6455Sending, s5_2_LengthsAreMinimalAndReadBackByTheNaiveReader) {
  for (const std::size_t size : {0u, 1u, 124u, 125u, 126u, 127u, 65535u, 65536u, 65537u}) {
    const std::string payload(size, 'x');
    for (const WsRole role : {WsRole::client, WsRole::server}) {
      const WsRole peer = role == WsRole::client ? WsRole::server : WsRole::client;
      const std::uint32_t key = role == WsRole::client ? 0xa1b2c3d4 : 0;
      const ByteString frame = written_frame(role, WsOpcode::text, key, payload);
      EXPECT_EQ(without_offsets(read_naively(peer, row_message_bytes_max, frame)),
                delivers({text(payload)}))
          << size;
    }
  }
}

TEST(Rfc6455Sending, s5_7_TheExamplesAreWhatWeWrite) {
  std::uint32_t key;
  const ByteString key_bytes = from_hex("37 fa 21 3d");
  std::memcpy(&key, key_bytes.data(), 4);
  EXPECT_EQ(written_frame(WsRole::server, WsOpcode::text, 0, "Hello"),
            from_hex("81 05 48 65 6c 6c 6f"));
  EXPECT_EQ(written_frame(WsRole::client, WsOpcode::text, key, "Hello"),
            from_hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"));
  EXPECT_EQ(written_frame(WsRole::client, WsOpcode::pong, key, "Hello"),
            from_hex("8a 85 37 fa 21 3d 7f 9f 4d 51 58"));
}

TEST(Rfc6455Sending, s5_5_AControlFrameOver125BytesIsOurFault) {
  std::array<std::byte, WsFramer::header_bytes_max> header;
  EXPECT_DEATH(
      static_cast<void>(WsFramer::write_header(WsRole::server, WsOpcode::ping, 126, 0, header)),
      "CHECK failed");
}

TEST(Rfc6455Sending, s7_4_1_CodesThatMustNotBeSentAreNotSent) {
  for (const int code : {1004, 1005, 1006, 1015, 0, 999, 1016, 2999, 5000}) {
    EXPECT_FALSE(protocol::ws_close_code_may_be_sent(static_cast<std::uint16_t>(code))) << code;
  }
}

}  // namespace
}  // namespace parley::test
