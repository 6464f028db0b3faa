// URLs and source addresses, good and bad. No name is looked up that is not in every hosts file.
#include "loadgen/engine/target.h"

#include <gtest/gtest.h>

#include <set>

namespace parley::loadgen {
namespace {

constexpr IpAddress here = IpAddress::v4(127, 0, 0, 1);

IpAddress v6_loopback() {
  IpAddress address;
  address.octets[15] = 1;
  return address;
}

struct Row {
  std::string_view url;
  IpAddress address;
  std::uint16_t port;
  std::string_view host;
  std::string_view target;
};

TEST(Target, IsReadFromAUrl) {
  for (const Row& row :
       {Row{"ws://127.0.0.1:8080/ws", here, 8'080, "127.0.0.1:8080", "/ws"},
        Row{"ws://127.0.0.1/", here, 80, "127.0.0.1", "/"},
        Row{"ws://127.0.0.1", here, 80, "127.0.0.1", "/"},
        Row{"ws://127.0.0.1:1", here, 1, "127.0.0.1:1", "/"},
        Row{"ws://127.0.0.1:65535/a/b?c=d:e", here, 65'535, "127.0.0.1:65535", "/a/b?c=d:e"},
        Row{"ws://127.0.0.1:80/{room}", here, 80, "127.0.0.1:80", "/{room}"},
        Row{"ws://[::1]:9000/x", v6_loopback(), 9'000, "[::1]:9000", "/x"},
        Row{"ws://[::1]/x", v6_loopback(), 80, "[::1]", "/x"}}) {
    const Result<Target> target = parse_target(row.url);
    ASSERT_TRUE(target) << row.url << ": " << target.error().message;
    EXPECT_EQ(target->address, row.address) << row.url;
    EXPECT_EQ(target->port, row.port) << row.url;
    EXPECT_EQ(target->host, row.host) << row.url;
    EXPECT_EQ(target->target, row.target) << row.url;
  }
  EXPECT_TRUE(parse_target("ws://localhost:8080/ws"));
}

TEST(Target, BadUrlsAreRefusedAndNamed) {
  for (const std::string_view url : {"",
                                     "127.0.0.1:8080",
                                     "http://127.0.0.1/",
                                     "wss://127.0.0.1/",
                                     "ws:/127.0.0.1/",
                                     "ws://",
                                     "ws:///ws",
                                     "ws://:80/",
                                     "ws://127.0.0.1:/",
                                     "ws://127.0.0.1:0/",
                                     "ws://127.0.0.1:65536/",
                                     "ws://127.0.0.1:99999999999/",
                                     "ws://127.0.0.1:80x/",
                                     "ws://127.0.0.1:-1/",
                                     "ws://127.0.0.1:80:90/",
                                     "ws://127.0.0.1/a b",
                                     "ws://127.0.0.1/a\r\nX: y",
                                     "ws://[::1/",
                                     "ws://[]:80/",
                                     "ws://[::1]80/",
                                     "ws://::1:80/"}) {
    const Result<Target> target = parse_target(url);
    EXPECT_FALSE(target) << url;
  }
}

TEST(Sources, AreOneAddressOrARange) {
  const Result<std::vector<IpAddress>> one = parse_sources("127.0.0.2");
  ASSERT_TRUE(one);
  EXPECT_EQ(*one, std::vector<IpAddress>{IpAddress::v4(127, 0, 0, 2)});
  const Result<std::vector<IpAddress>> range = parse_sources("127.0.0.254-127.0.1.3");
  ASSERT_TRUE(range);
  ASSERT_EQ(range->size(), 6u);
  EXPECT_EQ(range->front(), IpAddress::v4(127, 0, 0, 254));
  EXPECT_EQ((*range)[2], IpAddress::v4(127, 0, 1, 0));
  EXPECT_EQ(range->back(), IpAddress::v4(127, 0, 1, 3));
  EXPECT_EQ(parse_sources("127.0.0.9-127.0.0.9")->size(), 1u);
  EXPECT_EQ(parse_sources("::1")->front(), v6_loopback());
  EXPECT_EQ(parse_sources("127.0.0.0-127.0.255.255")->size(), 65'536u);
  EXPECT_EQ(parse_sources("255.255.255.254-255.255.255.255")->size(), 2u);
}

TEST(Sources, BadOnesAreRefused) {
  for (const std::string_view text :
       {"127.0.0.9-127.0.0.2", "127.0.0.1-127.1.0.1", "127.0.0.1-", "-127.0.0.1",
        "127.0.0-127.0.0.9", "127.0.0.1-9", "127.0.0.1 - 127.0.0.9", "::1-::9"}) {
    EXPECT_FALSE(parse_sources(text)) << text;
  }
}

TEST(Sources, EveryWorkerHasALoopbackAddressOfItsOwn) {
  std::set<std::array<std::uint8_t, 16>> seen;
  for (std::uint32_t index = 0; index < 60'000; ++index) {
    const IpAddress address = loopback_source(index);
    ASSERT_TRUE(is_loopback_v4(address));
    ASSERT_NE(address, here);
    ASSERT_NE(address.octets[15], 0);
    ASSERT_NE(address.octets[15], 255);
    ASSERT_TRUE(seen.insert(address.octets).second) << index;
  }
  EXPECT_FALSE(is_loopback_v4(IpAddress::v4(192, 168, 0, 1)));
  EXPECT_FALSE(is_loopback_v4(v6_loopback()));
}

}  // namespace
}  // namespace parley::loadgen
