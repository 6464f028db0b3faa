// A search for the highest value that holds, against servers that are formulas.
#include "loadgen/run/capacity.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace parley::loadgen {
namespace {

constexpr CapacitySearch::Options usual{.first = 1'000, .precision = 0.05, .confirm = 2};

TEST(CapacitySearch, FindsWhereItEndsFromBelowAndFromAbove) {
  for (const double end : {3.0, 700.0, 1'000.0, 54'321.0}) {
    CapacitySearch search(usual);
    while (!search.done()) search.tell(search.next() <= end);
    ASSERT_TRUE(search.answer().has_value()) << end;
    EXPECT_LE(*search.answer(), end);
    EXPECT_GE(*search.answer() * 1.05, end);
    ASSERT_TRUE(search.failed().has_value());
    EXPECT_GT(*search.failed(), end);
  }
}

TEST(CapacitySearch, OneNoisyRunDecidesNothing) {
  // Every third run says the opposite.
  CapacitySearch search(usual);
  for (int run = 1; !search.done(); ++run) {
    search.tell((search.next() <= 5'000) != (run % 3 == 0));
  }
  ASSERT_TRUE(search.answer().has_value());
  EXPECT_NEAR(*search.answer(), 5'000, 250);
}

TEST(CapacitySearch, BehindARunThatWasNoneGoodOnesCountAnew) {
  CapacitySearch search(usual);
  search.tell(true);
  search.tell_nothing();
  search.tell(true);
  EXPECT_EQ(search.next(), 1'000) << "Two good ones, but not in a row.";
  search.tell(true);
  EXPECT_EQ(search.next(), 2'000);
  search.tell(false);
  search.tell_nothing();
  search.tell(false);
  EXPECT_LT(search.next(), 2'000) << "Bad ones are bad, whatever was between them.";
}

TEST(CapacitySearch, WholeNumbersComeNoCloser) {
  CapacitySearch search({.first = 4, .precision = 0.001, .confirm = 1, .whole = true});
  while (!search.done()) search.tell(search.next() <= 5);
  EXPECT_EQ(search.answer(), 5);
  EXPECT_EQ(search.failed(), 6);
}

TEST(CapacitySearch, GivesUpWhereNothingHoldsAndWhereAllDoes) {
  CapacitySearch nothing({.first = 8, .precision = 0.1, .confirm = 1, .least = 1});
  while (!nothing.done()) nothing.tell(false);
  EXPECT_FALSE(nothing.answer().has_value());
  EXPECT_EQ(nothing.failed(), 1);
  CapacitySearch all({.first = 8, .precision = 0.1, .confirm = 1, .most = 100});
  while (!all.done()) all.tell(true);
  EXPECT_EQ(all.answer(), 64);
  EXPECT_FALSE(all.failed().has_value());
}

}  // namespace
}  // namespace parley::loadgen
