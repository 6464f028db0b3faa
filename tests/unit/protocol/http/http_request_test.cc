#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/http/http_parser.h"

namespace parley::protocol {
namespace {

TEST(HttpRequest, FindsHeadersWithoutCase) {  // RFC 9110 5.1
  const std::array<HttpHeader, 3> headers{{{"Host", "h"}, {"X-A", "1"}, {"x-a", "2"}}};
  const HttpRequest request{.headers = headers};
  EXPECT_EQ(request.header("HOST"), "h");
  EXPECT_EQ(request.header("x-a"), "1");
  EXPECT_EQ(request.header("missing"), "");
  EXPECT_EQ(request.header_count("X-a"), 2u);
  EXPECT_EQ(request.header_count("missing"), 0u);
}

TEST(HttpRequest, FindsTokensOverAllLinesOfAHeader) {  // RFC 9110 5.3, 5.6.1
  const std::array<HttpHeader, 3> headers{
      {{"Connection", "a ,\tUpGrade"}, {"connection", ",, close"}, {"Other", "keep-alive"}}};
  const HttpRequest request{.headers = headers};
  EXPECT_TRUE(request.header_has_token("connection", "upgrade"));
  EXPECT_TRUE(request.header_has_token("Connection", "CLOSE"));
  EXPECT_FALSE(request.header_has_token("connection", "keep-alive"));
  EXPECT_FALSE(request.header_has_token("connection", "up"));
  EXPECT_FALSE(request.header_has_token("connection", "upgrades"));
}

// The query is copied to a block of exactly its size, the value decoded into one of `room` bytes.
std::optional<std::string> parameter(std::string_view query, std::string_view name,
                                     std::size_t room) {
  const auto block = std::make_unique<char[]>(query.size());
  query.copy(block.get(), query.size());
  const auto out = std::make_unique<char[]>(room);
  std::string_view value;
  if (!query_parameter({block.get(), query.size()}, name, {out.get(), room}, value)) return {};
  return std::string(value);
}

TEST(QueryParameter, DecodesNamesAndValues) {
  EXPECT_EQ(parameter("token=abc", "token", 100), "abc");
  EXPECT_EQ(parameter("a=1&token=a%20b+c%2B&token=2", "token", 100), "a b c+");
  EXPECT_EQ(parameter("to%6Ben=abc", "token", 100), "abc");
  EXPECT_EQ(parameter("a=b=c", "a", 100), "b=c");
  EXPECT_EQ(parameter("a=%00", "a", 100), std::string(1, '\0'));
}

TEST(QueryParameter, TellsEmptyFromAbsent) {
  EXPECT_EQ(parameter("a=&b", "a", 100), "");
  EXPECT_EQ(parameter("a=&b", "b", 100), "");
  EXPECT_EQ(parameter("a=&b", "c", 100), std::nullopt);
  EXPECT_EQ(parameter("", "a", 100), std::nullopt);
  EXPECT_EQ(parameter("&&", "", 100), std::nullopt);
  EXPECT_EQ(parameter("tokens=1&toke=2", "token", 100), std::nullopt);
}

TEST(QueryParameter, RefusesBrokenEncodings) {
  for (const std::string query : {"a=%", "a=%2", "a=%zz", "a=1%2", "a=%%20"}) {
    EXPECT_EQ(parameter(query, "a", 100), std::nullopt) << query;
  }
  EXPECT_EQ(parameter("%=1&a=2", "a", 100), "2");
}

TEST(QueryParameter, RefusesWhatDoesNotFit) {
  EXPECT_EQ(parameter("a=1234", "a", 4), "1234");
  EXPECT_EQ(parameter("a=12345", "a", 4), std::nullopt);
  EXPECT_EQ(parameter("a=%31%32%33%34", "a", 4), "1234");
  EXPECT_EQ(parameter("a=", "a", 0), "");
}

}  // namespace
}  // namespace parley::protocol
