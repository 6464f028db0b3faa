// The limits of HttpParser, each at its last allowed and its first refused value.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/unit/protocol/http/http_transcript.h"

namespace parley::protocol {
namespace {

constexpr HttpLimits limits{
    .target_bytes_max = 10, .header_bytes_max = 40, .headers_max = 3, .body_bytes_max = 8};

// "" when the request was read, else "error:..." or "more"; however the stream is cut.
std::string refusal(const std::string& stream) {
  const std::string whole = transcript(stream, limits);
  const std::string bytewise =
      transcript(stream, limits, [] { return std::size_t{1}; }, [](const HttpRequest&) {});
  EXPECT_EQ(whole, bytewise);
  return whole.ends_with("\nend") ? "" : whole;
}

std::string get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

TEST(HttpLimits, TargetTooLongIs414) {
  EXPECT_EQ(refusal(get("/" + std::string(9, 'a'))), "");
  EXPECT_EQ(refusal(get("/" + std::string(10, 'a'))), "error:414");
  EXPECT_EQ(refusal(get("/" + std::string(10'000, 'a'))), "error:414");
}

TEST(HttpLimits, LineWithoutEndIsRefusedWhenItIsTooLong) {
  EXPECT_EQ(refusal("GET /" + std::string(10'000, 'a')), "error:414");
  EXPECT_EQ(refusal(std::string(10'000, 'a')), "error:400");
  EXPECT_EQ(refusal("GET / HTTP/1.1\r\n" + std::string(10'000, 'a')), "error:431");
}

TEST(HttpLimits, TooManyHeaderBytesIs431) {
  const std::string head = "GET / HTTP/1.1\r\nHost: h\r\n";  // Nine of the bytes.
  EXPECT_EQ(refusal(head + "A: " + std::string(26, 'b') + "\r\n\r\n"), "");
  EXPECT_EQ(refusal(head + "A: " + std::string(27, 'b') + "\r\n\r\n"), "error:431");
  EXPECT_EQ(refusal(head + "A: " + std::string(29, 'b') + "\r\n\r\n"), "error:431");
}

TEST(HttpLimits, TooManyHeadersIs431) {
  const std::string head = "GET / HTTP/1.1\r\nHost: h\r\n";
  EXPECT_EQ(refusal(head + "A:b\r\nA:b\r\n\r\n"), "");
  EXPECT_EQ(refusal(head + "A:b\r\nA:b\r\nA:b\r\n\r\n"), "error:431");
}

TEST(HttpLimits, BodyTooLongIs413) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ";
  EXPECT_EQ(refusal(head + "8\r\n\r\n12345678"), "");
  EXPECT_EQ(refusal(head + "9\r\n\r\n"), "error:413");
  EXPECT_EQ(refusal(head + "999999999999\r\n\r\n"), "error:413");
}

TEST(HttpLimits, ChunkedBodyTooLongIs413) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(refusal(head + "8\r\n12345678\r\n0\r\n\r\n"), "");
  EXPECT_EQ(refusal(head + "4\r\n1234\r\n4\r\n5678\r\n0\r\n\r\n"), "");
  EXPECT_EQ(refusal(head + "9\r\n"), "error:413");
  EXPECT_EQ(refusal(head + "4\r\n1234\r\n5\r\n"), "error:413");
  EXPECT_EQ(refusal(head + "ffffffffffffffff\r\n"), "error:413");
}

TEST(HttpLimits, ChunkExtensionsAreLimitedTogether) {  // RFC 9112 7.1.1
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string half = "1;" + std::string(20, 'a') + "\r\n.\r\n";
  EXPECT_EQ(refusal(head + half + half + "0\r\n\r\n"), "");
  EXPECT_EQ(refusal(head + half + half + "1;a\r\n.\r\n0\r\n\r\n"), "error:413");
  EXPECT_EQ(refusal(head + "1;" + std::string(10'000, 'a')), "error:413");
}

TEST(HttpLimits, TrailersAreLimitedLikeHeaders) {  // RFC 9112 7.1.2
  const std::string head =
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n.\r\n0\r\n";
  EXPECT_EQ(refusal(head + "A:" + std::string(36, 'b') + "\r\n\r\n"), "");
  EXPECT_EQ(refusal(head + "A:" + std::string(37, 'b') + "\r\n\r\n"), "error:431");
  EXPECT_EQ(refusal(head + "A:b\r\nA:b\r\nA:b\r\n\r\n"), "");
  EXPECT_EQ(refusal(head + "A:b\r\nA:b\r\nA:b\r\nA:b\r\n\r\n"), "error:431");
  EXPECT_EQ(refusal(head + "A:" + std::string(10'000, ' ')), "error:431");
}

TEST(HttpLimits, TheNextRequestHasTheLimitsAnew) {
  const std::string one = "POST /12345678 HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\n12345678";
  EXPECT_EQ(refusal(one + one + one), "");
}

}  // namespace
}  // namespace parley::protocol
