// Numbers as people write them, good and bad.
#include "loadgen/plan/units.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>

namespace parley::loadgen {
namespace {

template <class Value>
struct Row {
  std::string_view text;
  Value value;
};

TEST(Units, CountsAreReadWithTheirFactors) {
  for (const auto& [text, value] :
       {Row<std::uint64_t>{"0", 0}, Row<std::uint64_t>{"1500", 1'500},
        Row<std::uint64_t>{"10k", 10'000}, Row<std::uint64_t>{"10 k", 10'000},
        Row<std::uint64_t>{"2M", 2'000'000}, Row<std::uint64_t>{"1.5k", 1'500},
        Row<std::uint64_t>{"1.001k", 1'001}, Row<std::uint64_t>{"3G", 3'000'000'000}}) {
    const Result<std::uint64_t> count = parse_count(text);
    ASSERT_TRUE(count) << text;
    EXPECT_EQ(*count, value) << text;
  }
}

TEST(Units, EveryCountWithThreeDecimalsIsWhole) {
  for (std::uint32_t n = 0; n < 20'000; ++n) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%u.%03uk", n / 1'000, n % 1'000);
    const Result<std::uint64_t> count = parse_count(text.data());
    ASSERT_TRUE(count) << text.data();
    ASSERT_EQ(*count, n) << text.data();
    text.back() = '\0';
    std::snprintf(text.data(), text.size(), "%u.%03us", n / 1'000, n % 1'000);
    const Result<Duration> time = parse_duration(text.data());
    ASSERT_TRUE(time) << text.data();
    ASSERT_EQ(*time, milliseconds(n)) << text.data();
  }
}

TEST(Units, BadCountsAreRefused) {
  for (const std::string_view text :
       {"", "-1", "-5k", "1.5", "1.0005k", "k", "1K", "1m", "ten", "1e3", "1 000", "inf", "nan",
        "0x10", "1kk", "1k ", " 1", "9999999999G", "+1"}) {
    EXPECT_FALSE(parse_count(text)) << text;
  }
}

TEST(Units, BytesAreReadInBothSystems) {
  for (const auto& [text, value] :
       {Row<std::uint64_t>{"64", 64}, Row<std::uint64_t>{"64B", 64},
        Row<std::uint64_t>{"10kB", 10'000}, Row<std::uint64_t>{"16KiB", 16'384},
        Row<std::uint64_t>{"1.5KiB", 1'536}, Row<std::uint64_t>{"1MiB", 1'048'576},
        Row<std::uint64_t>{"2 MB", 2'000'000}, Row<std::uint64_t>{"1GiB", 1'073'741'824}}) {
    const Result<std::uint64_t> bytes = parse_bytes(text);
    ASSERT_TRUE(bytes) << text;
    EXPECT_EQ(*bytes, value) << text;
  }
  for (const std::string_view text : {"", "64.5", "-1B", "KiB", "1kb", "1k", "1MIB", "1TB"}) {
    EXPECT_FALSE(parse_bytes(text)) << text;
  }
}

TEST(Units, TimesNeedAUnitUnlessTheyAreZero) {
  for (const auto& [text, value] :
       {Row<Duration>{"0", {}}, Row<Duration>{"0s", {}}, Row<Duration>{"1ns", {1}},
        Row<Duration>{"500us", microseconds(500)}, Row<Duration>{"20ms", milliseconds(20)},
        Row<Duration>{"10s", seconds(10)}, Row<Duration>{"1.5s", milliseconds(1'500)},
        Row<Duration>{"5m", seconds(300)}, Row<Duration>{"1h", seconds(3'600)}}) {
    const Result<Duration> time = parse_duration(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(*time, value) << text;
  }
  for (const std::string_view text :
       {"", "5", "1.5", "-1s", "1S", "s", "1d", "1 sec", "1h30m", "999999999999h", "inf s"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Units, RatesAreOfASecondAMinuteOrAnHour) {
  for (const auto& [text, value] :
       {Row<double>{"off", 0}, Row<double>{"0", 0}, Row<double>{"0/s", 0},
        Row<double>{"1000/s", 1'000}, Row<double>{"10k/s", 10'000}, Row<double>{"30/m", 0.5},
        Row<double>{"1.5/s", 1.5}, Row<double>{"3600/h", 1}, Row<double>{"2M/s", 2e6}}) {
    const Result<double> rate = parse_rate(text);
    ASSERT_TRUE(rate) << text;
    EXPECT_DOUBLE_EQ(*rate, value) << text;
  }
  for (const std::string_view text :
       {"", "5", "/s", "5/", "5/ms", "-5/s", "5/s/s", "on", "Off", "5 per s", "5/s "}) {
    EXPECT_FALSE(parse_rate(text)) << text;
  }
}

TEST(Units, SharesAreAtMostAll) {
  for (const auto& [text, value] :
       {Row<double>{"0", 0}, Row<double>{"0.05", 0.05}, Row<double>{"5%", 0.05},
        Row<double>{"5 %", 0.05}, Row<double>{"1", 1}, Row<double>{"100%", 1}}) {
    const Result<double> share = parse_share(text);
    ASSERT_TRUE(share) << text;
    EXPECT_DOUBLE_EQ(*share, value) << text;
  }
  for (const std::string_view text : {"", "1.01", "101%", "-1%", "half", "5%%", "50"}) {
    EXPECT_FALSE(parse_share(text)) << text;
  }
}

TEST(Units, NumbersAreShownShort) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1'250'000), "1.25 M");
  EXPECT_EQ(duration_text(microseconds(431)), "431 us");
  EXPECT_EQ(duration_text({}), "0 ns");
  EXPECT_EQ(bytes_text(2.1 * 1'073'741'824), "2.10 GiB");
}

TEST(Units, SpacesAroundATextAreTakenOff) {
  EXPECT_EQ(trimmed("  a b "), "a b");
  EXPECT_EQ(trimmed("   "), "");
}

TEST(Units, ATextOfAStrangerIsShownWithoutControlCharacters) {
  EXPECT_EQ(printable("1001 idle \u00fc \u20ac \U0001f600"), "1001 idle \u00fc \u20ac \U0001f600");
  EXPECT_EQ(printable("\x1b[2J\r\n\x7f"), "\\x1b[2J\\x0d\\x0a\\x7f");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");           // CSI of C1.
  EXPECT_EQ(printable("\x9b\xc3"), "\\x9b\\xc3");           // No UTF-8, and one that is cut.
  EXPECT_EQ(printable("\xc1\xbf\xc0"), "\\xc1\\xbf\\xc0");  // Overlong.
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // A surrogate.
  EXPECT_EQ(printable("\xe2\x80\xae"), "\\xe2\\x80\\xae");  // Text that runs backwards.
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(printable(""), "");
}

}  // namespace
}  // namespace parley::loadgen
