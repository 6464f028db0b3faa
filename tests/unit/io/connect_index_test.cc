#include "io/connect_index.h"

#include <gtest/gtest.h>

namespace parley::io {
namespace {

TEST(ConnectIndex, FindsTheSocketThatConnectsForAConnection) {
  ConnectIndex index(16);
  // Of one bucket: the low bits of their slots are the same.
  const ConnId conns[] = {{5, 1}, {5 + 1'024, 2}, {5 + 2'048, 3}};
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_FALSE(index.find(conns[i]).has_value());
    index.add(i, conns[i]);
    EXPECT_EQ(index.find(conns[i]), i);
  }
  index.remove(1);
  EXPECT_FALSE(index.find(conns[1]).has_value());
  EXPECT_EQ(index.find(conns[0]), 0u);
  EXPECT_EQ(index.find(conns[2]), 2u);
  index.remove(2);
  index.remove(0);
  for (const ConnId& conn : conns) EXPECT_FALSE(index.find(conn).has_value());
}

TEST(ConnectIndex, DoesNotTakeATenantForItsSuccessor) {
  ConnectIndex index(4);
  index.add(3, {7, 1});
  EXPECT_FALSE(index.find({7, 2}).has_value());
  EXPECT_EQ(index.find({7, 1}), 3u);
}

TEST(ConnectIndexDeathTest, RefusesASecondConnectOfOneSlot) {
  ConnectIndex index(4);
  index.add(1, {1, 1});
  EXPECT_DEATH(index.add(2, {1, 2}), "CHECK failed");
  EXPECT_DEATH(index.remove(2), "CHECK failed");
}

}  // namespace
}  // namespace parley::io
