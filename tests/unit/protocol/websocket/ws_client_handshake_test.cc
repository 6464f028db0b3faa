// RFC 6455 section 4.1 from the client's side, and against our own server's answer.
#include "protocol/websocket/ws_client_handshake.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <memory>

#include "protocol/http/http_parser.h"
#include "protocol/websocket/ws_handshake.h"

namespace parley::protocol {
namespace {

// The example of section 1.3.
constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view good =
    "HTTP/1.1 101 Switching Protocols\r\n"
    "Upgrade: websocket\r\n"
    "Connection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
    "\r\n";

struct Answer {
  WsAnswer answer{};
  WsAnswerHead head;
};

// From a heap block of its exact size, so that a sanitizer sees an over-read by one.
Answer read(std::string_view text) {
  const std::unique_ptr<char[]> block(new char[text.size()]);
  if (!text.empty()) std::memcpy(block.get(), text.data(), text.size());
  Answer answer;
  answer.answer = read_ws_answer({block.get(), text.size()}, key, answer.head);
  return answer;
}

std::string with(std::string_view what, std::string_view instead) {
  std::string text(good);
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), instead);
}

TEST(WsClientHandshake, AGoodAnswerIsAcceptedWithItsSize) {
  const Answer answer = read(good);
  EXPECT_EQ(answer.answer, WsAnswer::accepted);
  EXPECT_EQ(answer.head.status, 101);
  EXPECT_EQ(answer.head.bytes, good.size());
}

TEST(WsClientHandshake, FramesBehindTheHeadAreNotOfIt) {
  const Answer answer = read(std::string(good) + "\x81\x02hi\r\n\r\n");
  EXPECT_EQ(answer.answer, WsAnswer::accepted);
  EXPECT_EQ(answer.head.bytes, good.size());
}

TEST(WsClientHandshake, EveryBeginningNeedsMore) {
  for (std::size_t bytes = 0; bytes < good.size(); ++bytes) {
    EXPECT_EQ(read(good.substr(0, bytes)).answer, WsAnswer::need_more) << bytes;
  }
  const std::string_view refusal = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n\r\n";
  for (std::size_t bytes = 0; bytes < refusal.size(); ++bytes) {
    EXPECT_EQ(read(refusal.substr(0, bytes)).answer, WsAnswer::need_more) << bytes;
  }
  EXPECT_EQ(read(refusal).answer, WsAnswer::refused);
  EXPECT_EQ(read(refusal).head.status, 503);
}

TEST(WsClientHandshake, CaseAndSpacesOfFieldsDoNotMatter) {
  for (const std::string& text :
       {with("Upgrade: websocket", "upgrade:websocket"),
        with("Upgrade: websocket", "UPGRADE: \t WebSocket \t"),
        with("Connection: Upgrade", "connection: keep-alive, upgrade"),
        with("Connection: Upgrade", "Connection: UPGRADE ,close"),
        with("Connection: Upgrade", "Connection: keep-alive\r\nConnection: Upgrade"),
        with("Sec-WebSocket-Accept: ", "sec-websocket-accept:"),
        with("Sec-WebSocket-Accept", "Server: x\r\nDate: now\r\nSec-WebSocket-Accept"),
        with(" Switching Protocols", ""), with("Switching Protocols", ""),
        with("Switching Protocols", "Come in")}) {
    EXPECT_EQ(read(text).answer, WsAnswer::accepted) << text;
  }
}

struct Breach {
  std::string_view rule;
  std::string text;
};

TEST(WsClientHandshake, EveryRuleThatIsBrokenFailsTheConnection) {
  const std::string_view accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
  for (const Breach& breach :
       {Breach{"2: Upgrade is missing", with("Upgrade: websocket\r\n", "")},
        Breach{"2: Upgrade is another", with("Upgrade: websocket", "Upgrade: h2c")},
        Breach{"2: Upgrade is longer", with("Upgrade: websocket", "Upgrade: websocket2")},
        Breach{"3: Connection is missing", with("Connection: Upgrade\r\n", "")},
        Breach{"3: Connection has no upgrade", with("Connection: Upgrade", "Connection: close")},
        Breach{"3: Connection has a longer word",
               with("Connection: Upgrade", "Connection: Upgrades")},
        Breach{"4: Accept is missing", with(accept, "")},
        Breach{"4: Accept is empty", with(accept, "Sec-WebSocket-Accept:\r\n")},
        Breach{"4: Accept is another", with("s3pPLM", "s3pPLm")},
        Breach{"4: Accept is in another case", with("K+xOo=", "k+xoo=")},
        Breach{"4: Accept is longer", with("xOo=", "xOo=x")},
        Breach{"4: Accept is twice, and not the same",
               with(accept, std::string(accept) + "Sec-WebSocket-Accept: no\r\n")},
        Breach{"4: Accept is twice, first another",
               with(accept, "Sec-WebSocket-Accept: no\r\n" + std::string(accept))},
        Breach{"5: an extension that was not asked for",
               with(accept, std::string(accept) + "Sec-WebSocket-Extensions: x\r\n")},
        Breach{"6: a protocol that was not asked for",
               with(accept, std::string(accept) + "sec-websocket-protocol: chat\r\n")},
        Breach{"a line that is no field", with(accept, std::string(accept) + "no field\r\n")},
        Breach{"a space before the colon", with("Upgrade: websocket", "Upgrade : websocket")},
        Breach{"HTTP/1.0", with("HTTP/1.1", "HTTP/1.0")},
        Breach{"HTTP/2", with("HTTP/1.1", "HTTP/2")},
        Breach{"a status of two digits", with(" 101 ", " 10 ")},
        Breach{"a status of four digits", with(" 101 ", " 1010 ")},
        Breach{"a status with a sign", with(" 101 ", " +10 ")},
        Breach{"two spaces", with(" 101 ", "  101 ")},
        Breach{"no status", with(" 101 Switching Protocols", "")},
        Breach{"not HTTP", with("HTTP/1.1 101", "SSH-2.0-OpenSSH")}}) {
    EXPECT_EQ(read(breach.text).answer, WsAnswer::malformed) << breach.rule;
  }
}

TEST(WsClientHandshake, AnotherStatusIsARefusal) {
  for (const int status : {100, 200, 301, 400, 401, 403, 404, 426, 429, 500, 503}) {
    const Answer answer = read(with("101", std::to_string(status)));
    EXPECT_EQ(answer.answer, WsAnswer::refused) << status;
    EXPECT_EQ(answer.head.status, status);
  }
}

TEST(WsClientHandshake, AHeadIsTooLargeHoweverItIsCut) {
  const auto head_of = [](std::size_t bytes) {
    const std::string filler(bytes - good.size() - 5, 'x');
    return with("Connection", "X: " + filler + "\r\nConnection");
  };
  const std::string largest = head_of(ws_answer_bytes_max);
  ASSERT_EQ(largest.size(), ws_answer_bytes_max);
  EXPECT_EQ(read(largest).answer, WsAnswer::accepted);
  EXPECT_EQ(read(largest.substr(0, largest.size() - 1)).answer, WsAnswer::need_more);
  const std::string larger = head_of(ws_answer_bytes_max + 1);
  EXPECT_EQ(read(larger).answer, WsAnswer::malformed);
  EXPECT_EQ(read(larger.substr(0, larger.size() - 1)).answer, WsAnswer::malformed);
  EXPECT_EQ(read(std::string(100'000, 'x')).answer, WsAnswer::malformed);
}

std::string answer_of_our_server(std::string_view request) {
  HttpParser parser(HttpLimits{});
  parser.feed(std::as_bytes(std::span(request)));
  EXPECT_EQ(parser.next(), HttpStatus::request);
  EXPECT_EQ(check_ws_handshake(parser.request()), WsHandshake::accepted);
  std::array<std::byte, 256> out;
  const std::uint32_t bytes = write_ws_accept(parser.request(), out);
  return {reinterpret_cast<const char*>(out.data()), bytes};
}

TEST(WsClientHandshake, OurServerAndOurClientAcceptEachOther) {
  for (const std::string_view target : {"/", "/ws", "/ws?token=a.b.c&x=1"}) {
    const std::string request =
        ws_client_request({.host = "127.0.0.1:8080", .target = target, .key = key});
    const std::string answer = answer_of_our_server(request);
    for (std::size_t bytes = 0; bytes < answer.size(); ++bytes) {
      EXPECT_EQ(read(std::string_view(answer).substr(0, bytes)).answer, WsAnswer::need_more);
    }
    const Answer whole = read(answer);
    EXPECT_EQ(whole.answer, WsAnswer::accepted) << answer;
    EXPECT_EQ(whole.head.bytes, answer.size());
  }
}

TEST(WsClientHandshake, TheRequestIsThatOfSection4) {
  EXPECT_EQ(ws_client_request({.host = "[::1]:80", .target = "/chat", .key = key}),
            "GET /chat HTTP/1.1\r\nHost: [::1]:80\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n");
}

}  // namespace
}  // namespace parley::protocol
