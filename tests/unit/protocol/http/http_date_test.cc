#include "protocol/http/http_date.h"

#include <gtest/gtest.h>

#include <ctime>
#include <string>

namespace parley::protocol {
namespace {

std::string date_of(std::int64_t seconds) {
  const HttpDate date = http_date(UnixMillis{seconds * 1'000 + 999});
  return {date.data(), date.size()};
}

TEST(HttpDate, IsThatOfTheRfc) {  // RFC 9110 5.6.7
  EXPECT_EQ(date_of(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(HttpDate, AgreesWithStrftime) {
  for (std::int64_t seconds = 0; seconds < 8'000'000'000; seconds += 7'654'321) {
    const auto time = static_cast<std::time_t>(seconds);
    std::tm fields{};
    char text[64];
    ASSERT_NE(gmtime_r(&time, &fields), nullptr);
    const std::size_t bytes =
        std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &fields);
    ASSERT_EQ(date_of(seconds), std::string(text, bytes));
  }
}

TEST(HttpDate, StaysWithinFourDigitsOfYears) {
  EXPECT_EQ(date_of(-5), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(date_of(253'402'300'799), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(date_of(9'000'000'000'000), "Fri, 31 Dec 9999 23:59:59 GMT");
}

}  // namespace
}  // namespace parley::protocol
