#include "protocol/websocket/ws_handshake.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

#include "tests/unit/protocol/http/http_transcript.h"

namespace parley::protocol {
namespace {

constexpr std::string_view good_fields =
    "Host: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

struct Answer {
  WsHandshake verdict{};
  std::string response;  // When accepted.
};

Answer answer_to(const std::string& head) {
  HttpParser parser(HttpLimits{});
  parser.feed(std::as_bytes(std::span(head)));
  EXPECT_EQ(parser.next(), HttpStatus::request) << head;
  Answer answer{check_ws_handshake(parser.request()), ""};
  if (answer.verdict == WsHandshake::accepted) {
    std::array<std::byte, 256> out;
    const std::uint32_t bytes = write_ws_accept(parser.request(), out);
    answer.response = text_of(Bytes(out).first(bytes));
  }
  return answer;
}

// A handshake with one line replaced by another; an empty `with` takes the line out.
WsHandshake verdict_with(std::string_view line, std::string_view with) {
  std::string fields(good_fields);
  const std::size_t at = fields.find(line);
  EXPECT_NE(at, std::string::npos);
  fields.replace(at, fields.find("\r\n", at) + 2 - at, std::string(with));
  return answer_to("GET /chat HTTP/1.1\r\n" + fields + "\r\n").verdict;
}

TEST(WsHandshake, AnswersTheExampleOfTheRfc) {  // RFC 6455 1.3, 4.2.2
  const Answer answer = answer_to("GET /chat HTTP/1.1\r\n" + std::string(good_fields) + "\r\n");
  EXPECT_EQ(answer.verdict, WsHandshake::accepted);
  EXPECT_EQ(answer.response,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
}

TEST(WsHandshake, SelectsNoExtensionAndNoSubprotocol) {  // RFC 6455 4.2.2 step 5
  const Answer answer = answer_to(
      "GET /chat HTTP/1.1\r\n" + std::string(good_fields) +
      "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
  EXPECT_EQ(answer.verdict, WsHandshake::accepted);
  EXPECT_EQ(answer.response.find("Protocol: "), std::string::npos);
  EXPECT_EQ(answer.response.find("Extensions"), std::string::npos);
}

TEST(WsHandshake, RefusesOtherMethods) {  // RFC 6455 4.1
  EXPECT_EQ(answer_to("POST /chat HTTP/1.1\r\n" + std::string(good_fields) + "\r\n").verdict,
            WsHandshake::not_get);
}

TEST(WsHandshake, TakesUpgradeAndConnectionInAnyCaseAndInLists) {  // RFC 6455 4.2.1 items 3, 4
  EXPECT_EQ(verdict_with("Upgrade:", "upgrade: foo, WEBSOCKET\r\n"), WsHandshake::accepted);
  EXPECT_EQ(verdict_with("Connection:", "Connection: keep-alive,\tUPGRADE\t\r\n"),
            WsHandshake::accepted);
}

TEST(WsHandshake, RefusesRequestsThatDoNotUpgrade) {  // RFC 6455 4.2.1 items 1, 3, 4
  EXPECT_EQ(verdict_with("Upgrade:", ""), WsHandshake::bad_upgrade);
  EXPECT_EQ(verdict_with("Upgrade:", "Upgrade: websockets\r\n"), WsHandshake::bad_upgrade);
  EXPECT_EQ(verdict_with("Connection:", ""), WsHandshake::bad_upgrade);
  EXPECT_EQ(verdict_with("Connection:", "Connection: keep-alive\r\n"), WsHandshake::bad_upgrade);
  EXPECT_EQ(answer_to("GET /chat HTTP/1.0\r\n" + std::string(good_fields) + "\r\n").verdict,
            WsHandshake::bad_upgrade);
}

TEST(WsHandshake, RefusesOtherVersions) {  // RFC 6455 4.2.1 item 6, 4.4, 11.3.5
  const std::string good = "Sec-WebSocket-Version: 13\r\n";
  EXPECT_EQ(verdict_with("Sec-WebSocket-Version", ""), WsHandshake::bad_version);
  EXPECT_EQ(verdict_with("Sec-WebSocket-Version", good + good), WsHandshake::bad_version);
  for (const std::string version : {"8", "14", "013", "13, 8", "", "+13"}) {
    EXPECT_EQ(verdict_with("Sec-WebSocket-Version", "Sec-WebSocket-Version: " + version + "\r\n"),
              WsHandshake::bad_version)
        << version;
  }
}

TEST(WsHandshake, RefusesBadKeys) {  // RFC 6455 4.2.1 item 5, 11.3.1
  const std::string good = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  EXPECT_EQ(verdict_with("Sec-WebSocket-Key", ""), WsHandshake::bad_key);
  EXPECT_EQ(verdict_with("Sec-WebSocket-Key", good + good), WsHandshake::bad_key);
  for (const std::string key :
       {"", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25j", "dGhlIHNhbXBsZSBub25jZUE=", "dGhlIHNhbXBsZSBub25jZ_==",
        "dGhlIHNhbXBsZS Bub25jQ==", "dGhlIHNhbXBsZSBub25j=Q==", "dGhlIHNhbXBsZSBub25jZ2hl"}) {
    EXPECT_EQ(verdict_with("Sec-WebSocket-Key", "Sec-WebSocket-Key: " + key + "\r\n"),
              WsHandshake::bad_key)
        << key;
  }
}

TEST(WsHandshakeDeath, WritesNoAnswerToABadKey) {
  const HttpRequest request{.method = "GET"};
  std::array<std::byte, 256> out;
  EXPECT_DEATH((void)write_ws_accept(request, out), "CHECK failed");
}

}  // namespace
}  // namespace parley::protocol
