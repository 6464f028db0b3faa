#include "protocol/http/http_response.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/unit/protocol/http/http_transcript.h"

namespace parley::protocol {
namespace {

std::string written(const HttpResponse& response) {
  std::vector<std::byte> out(http_response_bytes_max(response));
  out.resize(write_http_response(response, out));
  return text_of(Bytes(out));
}

TEST(HttpResponse, CarriesTypeLengthAndBody) {
  EXPECT_EQ(written({.status = 200, .content_type = "text/plain", .body = "hello"}),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello");
}

TEST(HttpResponse, WithoutABodyStatesALengthOfZero) {  // RFC 9112 6.3
  EXPECT_EQ(written({.status = 404}), "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
}

TEST(HttpResponse, CarriesItsDate) {  // RFC 9110 6.6.1
  EXPECT_EQ(written({.status = 404, .date = "Sun, 06 Nov 1994 08:49:37 GMT"}),
            "HTTP/1.1 404 Not Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Length: 0\r\n\r\n");
}

TEST(HttpResponse, StatesNoLengthWhereNoneIsAllowed) {  // RFC 9110 8.6
  EXPECT_EQ(written({.status = 204}), "HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(written({.status = 100}), "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST(HttpResponse, ToHeadStatesTheLengthButSendsNoBody) {  // RFC 9110 9.3.2
  EXPECT_EQ(written({.content_type = "text/plain", .body = "hello", .head = true}),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n");
}

TEST(HttpResponse, AnnouncesThatItCloses) {  // RFC 9112 9.6
  EXPECT_EQ(written({.status = 431, .keep_alive = false}),
            "HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\n"
            "Connection: close\r\n\r\n");
}

TEST(HttpResponse, CarriesFurtherHeaders) {
  const std::array<HttpHeader, 2> headers{{{"Sec-WebSocket-Version", "13"}, {"Vary", "Origin"}}};
  EXPECT_EQ(written({.status = 426, .headers = headers}),
            "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n"
            "Sec-WebSocket-Version: 13\r\nVary: Origin\r\n\r\n");
}

TEST(HttpResponse, FitsWhatItAskedForWhateverItHolds) {
  const std::string longest(5000, 'x');
  const std::array<HttpHeader, 2> headers{{{"A", longest}, {longest, ""}}};
  const HttpResponse response{.status = 599,
                              .content_type = longest,
                              .body = longest,
                              .headers = headers,
                              .keep_alive = false};
  EXPECT_LE(written(response).size(), http_response_bytes_max(response));
}

TEST(HttpResponseDeath, RefusesToBeSplitByAValue) {  // RFC 9112 11.1
  const std::array<HttpHeader, 1> headers{{{"Location", "/\r\nSet-Cookie: a"}}};
  EXPECT_DEATH((void)written({.headers = headers}), "CHECK failed");
}

TEST(HttpReason, KnowsEveryStatusOfTheParser) {
  for (const std::uint16_t status :
       std::initializer_list<std::uint16_t>{400, 413, 414, 431, 501, 505}) {
    EXPECT_NE(http_reason(status), "Unknown");
  }
  EXPECT_EQ(http_reason(299), "Unknown");
}

}  // namespace
}  // namespace parley::protocol
