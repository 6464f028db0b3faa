// Stamps and fill: what was written is read, and nothing else is.
#include "loadgen/truth/stamp.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "loadgen/truth/random.h"

namespace parley::loadgen {
namespace {

constexpr std::string_view digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string payload_of(const Stamp& stamp) {
  std::string payload(stamp.bytes, '\0');
  write_payload(stamp, std::as_writable_bytes(std::span(payload)));
  return payload;
}

// Of a heap block of its exact size, so that a sanitizer sees an over-read by one.
struct Reading {
  explicit Reading(std::string_view text) : bytes(new std::byte[text.size()]), size(text.size()) {
    if (!text.empty()) std::memcpy(bytes.get(), text.data(), text.size());
  }
  [[nodiscard]] std::optional<std::size_t> find(std::size_t hint) const {
    return find_stamp(Bytes(bytes.get(), size), hint);
  }
  StampStatus read(std::size_t at) { return read_stamp(Bytes(bytes.get(), size), at, stamp); }

  std::unique_ptr<std::byte[]> bytes;
  std::size_t size;
  Stamp stamp;
};

StampStatus status_of(std::string_view text) {
  return Reading(text).read(0);
}

void expect_same(const Stamp& a, const Stamp& b) {
  EXPECT_EQ(a.run, b.run);
  EXPECT_EQ(a.room, b.room);
  EXPECT_EQ(a.stream, b.stream);
  EXPECT_EQ(a.number, b.number);
  EXPECT_EQ(a.due, b.due);
  EXPECT_EQ(a.slot, b.slot);
  EXPECT_EQ(a.bytes, b.bytes);
}

const Stamp ordinary{.run = 77'777,
                     .room = 1'234,
                     .stream = 99,
                     .number = 123'456,
                     .due = {12'345'678'900},
                     .slot = 15,
                     .bytes = 64};

TEST(Stamp, EveryFieldSurvivesAtBothEndsOfItsRange) {
  constexpr std::int64_t due_max = ((std::int64_t{1} << 48) - 1) * 100;
  for (std::uint32_t ends = 0; ends < 64; ++ends) {
    const Stamp stamp{.run = (ends & 1) != 0 ? run_max - 1 : 0,
                      .room = (ends & 2) != 0 ? rooms_max - 1 : 0,
                      .stream = (ends & 4) != 0 ? streams_max - 1 : 0,
                      .number = (ends & 8) != 0 ? number_max - 1 : 0,
                      .due = {(ends & 16) != 0 ? due_max : 0},
                      .slot = (ends & 32) != 0 ? slots_max - 1 : 0,
                      .bytes = 100};
    Reading reading(payload_of(stamp));
    ASSERT_EQ(reading.read(0), StampStatus::good);
    expect_same(reading.stamp, stamp);
  }
}

TEST(Stamp, PayloadsOfAllSizesAreReadAsTheyWereWritten) {
  std::uint64_t random = 3;
  for (std::uint32_t bytes = stamp_bytes; bytes <= 70'000; bytes += 1 + bytes / 50) {
    Stamp stamp = ordinary;
    stamp.bytes = bytes;
    stamp.number = static_cast<std::uint32_t>(next_random(random) % number_max);
    Reading reading(payload_of(stamp));
    ASSERT_EQ(reading.read(0), StampStatus::good) << bytes;
    expect_same(reading.stamp, stamp);
  }
  Stamp largest = ordinary;
  largest.bytes = payload_bytes_max;
  EXPECT_EQ(status_of(payload_of(largest)), StampStatus::good);
}

TEST(Stamp, IsTextThatNoFormatEscapes) {
  Stamp stamp = ordinary;
  stamp.bytes = 5'000;
  const std::string payload = payload_of(stamp);
  EXPECT_EQ(payload.substr(0, 4), "~PL~");
  EXPECT_EQ(payload.find_first_not_of(digits, 4), std::string::npos);
}

TEST(Stamp, IsFoundWithAGoodABadAndNoHint) {
  const std::string message = R"({"type":"message","message":")" + payload_of(ordinary) + R"("})";
  const std::size_t at = message.find("~PL~");
  const Reading reading(message);
  for (std::size_t hint = 0; hint < message.size() + 10; ++hint) {
    EXPECT_EQ(reading.find(hint), at) << hint;
  }
}

TEST(Stamp, IsNotFoundWhereThereIsNone) {
  for (const std::string_view text : {"", "~", "~PL", "~PL-", "hello", "~P~PL ~PL"}) {
    for (std::size_t hint = 0; hint < 12; ++hint) {
      EXPECT_EQ(Reading(text).find(hint), std::nullopt) << text;
    }
  }
  EXPECT_EQ(find_stamp({}, 0), std::nullopt);
}

TEST(Stamp, AChangedByteAnywhereBehindTheMarkIsSeen) {
  for (const std::uint32_t bytes : {64u, 600u, 5'000u}) {
    Stamp stamp = ordinary;
    stamp.bytes = bytes;
    const std::string good = payload_of(stamp);
    for (std::size_t at = 4; at < good.size(); ++at) {
      std::string bad = good;
      bad[at] = bad[at] == 'x' ? 'y' : 'x';
      EXPECT_NE(status_of(bad), StampStatus::good) << at << " of " << bytes;
    }
  }
}

TEST(Stamp, AnotherDigitInAnyFieldDoesNotPassForAnotherMessage) {
  const std::string good = payload_of(ordinary);
  for (std::size_t at = 4; at < stamp_bytes; ++at) {
    for (const char digit : digits) {
      if (digit == good[at]) continue;
      std::string bad = good;
      bad[at] = digit;
      EXPECT_EQ(status_of(bad), StampStatus::damaged) << "digit " << at << " is " << digit;
    }
  }
}

TEST(Stamp, ATruncatedMessageIsNotGood) {
  const std::string good = payload_of(ordinary);
  for (std::size_t bytes = 4; bytes < stamp_bytes; ++bytes) {
    EXPECT_EQ(status_of(std::string_view(good).substr(0, bytes)), StampStatus::malformed) << bytes;
  }
  for (std::size_t bytes = stamp_bytes; bytes < good.size(); ++bytes) {
    EXPECT_EQ(status_of(std::string_view(good).substr(0, bytes)), StampStatus::damaged) << bytes;
  }
}

TEST(Stamp, WithOtherBytesThanDigitsIsMalformed) {
  const std::string good = payload_of(ordinary);
  for (std::size_t at = 4; at < stamp_bytes; ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string bad = good;
      bad[at] = static_cast<char>(byte);
      if (digits.find(bad[at]) != std::string_view::npos) continue;
      EXPECT_EQ(status_of(bad), StampStatus::malformed) << at << ": " << byte;
    }
  }
}

TEST(Stamp, ThatSaysFewerBytesThanItHasItselfIsDamaged) {
  std::string bad = payload_of(ordinary);
  bad.replace(stamp_bytes - 4, 4, "AAAg");  // 32
  EXPECT_EQ(status_of(bad), StampStatus::damaged);
  bad.replace(stamp_bytes - 4, 4, "AAAA");
  EXPECT_EQ(status_of(bad), StampStatus::damaged);
}

TEST(Stamp, TwoDifferentNumbersGiveDifferentFills) {
  const auto fill_of = [](std::uint32_t number) {
    Stamp stamp = ordinary;
    stamp.number = number;
    return payload_of(stamp).substr(stamp_bytes);
  };
  for (std::uint32_t number = 0; number < 1'200; ++number) {
    for (std::uint32_t ahead = 1; ahead < 509; ahead += 1 + ahead / 8) {
      ASSERT_NE(fill_of(number), fill_of(number + ahead)) << number << " and " << ahead << " more";
    }
  }
}

TEST(Stamp, AFillOfAnotherMessageDoesNotPass) {
  std::uint64_t random = 5;
  Stamp other = ordinary;
  for (int i = 0; i < 500; ++i) {
    other.number = ordinary.number + 1 + static_cast<std::uint32_t>(next_random(random) % 508);
    const std::string mixed =
        payload_of(ordinary).substr(0, stamp_bytes) + payload_of(other).substr(stamp_bytes);
    EXPECT_EQ(status_of(mixed), StampStatus::damaged) << other.number;
  }
}

TEST(Stamp, IsReadOutOfAnyBytesAroundIt) {
  std::uint64_t random = 9;
  for (int i = 0; i < 2'000; ++i) {
    const auto below = [&random](std::uint64_t bound) {
      return static_cast<std::uint32_t>(next_random(random) % bound);
    };
    const Stamp stamp{.run = below(run_max),
                      .room = below(rooms_max),
                      .stream = below(streams_max),
                      .number = below(number_max),
                      .due = {static_cast<std::int64_t>(next_random(random) >> 16) * 100},
                      .slot = below(slots_max),
                      .bytes = static_cast<std::uint32_t>(stamp_bytes) + below(300)};
    std::string message;
    for (std::uint32_t k = below(50); k > 0; --k) message += static_cast<char>(below(256));
    if (message.find("~PL~") != std::string::npos) continue;
    while (message.ends_with('~')) message.pop_back();
    const std::size_t at = message.size();
    message += payload_of(stamp);
    for (std::uint32_t k = below(50); k > 0; --k) message += static_cast<char>(below(256));
    Reading reading(message);
    ASSERT_EQ(reading.find(below(100)), at);
    ASSERT_EQ(reading.read(at), StampStatus::good);
    expect_same(reading.stamp, stamp);
  }
}

TEST(Stamp, NoiseIsNeverGood) {
  std::uint64_t random = 21;
  for (int i = 0; i < 20'000; ++i) {
    std::string noise = "~PL~";
    const bool only_digits = i % 2 == 0;
    for (std::uint64_t k = next_random(random) % 200; k > 0; --k) {
      const std::uint64_t number = next_random(random);
      noise += only_digits ? digits[number % 64] : static_cast<char>(number);
    }
    EXPECT_NE(status_of(noise), StampStatus::good);
  }
}

}  // namespace
}  // namespace parley::loadgen
