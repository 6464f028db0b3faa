// RFC 6455 section 4, server side: which opening handshakes are accepted, and the answer to them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <memory>

#include "protocol/http/http_parser.h"
#include "protocol/websocket/ws_handshake.h"
#include "tests/conformance/conformance_row.h"
#include "tests/conformance/handshake_row.h"

namespace parley::test {
namespace {

using protocol::HttpParser;
using protocol::HttpStatus;
using protocol::WsHandshake;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::uint16_t status_of(WsHandshake verdict) {
  switch (verdict) {
    case WsHandshake::accepted:
      return 101;
    case WsHandshake::not_get:
      return 405;
    case WsHandshake::bad_version:
      return 426;
    case WsHandshake::bad_upgrade:
    case WsHandshake::bad_key:
    case WsHandshake::bad_offer:
      return 400;
  }
  return 0;
}

struct Answer {
  std::uint16_t status = 0;
  std::string response;  // When accepted.
  std::string rest;      // What came behind the handshake.
};

Answer answer_of(HttpParser& parser) {
  const WsHandshake verdict = protocol::check_ws_handshake(parser.request());
  Answer answer{.status = status_of(verdict), .response = "", .rest = ""};
  if (verdict != WsHandshake::accepted) return answer;
  std::array<std::byte, 256> out;
  const std::uint32_t bytes = protocol::write_ws_accept(parser.request(), out);
  answer.response.assign(reinterpret_cast<const char*>(out.data()), bytes);
  const Bytes rest = parser.rest();
  answer.rest.assign(reinterpret_cast<const char*>(rest.data()), rest.size());
  return answer;
}

// Reads a request in slices, each a heap block of its exact size.
Answer answer_to(std::string_view request, std::size_t slice_bytes) {
  HttpParser parser(protocol::HttpLimits{});
  for (std::size_t offset = 0; offset < request.size(); offset += slice_bytes) {
    const std::string_view part = request.substr(offset, slice_bytes);
    const std::unique_ptr<std::byte[]> slice(new std::byte[part.size()]);
    std::memcpy(slice.get(), part.data(), part.size());
    parser.feed(Bytes(slice.get(), part.size()));
    switch (parser.next()) {
      case HttpStatus::need_more:
        break;
      case HttpStatus::error:
        return {.status = parser.error_status(), .response = "", .rest = ""};
      case HttpStatus::request:
        return answer_of(parser);
    }
  }
  return {};
}

class Rfc6455Opening : public testing::TestWithParam<HandshakeRow> {};

std::string name_of(const testing::TestParamInfo<HandshakeRow>& info) {
  return test_name_of(info.param.section, info.param.rule);
}

TEST_P(Rfc6455Opening, Rule) {
  for (const std::size_t slice_bytes : {GetParam().request.size(), std::size_t{7}}) {
    EXPECT_EQ(answer_to(GetParam().request, slice_bytes).status, GetParam().status)
        << GetParam() << "\nin slices of " << slice_bytes << " bytes";
  }
}

INSTANTIATE_TEST_SUITE_P(Accepted, Rfc6455Opening, testing::ValuesIn(rows_of_accepted_handshakes()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Refused, Rfc6455Opening, testing::ValuesIn(rows_of_refused_handshakes()),
                         name_of);

int count_of(std::string_view text, std::string_view part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(Rfc6455OpeningAnswer, s4_2_2_HasTheStatusAndTheThreeFields) {
  const Answer answer = answer_to(handshake({}), 4096);
  EXPECT_THAT(answer.response, StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(answer.response, HasSubstr("\r\nUpgrade: websocket\r\n"));
  EXPECT_THAT(answer.response, HasSubstr("\r\nConnection: Upgrade\r\n"));
  EXPECT_THAT(answer.response,
              HasSubstr("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  EXPECT_THAT(answer.response, EndsWith("\r\n\r\n"));
}

TEST(Rfc6455OpeningAnswer, s11_3_3_HasAcceptOnce) {
  const Answer answer = answer_to(handshake({}), 4096);
  EXPECT_EQ(count_of(answer.response, "Sec-WebSocket-Accept"), 1);
}

TEST(Rfc6455OpeningAnswer, s4_2_2_AcceptFollowsFromTheKeyAsItWasSent) {
  const Answer other = answer_to(
      handshake({{"Sec-WebSocket-Key", "Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA=="}}), 4096);
  EXPECT_THAT(other.response, HasSubstr("Sec-WebSocket-Accept: C/0nmHhBztSRGR1CwL6Tf4ZjwpY="));
}

TEST(Rfc6455OpeningAnswer, s4_2_2_NamesNoSubprotocolThatWeDoNotSpeak) {
  const Answer answer = answer_to(
      handshake({{"Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: chat, superchat"}}), 4096);
  EXPECT_EQ(answer.status, 101);
  EXPECT_THAT(answer.response, Not(HasSubstr("Sec-WebSocket-Protocol")));
}

TEST(Rfc6455OpeningAnswer, s4_2_2_NamesNoExtensionThatWasNotOffered) {
  for (const std::string_view offer : {"", "Sec-WebSocket-Extensions: x-unknown"}) {
    const Answer answer = answer_to(handshake({{"Sec-WebSocket-Extensions", offer}}), 4096);
    EXPECT_EQ(answer.status, 101);
    EXPECT_THAT(answer.response, Not(HasSubstr("Sec-WebSocket-Extensions")));
  }
}

TEST(Rfc6455OpeningAnswer, s4_2_2_BytesBehindTheHandshakeAreFrames) {
  const Answer answer = answer_to(handshake({}) + "\x81\x80____", 4096);
  EXPECT_EQ(answer.status, 101);
  EXPECT_EQ(answer.rest, "\x81\x80____");
}

}  // namespace
}  // namespace parley::test
