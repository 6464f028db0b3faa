#include "core/base/trim.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace parley {
namespace {

TEST(Trim, KeepsWhatIsInUseAndRoomForAsMuch) {
  std::vector<std::unique_ptr<int>> items;
  for (int i = 0; i < 1'000; ++i) items.push_back(std::make_unique<int>(i));
  items.resize(10);
  trim(items);
  ASSERT_EQ(items.size(), 10u);
  EXPECT_EQ(items.capacity(), 20u);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(*items[static_cast<std::size_t>(i)], i);
}

TEST(Trim, LeavesAVectorThatIsUsedOrSmall) {
  std::vector<int> used(100);
  used.resize(26);
  trim(used);
  EXPECT_EQ(used.capacity(), 100u);
  std::vector<int> small(16);
  small.clear();
  trim(small);
  EXPECT_EQ(small.capacity(), 16u);
}

TEST(Trim, GivesAllBackWhenNothingIsInUse) {
  std::vector<int> items(100);
  items.clear();
  trim(items);
  EXPECT_EQ(items.capacity(), 0u);
}

TEST(Trim, LeavesRoomForWhatIsWanted) {
  std::vector<int> items(100);
  items.clear();
  trim(items, 26);
  EXPECT_EQ(items.capacity(), 100u);
  trim(items, 25);
  EXPECT_EQ(items.capacity(), 50u);
}

TEST(RecentPeak, FadesUntilNothingIsLeft) {
  RecentPeak peak;
  peak.see(1'000);
  peak.see(10);
  for (int i = 0; i < 22; ++i) EXPECT_GE(peak.fade(), 450u);
  EXPECT_LE(peak.fade(), 500u);
  for (int i = 0; i < 200; ++i) static_cast<void>(peak.fade());
  EXPECT_EQ(peak.fade(), 0u);
}

TEST(RecentPeak, HoldsWhatComesAgain) {
  RecentPeak peak;
  for (int i = 0; i < 100; ++i) {
    peak.see(64);
    EXPECT_GE(peak.fade(), 62u);
  }
}

}  // namespace
}  // namespace parley
