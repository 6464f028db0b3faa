// What HttpParser takes from the heap, and what it gives back.
#include <gtest/gtest.h>

#include <string>

#include "protocol/http/http_parser.h"
#include "tests/unit/protocol/json/counting_new.h"

namespace parley::protocol {
namespace {

using test::allocations;
using test::bytes_live;

// True when the text is whole requests, all of them good.
bool read_all(HttpParser& parser, const std::string& text) {
  parser.feed(std::as_bytes(std::span(text)));
  HttpStatus status = parser.next();
  while (status == HttpStatus::request) status = parser.next();
  return status == HttpStatus::need_more && !parser.in_request();
}

const std::string small =
    "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
    "GET /b HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n";

TEST(HttpMemory, ReadingAllocatesNothingAfterWarmUp) {
  HttpParser parser(HttpLimits{});
  ASSERT_TRUE(read_all(parser, small));
  const std::size_t before = allocations();
  std::size_t bad = 0;
  for (int i = 0; i < 100; ++i) {
    if (!read_all(parser, small)) ++bad;
  }
  EXPECT_EQ(allocations(), before);
  EXPECT_EQ(bad, 0u);
}

TEST(HttpMemory, WhatALargeRequestTookIsGivenBackBehindIt) {
  HttpParser parser(HttpLimits{});
  ASSERT_TRUE(read_all(parser, small));
  const std::size_t usual = bytes_live();
  {
    const std::string body(60'000, 'x');
    const std::string large = "POST /" + std::string(8'000, 'a') +
                              " HTTP/1.1\r\nHost: h\r\nA: " + std::string(16'000, 'b') +
                              "\r\nContent-Length: 60000\r\n\r\n" + body;
    ASSERT_TRUE(read_all(parser, large));
  }
  ASSERT_TRUE(read_all(parser, small));
  EXPECT_LE(bytes_live(), usual + 8 * 1024);
}

TEST(HttpMemory, AStatedLengthTakesNoMemoryBeforeTheBodyComes) {
  HttpParser parser(HttpLimits{.body_bytes_max = 1 << 30});
  const std::size_t before = bytes_live();
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000\r\n\r\n";
  parser.feed(std::as_bytes(std::span(head)));
  EXPECT_EQ(parser.next(), HttpStatus::need_more);
  EXPECT_LE(bytes_live(), before + 4 * 1024);
}

}  // namespace
}  // namespace parley::protocol
