#include "protocol/http/http_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/protocol/http/http_transcript.h"

namespace parley::protocol {
namespace {

constexpr HttpLimits default_limits{};

std::string parse(std::string_view stream) {
  return transcript(stream, default_limits);
}

TEST(HttpParser, ReadsARequestWithItsParts) {
  EXPECT_EQ(parse("GET /a/b?x=1&y=2 HTTP/1.1\r\nHost: example.org\r\nAccept:\t*/* \r\n\r\n"),
            "GET|/a/b?x=1&y=2|/a/b|x=1&y=2|Host=example.org;Accept=*/*;||keep\nend");
}

TEST(HttpParser, ReadsABodyOfTheStatedLength) {  // RFC 9112 6.2
  EXPECT_EQ(parse("POST /m HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"),
            "POST|/m|/m||Host=h;Content-Length=5;|hello|keep\nend");
}

TEST(HttpParser, ReadsAChunkedBodyAndDropsItsExtensionsAndTrailers) {  // RFC 9112 7.1
  EXPECT_EQ(parse("POST /m HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"
                  "5;name=value\r\nhello\r\n6\r\n world\r\n0\r\nSum: 1\r\nSize: 2\r\n\r\n"
                  "GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
            "POST|/m|/m||Host=h;Transfer-Encoding=Chunked;|hello world|keep\n"
            "GET|/|/||Host=h;||keep\nend");
}

TEST(HttpParser, ReadsPipelinedRequestsInOrder) {  // RFC 9112 9.3.2
  EXPECT_EQ(parse("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"
                  "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
                  "GET /3 HTTP/1.1\r\nHost: h\r\n\r\nGET /4"),
            "GET|/1|/1||Host=h;||keep\n"
            "POST|/2|/2||Host=h;Content-Length=3;|abc|keep\n"
            "GET|/3|/3||Host=h;||keep\nmore");
}

TEST(HttpParser, IgnoresEmptyLinesBeforeARequest) {  // RFC 9112 2.2
  EXPECT_EQ(parse("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
            "GET|/|/||Host=h;||keep\nGET|/|/||Host=h;||keep\nend");
  EXPECT_EQ(parse("\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), "error:400");
}

TEST(HttpParser, KeepsAliveAsTheVersionAndConnectionSay) {  // RFC 9112 9.3
  EXPECT_EQ(parse("GET / HTTP/1.0\r\n\r\n"), "GET|/|/||||close\nend");
  EXPECT_EQ(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"),
            "GET|/|/||Connection=Keep-Alive;||keep\nend");
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: h\r\nConnection: foo\t,\tCLOSE\r\n\r\n"),
            "GET|/|/||Host=h;Connection=foo\t,\tCLOSE;||close\nend");
}

TEST(HttpParser, ReadsNothingBehindARequestThatCloses) {  // RFC 9112 9.6
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
                  "GET /secret HTTP/1.1\r\nHost: h\r\n\r\n"),
            "GET|/|/||Host=h;Connection=close;||close\nend");
}

TEST(HttpParser, StopsBehindAnUpgradeAndLeavesTheRest) {  // RFC 9110 7.8
  EXPECT_EQ(parse("GET /ws HTTP/1.1\r\nHost: h\r\nConnection: keep-alive,\tUpgrade\r\n"
                  "Upgrade: foo/1, WebSocket\r\n\r\n\x81\x80GET"),
            "GET|/ws|/ws||Host=h;Connection=keep-alive,\tUpgrade;Upgrade=foo/1, WebSocket;"
            "||keep|upgrade\nrest:\x81\x80GET");
}

TEST(HttpParser, IgnoresUpgradesThatItNeedNotFollow) {  // RFC 9110 7.8
  const std::string next = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  EXPECT_EQ(
      parse("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + next),
      "GET|/|/||Host=h;Connection=Upgrade;Upgrade=h2c;||keep\nGET|/|/||Host=h;||keep\nend");
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n" + next),
            "GET|/|/||Host=h;Upgrade=websocket;||keep\nGET|/|/||Host=h;||keep\nend");
  EXPECT_EQ(
      parse("GET / HTTP/1.0\r\nConnection: Upgrade, keep-alive\r\nUpgrade: websocket\r\n\r\n" +
            next),
      "GET|/|/||Connection=Upgrade, keep-alive;Upgrade=websocket;||keep\n"
      "GET|/|/||Host=h;||keep\nend");
}

TEST(HttpParser, ReadsEveryFormOfTarget) {  // RFC 9112 3.2
  EXPECT_EQ(parse("GET http://example.org:80/a?b HTTP/1.1\r\nHost: h\r\n\r\n"),
            "GET|http://example.org:80/a?b|/a|b|Host=h;||keep\nend");
  EXPECT_EQ(parse("GET http://[::1]?b HTTP/1.1\r\nHost: h\r\n\r\n"),
            "GET|http://[::1]?b|/|b|Host=h;||keep\nend");
  EXPECT_EQ(parse("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"), "OPTIONS|*|*||Host=h;||keep\nend");
  EXPECT_EQ(parse("GET /a?b?c HTTP/1.1\r\nHost: h\r\n\r\n"),
            "GET|/a?b?c|/a|b?c|Host=h;||keep\nend");
}

TEST(HttpParser, TellsWhetherItIsInARequest) {
  HttpParser parser(default_limits);
  EXPECT_FALSE(parser.in_request());
  const std::string part = "GET / HTTP/1.1\r\nHost";
  parser.feed(std::as_bytes(std::span(part)));
  EXPECT_EQ(parser.next(), HttpStatus::need_more);
  EXPECT_TRUE(parser.in_request());
  const std::string end = ": h\r\n\r\n";
  parser.feed(std::as_bytes(std::span(end)));
  EXPECT_EQ(parser.next(), HttpStatus::request);
  EXPECT_FALSE(parser.in_request());
  EXPECT_EQ(parser.next(), HttpStatus::need_more);
  EXPECT_FALSE(parser.in_request());
}

TEST(HttpParser, SaysOnceThatThePeerWaitsForContinue) {  // RFC 9110 10.1.1
  HttpParser parser(default_limits);
  const std::string head =
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n";
  parser.feed(std::as_bytes(std::span(head)));
  EXPECT_FALSE(parser.take_expect_continue());
  EXPECT_EQ(parser.next(), HttpStatus::need_more);
  EXPECT_TRUE(parser.take_expect_continue());
  EXPECT_FALSE(parser.take_expect_continue());
  const std::string whole = "ab" + head + "c";  // This one did not wait.
  parser.feed(std::as_bytes(std::span(whole)));
  EXPECT_EQ(parser.next(), HttpStatus::request);
  EXPECT_EQ(text_of(parser.request().body), "ab");
  EXPECT_EQ(parser.next(), HttpStatus::need_more);
  EXPECT_FALSE(parser.take_expect_continue());
}

TEST(HttpParser, StaysInErrorWhateverFollows) {
  HttpParser parser(default_limits);
  const std::string bad = "GET / HTTP/1.1\r\n\r\n";
  const std::string good = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  parser.feed(std::as_bytes(std::span(bad)));
  EXPECT_EQ(parser.next(), HttpStatus::error);
  EXPECT_EQ(parser.error_status(), 400);
  parser.feed(std::as_bytes(std::span(good)));
  EXPECT_EQ(parser.next(), HttpStatus::error);
  EXPECT_EQ(parser.error_status(), 400);
}

TEST(HttpParser, AnswersTheSameHoweverTheStreamIsCut) {
  const std::vector<std::string> streams = {
      "\r\nGET /1?q HTTP/1.1\r\nHost: h\r\nA: b \r\n\r\nPOST /2 HTTP/1.1\r\nHost: h\r\n"
      "Content-Length: 3\r\n\r\nabcGET /3 HTTP/1.0\r\n\r\nGET /4 HTTP/1.1\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\"b\"\r\nhello\r\n"
      "1\r\n!\r\n0\r\nT: u\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\nG",
      "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nrest of it",
      "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n",
      "GET / HTTP/1.1\nHost: h\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
  };
  for (const std::string& stream : streams) {
    const std::string whole = parse(stream);
    for (std::size_t first = 1; first < stream.size(); ++first) {
      for (std::size_t second = 0; second < stream.size() - first; second += 7) {
        std::size_t calls = 0;
        const auto sizes = [&] { return calls++ == 0 ? first : calls == 2 ? second : 0; };
        ASSERT_EQ(transcript(stream, default_limits, sizes, [](const HttpRequest&) {}), whole)
            << "cut at " << first << " and " << first + second;
      }
    }
    const auto bytewise = [] { return std::size_t{1}; };
    EXPECT_EQ(transcript(stream, default_limits, bytewise, [](const HttpRequest&) {}), whole);
  }
}

}  // namespace
}  // namespace parley::protocol
