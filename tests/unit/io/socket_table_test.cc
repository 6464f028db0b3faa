#include "io/socket_table.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace parley::io {
namespace {

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  std::uint64_t resident_pages = 0;
  statm >> pages >> resident_pages;
  return resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

TEST(SocketTable, TouchesNoMemoryForSocketsThatWereNeverUsed) {
  constexpr std::uint32_t sockets = sockets_max;  // 24 bytes each.
  const std::uint64_t before = resident_bytes();
  SocketTable table(sockets);
  for (std::uint32_t socket = 0; socket < 1'000; ++socket) table.open(table.lowest_free());
  // An address sanitizer's shadow, an eighth, is within this.
  EXPECT_LT(resident_bytes(), before + sockets * 24ull / 4);
  EXPECT_EQ(table.free_count(), sockets - 1'000);
  EXPECT_FALSE(table.is_open(sockets - 1));
  table.open(sockets - 1);
  EXPECT_TRUE(table.is_open(sockets - 1));
}

TEST(SocketTable, KnowsThePeerUntilTheSocketIsClosed) {
  SocketTable table(4);
  table.open(2);
  EXPECT_TRUE(table.peer(2).is_unspecified());
  table.set_peer(2, IpAddress::v4(192, 0, 2, 7));
  const ConnId conn{3, 9};
  const std::uint64_t recv = table.begin(Tag::Kind::recv, conn, SocketId{2});
  EXPECT_EQ(table.peer(2), IpAddress::v4(192, 0, 2, 7));
  EXPECT_EQ(table.end(Tag::unpack(recv), false), conn);
  EXPECT_EQ(table.end(Tag::unpack(table.begin(Tag::Kind::close, conn, SocketId{2})), false), conn);
  table.open(2);
  EXPECT_TRUE(table.peer(2).is_unspecified());
}

}  // namespace
}  // namespace parley::io
