// RFC 6455 sections 5.5.1 and 7.4.
#include "protocol/websocket/ws_close.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace parley::protocol {
namespace {

std::string payload_of(std::uint16_t code, std::string_view reason) {
  std::array<std::byte, ws_control_payload_bytes_max> out;
  const std::uint32_t size = write_close_payload(code, reason, out);
  return std::string(reinterpret_cast<const char*>(out.data()), size);
}

TEST(WsClose, AllowsExactlyTheRegisteredAndPrivateCodes) {  // 7.4.1, 7.4.2
  for (std::uint32_t code = 0; code <= UINT16_MAX; ++code) {
    const bool registered = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
    const bool private_use = code >= 3000 && code <= 4999;
    EXPECT_EQ(ws_close_code_may_be_sent(static_cast<std::uint16_t>(code)),
              registered || private_use)
        << code;
  }
}

TEST(WsClose, WritesCodeInNetworkOrderAndReason) {  // 5.5.1
  EXPECT_EQ(payload_of(1001, "Server shutting down"), "\x03\xe9Server shutting down");
  EXPECT_EQ(payload_of(4999, ""), "\x13\x87");
}

TEST(WsClose, AnswersAMissingCodeWithAMissingCode) {  // 7.4.1: 1005 is never sent
  EXPECT_EQ(payload_of(1005, "ignored"), "");
}

TEST(WsClose, CutsALongReasonAtACodePoint) {  // 5.5: at most 125 bytes; 5.5.1: UTF-8
  EXPECT_EQ(payload_of(1000, std::string(123, 'a')).size(), 125u);
  EXPECT_EQ(payload_of(1000, std::string(124, 'a')).size(), 125u);

  const std::string euro = "\xe2\x82\xac";  // 41 of them are 123 bytes.
  std::string euros;
  for (int i = 0; i < 60; ++i) euros += euro;
  EXPECT_EQ(payload_of(1000, euros).size(), 125u);
  EXPECT_EQ(payload_of(1000, "a" + euros),
            "\x03\xe8"
            "a" +
                euros.substr(0, 120));
  EXPECT_EQ(payload_of(1000, "aa" + euros),
            "\x03\xe8"
            "aa" +
                euros.substr(0, 120));
}

TEST(WsCloseDeathTest, ACodeThatMustNotBeSentIsOurFault) {
  EXPECT_DEATH(static_cast<void>(payload_of(1006, "")), "CHECK failed");
}

}  // namespace
}  // namespace parley::protocol
