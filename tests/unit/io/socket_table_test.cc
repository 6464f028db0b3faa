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
  constexpr std::uint32_t sockets = sockets_max;  // 44 bytes each.
  const std::uint64_t before = resident_bytes();
  SocketTable table(sockets);
  for (std::uint32_t socket = 0; socket < 1'000; ++socket) table.open(table.lowest_free());
  // An address sanitizer's shadow, an eighth, is within this.
  EXPECT_LT(resident_bytes(), before + sockets * 44ull / 4);
  EXPECT_EQ(table.free_count(), sockets - 1'000);
  EXPECT_FALSE(table.is_open(sockets - 1));
  table.open(sockets - 1);
  EXPECT_TRUE(table.is_open(sockets - 1));
}

TEST(SocketTable, FindsTheSocketThatConnectsForAConnection) {
  SocketTable table(16);
  // Of one bucket: the low bits of their slots are the same.
  const ConnId conns[] = {{5, 1}, {5 + 1'024, 2}, {5 + 2'048, 3}};
  std::uint64_t tags[3];
  for (std::uint32_t i = 0; i < 3; ++i) {
    table.open(i);
    EXPECT_FALSE(table.connecting(conns[i].slot).has_value());
    tags[i] = table.begin(Tag::Kind::connect, conns[i], SocketId{i});
    EXPECT_EQ(table.connecting(conns[i].slot), i);
  }
  EXPECT_EQ(table.end(Tag::unpack(tags[1]), false), conns[1]);
  EXPECT_FALSE(table.connecting(conns[1].slot).has_value());
  EXPECT_EQ(table.connecting(conns[0].slot), 0u);
  EXPECT_EQ(table.connecting(conns[2].slot), 2u);
  EXPECT_EQ(table.end(Tag::unpack(tags[2]), false), conns[2]);
  EXPECT_EQ(table.end(Tag::unpack(tags[0]), false), conns[0]);
  for (const ConnId& conn : conns) EXPECT_FALSE(table.connecting(conn.slot).has_value());
}

}  // namespace
}  // namespace parley::io
