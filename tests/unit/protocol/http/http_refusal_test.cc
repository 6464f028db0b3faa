// What HttpParser refuses: requests that two servers could read differently, row by row.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/unit/protocol/http/http_transcript.h"

namespace parley::protocol {
namespace {

constexpr HttpLimits default_limits{};

struct Refusal {
  std::string_view section;  // Of RFC 9112 unless it says otherwise.
  std::string_view what;
  std::string stream;
  std::string status;
};

std::string get(std::string_view lines) {
  return std::string("GET / HTTP/1.1\r\nHost: h\r\n").append(lines).append("\r\n");
}

std::string post(std::string_view lines, std::string_view body) {
  return std::string("POST / HTTP/1.1\r\nHost: h\r\n").append(lines).append("\r\n").append(body);
}

std::string chunked(std::string_view body) {
  return post("Transfer-Encoding: chunked\r\n", body);
}

void expect_refused(const Refusal& refusal) {
  SCOPED_TRACE(std::string(refusal.section) + ": " + std::string(refusal.what));
  EXPECT_EQ(transcript(refusal.stream, default_limits), "error:" + refusal.status);
  EXPECT_EQ(
      transcript(
          refusal.stream, default_limits, [] { return std::size_t{1}; }, [](const HttpRequest&) {}),
      "error:" + refusal.status);
}

TEST(HttpRefusal, RefusesWhatHidesTheEndOfABody) {
  const std::string five = "Content-Length: 5\r\n";
  const std::string te = "Transfer-Encoding: ";
  const Refusal table[] = {
      {"6.3", "two lengths that differ", post(five + "Content-Length: 6\r\n", "hello"), "400"},
      {"6.3", "two lengths that agree", post(five + five, "hello"), "400"},
      {"6.3", "a list of lengths", post("Content-Length: 5, 5\r\n", "hello"), "400"},
      {"RFC 9110 8.6", "an empty length", post("Content-Length:\r\n", ""), "400"},
      {"RFC 9110 8.6", "a length with a sign", post("Content-Length: +5\r\n", "hello"), "400"},
      {"RFC 9110 8.6", "a negative length", post("Content-Length: -5\r\n", "hello"), "400"},
      {"RFC 9110 8.6", "a length in hex", post("Content-Length: 0x5\r\n", "hello"), "400"},
      {"RFC 9110 8.6", "a length with a space", post("Content-Length: 1 5\r\n", "hello"), "400"},
      {"RFC 9110 8.6", "a length beyond 64 bits",
       post("Content-Length: 18446744073709551621\r\n", "hello"), "413"},
      {"6.1", "both length and encoding", post(five + te + "chunked\r\n", "0\r\n\r\n"), "400"},
      {"6.1", "both encoding and length", post(te + "chunked\r\n" + five, "0\r\n\r\n"), "400"},
      {"6.3", "chunked twice in two lines",
       post(te + "chunked\r\n" + te + "chunked\r\n", "0\r\n\r\n"), "400"},
      {"7", "chunked twice in a list", post(te + "chunked, chunked\r\n", "0\r\n\r\n"), "400"},
      {"6.3", "an encoding that is not chunked at last", post(te + "gzip\r\n", ""), "400"},
      {"6.3", "chunked, but not at last", post(te + "chunked, gzip\r\n", ""), "400"},
      {"6.1", "an unknown encoding under chunked", post(te + "gzip, chunked\r\n", ""), "501"},
      {"6.3", "a word that begins like chunked", post(te + "chunkedx\r\n", ""), "400"},
      {"6.3", "a word that ends like chunked", post(te + "xchunked\r\n", ""), "400"},
      {"6.3", "chunked in quotes", post(te + "\"chunked\"\r\n", ""), "400"},
      {"6.3", "chunked with a parameter", post(te + "chunked;q=1\r\n", ""), "400"},
      {"6.3", "identity", post(te + "identity\r\n", ""), "400"},
      {"6.3", "no encoding at all", post(te + "\r\n", ""), "400"},
      {"6.1", "an encoding in HTTP/1.0",
       "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
      {"RFC 9110 7.8", "a length on an upgrade",
       get("Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n"), "400"},
      {"RFC 9110 7.8", "an encoding on an upgrade",
       get("Connection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n"), "400"},
  };
  for (const Refusal& refusal : table) expect_refused(refusal);
}

TEST(HttpRefusal, RefusesChunksThatAreNotExact) {
  const Refusal table[] = {
      {"7.1", "a size that is not hex", chunked("g\r\n"), "400"},
      {"7.1", "a size with a sign", chunked("+1\r\na\r\n"), "400"},
      {"7.1", "a size in C's hex", chunked("0x1\r\na\r\n"), "400"},
      {"7.1", "no size", chunked("\r\na\r\n"), "400"},
      {"7.1", "a space behind the size", chunked("1 \r\na\r\n"), "400"},
      {"7.1", "a size with a bare LF", chunked("1\na\r\n"), "400"},
      {"7.1", "a size with a bare CR", chunked("1\ra\r\n"), "400"},
      {"7.1", "a chunk longer than its size", chunked("1\r\nab\r\n"), "400"},
      {"7.1", "a chunk that ends with a bare LF", chunked("1\r\na\n0\r\n\r\n"), "400"},
      {"7.1", "a size beyond 64 bits", chunked("10000000000000000\r\n"), "413"},
      {"7.1.1", "a line end inside an extension", chunked("1;a=\"\n\"\r\n"), "400"},
      {"7.1.2", "a trailer with a space before its colon", chunked("0\r\nA : b\r\n\r\n"), "400"},
      {"7.1.2", "a trailer without a colon", chunked("0\r\nnothing\r\n\r\n"), "400"},
      {"7.1.2", "a folded trailer", chunked("0\r\nA: b\r\n c\r\n\r\n"), "400"},
      {"7.1.2", "trailers with bare LF", chunked("0\r\nA: b\n\r\n"), "400"},
      {"6.1", "an encoding as a trailer", chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n"),
       "400"},
  };
  for (const Refusal& refusal : table) expect_refused(refusal);
}

TEST(HttpRefusal, RefusesLinesThatAnotherServerMayCutElsewhere) {
  using namespace std::string_literals;
  const Refusal table[] = {
      {"2.2", "a bare LF behind the request line", "GET / HTTP/1.1\nHost: h\r\n\r\n", "400"},
      {"2.2", "a bare LF behind a field", get("A: b\n"), "400"},
      {"2.2", "a bare LF at the end of the head", "GET / HTTP/1.1\r\nHost: h\r\n\n", "400"},
      {"2.2", "a bare CR in a value", get("A: b\rc: d\r\n"), "400"},
      {"2.2", "a bare CR before CRLF", get("A: b\r\r\n"), "400"},
      {"2.2", "space before the first field", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", "400"},
      {"5.1", "space before the colon", get("A : b\r\n"), "400"},
      {"5.1", "tab before the colon", get("A\t: b\r\n"), "400"},
      {"5.1", "space before the colon of a length", post("Content-Length : 5\r\n", ""), "400"},
      {"5.2", "a folded value", get("A: b\r\n c\r\n"), "400"},
      {"5.2", "a value folded with a tab", get("A: b\r\n\tc\r\n"), "400"},
      {"5.2", "a value that begins on the next line", get("A:\r\n b\r\n"), "400"},
      {"5.2", "a folded length", post("Content-Length:\r\n 5\r\n", "hello"), "400"},
      {"5.2", "a line of spaces", get("  \r\n"), "400"},
      {"RFC 9110 5.5", "NUL in a value", get("A: b\0c\r\n"s), "400"},
      {"RFC 9110 5.5", "a control character in a value", get("A: b\x01\r\n"), "400"},
      {"RFC 9110 5.5", "DEL in a value", get("A: b\x7f\r\n"), "400"},
      {"RFC 9110 5.1", "an empty name", get(": b\r\n"), "400"},
      {"RFC 9110 5.1", "a field without a colon", get("A\r\n"), "400"},
      {"RFC 9110 5.1", "a separator in a name", get("A(b): c\r\n"), "400"},
      {"RFC 9110 5.1", "NUL in a name", get("A\0: c\r\n"s), "400"},
      {"RFC 9110 5.1", "a name beyond ASCII", get("\xc3\xa4: c\r\n"), "400"},
  };
  for (const Refusal& refusal : table) expect_refused(refusal);
}

TEST(HttpRefusal, RefusesRequestLinesThatAreNotExact) {
  const std::string end = "\r\nHost: h\r\n\r\n";
  const Refusal table[] = {
      {"3", "two spaces before the target", "GET  / HTTP/1.1" + end, "400"},
      {"3", "two spaces behind the target", "GET /  HTTP/1.1" + end, "400"},
      {"3", "a tab for a space", "GET\t/ HTTP/1.1" + end, "400"},
      {"3", "space at the end", "GET / HTTP/1.1 " + end, "400"},
      {"3", "space at the begin", " GET / HTTP/1.1" + end, "400"},
      {"3", "no version", "GET /\r\n\r\n", "400"},
      {"3", "no target", "GET HTTP/1.1" + end, "400"},
      {"3.1", "a method that is no token", "GE(T / HTTP/1.1" + end, "400"},
      {"3.1", "an unknown method", "FETCH / HTTP/1.1" + end, "501"},
      {"3.1", "a method in lower case", "get / HTTP/1.1" + end, "501"},
      {"3.1", "a method of RTSP", "PLAY / HTTP/1.1" + end, "501"},
      {"3.1", "a very long method", std::string(40, 'A') + " / HTTP/1.1" + end, "501"},
      {"3.2.3", "CONNECT, as we are no proxy", "CONNECT a:1 HTTP/1.1" + end, "501"},
      {"3.2", "a space in the target", "GET /a b HTTP/1.1" + end, "400"},
      {"3.2", "a fragment", "GET /a#b HTTP/1.1" + end, "400"},
      {"3.2", "a target beyond ASCII", "GET /\xc3\xa4 HTTP/1.1" + end, "400"},
      {"3.2", "a control character in the target", "GET /\x01 HTTP/1.1" + end, "400"},
      {"3.2", "a relative target", "GET a HTTP/1.1" + end, "400"},
      {"3.2.4", "an asterisk without OPTIONS", "GET * HTTP/1.1" + end, "400"},
      {"3.2.4", "an asterisk with more", "OPTIONS *a HTTP/1.1" + end, "400"},
      {"3.2.2", "a scheme that is not ours", "GET ftp://h/ HTTP/1.1" + end, "400"},
      {"3.2.2", "an absolute target without a host", "GET http:///a HTTP/1.1" + end, "400"},
      {"RFC 9110 4.2.4", "user information", "GET http://a@h/ HTTP/1.1" + end, "400"},
      {"2.3", "a name in lower case", "GET / http/1.1" + end, "400"},
      {"2.3", "two digits", "GET / HTTP/1.10" + end, "400"},
      {"2.3", "HTTP/0.9", "GET / HTTP/0.9" + end, "505"},
      {"2.3", "HTTP/1.2", "GET / HTTP/1.2" + end, "505"},
      {"2.3", "HTTP/2.0", "GET / HTTP/2.0" + end, "505"},
      {"RFC 9113 3.4", "the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
      {"2.2", "the first bytes of TLS", "\x16\x03\x01\n", "400"},
  };
  for (const Refusal& refusal : table) expect_refused(refusal);
}

TEST(HttpRefusal, RefusesAnyNumberOfHostsButOne) {  // RFC 9112 3.2
  const std::string line = "GET / HTTP/1.1\r\n";
  const Refusal table[] = {
      {"3.2", "no Host", line + "\r\n", "400"},
      {"3.2", "two Hosts", line + "Host: a\r\nHost: b\r\n\r\n", "400"},
      {"3.2", "the same Host twice", line + "Host: a\r\nhost: a\r\n\r\n", "400"},
      {"3.2", "two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
      {"3.2", "a list", line + "Host: a, b\r\n\r\n", "400"},
      {"3.2", "a path", line + "Host: a/b\r\n\r\n", "400"},
      {"3.2", "user information", line + "Host: a@b\r\n\r\n", "400"},
      {"3.2", "a port that is no number", line + "Host: a:b\r\n\r\n", "400"},
      {"3.2", "two ports", line + "Host: a:1:2\r\n\r\n", "400"},
      {"3.2", "an open bracket", line + "Host: [::1\r\n\r\n", "400"},
      {"3.2", "text behind a bracket", line + "Host: [::1]a\r\n\r\n", "400"},
      {"3.2", "a broken encoding", line + "Host: a%2\r\n\r\n", "400"},
      {"3.2", "a name beyond ASCII", line + "Host: \xc3\xa4\r\n\r\n", "400"},
  };
  for (const Refusal& refusal : table) expect_refused(refusal);
}

TEST(HttpRefusal, AcceptsEveryGoodHost) {  // RFC 9112 3.2, RFC 3986 3.2.2
  for (const std::string host : {"a", "a.b-c:8080", "127.0.0.1:1", "[::1]", "[::1]:80", "a%20b",
                                 "a:", "", "A_b~c!$&'()*+;="}) {
    EXPECT_EQ(transcript("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n", default_limits),
              "GET|/|/||Host=" + host + ";||keep\nend");
  }
}

}  // namespace
}  // namespace parley::protocol
