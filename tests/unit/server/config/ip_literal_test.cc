#include "server/config/ip_literal.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <string_view>

namespace parley::server {
namespace {

bool by_inet_pton(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(AF_INET, text.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), address.data()) == 1;
}

TEST(IpLiteral, KnowsAddressesFromOtherTexts) {
  for (const char* text : {"127.0.0.1", "0.0.0.0", "255.255.255.255", "::", "::1", "1::",
                           "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::ffff:1.2.3.4", "fe80::A:b"}) {
    EXPECT_TRUE(is_ip_literal(text)) << text;
    EXPECT_TRUE(by_inet_pton(text)) << text;
  }
  for (const char* text : {"",
                           ".",
                           ":",
                           ":::",
                           "1.2.3",
                           "1.2.3.4.5",
                           "256.1.1.1",
                           "01.1.1.1",
                           "1.2.3.",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1::2::3",
                           "12345::",
                           "1:2:3:4:5:6:7:8::",
                           "::1.2.3",
                           "1.2.3.4::",
                           "::g",
                           "a:",
                           ":a",
                           "fe80::1%eth0",
                           " ::1",
                           "localhost",
                           "[::1]"}) {
    EXPECT_FALSE(is_ip_literal(text)) << text;
    EXPECT_FALSE(by_inet_pton(text)) << text;
  }
}

TEST(IpLiteral, AgreesWithInetPton) {
  constexpr std::array<std::string_view, 12> pieces{"0",     "1", "ff", "255", "256", "abcd",
                                                    "12345", ".", ":",  "::",  ":",   "."};
  std::mt19937 random(1);
  std::size_t valid_count = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text;
    const std::size_t piece_count = 1 + random() % 15;
    for (std::size_t j = 0; j < piece_count; ++j) {
      // Mostly a number and a separator in turn, so that many are valid.
      text += pieces[random() % 8 == 0 ? random() % pieces.size()
                                       : (j % 2 == 0 ? random() % 4 : 7 + random() % 3)];
    }
    const bool expected = by_inet_pton(text);
    valid_count += expected ? 1 : 0;
    ASSERT_EQ(is_ip_literal(text), expected) << text;
  }
  EXPECT_GT(valid_count, 1'000u);
}

}  // namespace
}  // namespace parley::server
