#include "core/classic/epoch.h"

#include <gtest/gtest.h>

#include <random>

namespace parley::core {
namespace {

TEST(Epoch, SurvivesTheWayToTheClientAndBack) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 1'000; ++i) {
    const std::uint64_t epoch = random() | 1;
    EXPECT_EQ(parse_epoch(EpochText(epoch).view()), epoch);
  }
  EXPECT_EQ(parse_epoch(EpochText(UINT64_MAX).view()), UINT64_MAX);
  EXPECT_EQ(parse_epoch(EpochText(1).view()), 1u);
}

TEST(Epoch, IsNoneWhenTheTextIsEmpty) {
  EXPECT_EQ(parse_epoch(""), 0u);
}

TEST(Epoch, IsNobodysWhenTheTextIsNotOne) {
  for (const std::string_view text :
       {"0", " 1", "1 ", "-1", "+1", "1.5", "zzzzzzzzzzzzzzzz", "\xc3\xa4", "a b"}) {
    const std::uint64_t epoch = parse_epoch(text);
    EXPECT_NE(epoch, 0u) << text;
    EXPECT_EQ(epoch % 2, 0u) << text;  // Rooms have odd epochs.
  }
}

}  // namespace
}  // namespace parley::core
