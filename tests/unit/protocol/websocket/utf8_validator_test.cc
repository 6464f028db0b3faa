// RFC 3629, and RFC 6455 section 8.1: text that is not UTF-8 fails the connection.
#include "protocol/websocket/utf8_validator.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>

#include "tests/differential/naive_ws_reader.h"
#include "tests/differential/ws_frames.h"

namespace parley::protocol {
namespace {

using test::bytes_of;
using test::ByteString;
using test::from_hex;

bool feed(Utf8Validator& utf8, std::span<const std::uint8_t> bytes) {
  const std::unique_ptr<std::byte[]> block(new std::byte[bytes.size()]);
  if (!bytes.empty()) std::memcpy(block.get(), bytes.data(), bytes.size());
  return utf8.feed(Bytes(block.get(), bytes.size()));
}

bool valid(const ByteString& text) {
  Utf8Validator utf8;
  return feed(utf8, text) && utf8.at_code_point_end();
}

TEST(Utf8Validator, AcceptsTheFirstAndLastCodePointOfEveryLength) {  // RFC 3629 section 3
  for (const char* text : {"", "00", "7f", "c2 80", "df bf", "e0 a0 80", "ed 9f bf", "ee 80 80",
                           "ef bf bf", "f0 90 80 80", "f4 8f bf bf"}) {
    EXPECT_TRUE(valid(from_hex(text))) << text;
  }
}

TEST(Utf8Validator, RefusesOverlongSurrogateTooLargeAndStrayBytes) {  // RFC 3629 sections 3, 10
  for (const char* text : {"80",
                           "bf",
                           "c0 80",
                           "c1 bf",
                           "e0 80 80",
                           "e0 9f bf",
                           "f0 80 80 80",
                           "f0 8f bf bf",
                           "ed a0 80",
                           "ed bf bf",
                           "ed a0 80 ed b0 80",
                           "f4 90 80 80",
                           "f5 80 80 80",
                           "f8 88 80 80 80",
                           "fc 84 80 80 80 80",
                           "fe",
                           "ff",
                           "c3 28",
                           "e2 82 28",
                           "f0 9f 98 28",
                           "61 80"}) {
    EXPECT_FALSE(valid(from_hex(text))) << text;
  }
}

TEST(Utf8Validator, RefusesTextThatEndsInsideACodePoint) {
  for (const char* text : {"c3", "e2", "e2 82", "f0", "f0 9f", "f0 9f 98", "61 62 e2 82"}) {
    Utf8Validator utf8;
    EXPECT_TRUE(feed(utf8, from_hex(text))) << text;
    EXPECT_FALSE(utf8.at_code_point_end()) << text;
  }
}

// Every sequence of up to three bytes, and every one of four whose first byte can lead four.
TEST(Utf8Validator, AgreesWithArithmeticOnEveryShortSequence) {
  const auto agrees = [](std::span<const std::uint8_t> text) {
    Utf8Validator utf8;
    const std::size_t bad = test::first_bad_byte(text);
    for (std::size_t index = 0; index < text.size(); ++index) {
      const auto byte = static_cast<std::byte>(text[index]);
      if (utf8.feed(Bytes(&byte, 1)) != (index < bad)) return false;
    }
    return true;
  };
  std::uint64_t disagreements = 0;
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      for (unsigned c = 0; c < 256; ++c) {
        std::uint8_t text[4] = {static_cast<std::uint8_t>(a), static_cast<std::uint8_t>(b),
                                static_cast<std::uint8_t>(c), 0};
        if (a < 0xf0) {
          disagreements += !agrees(std::span(text, 3));
          continue;
        }
        for (const int d : {0x00, 0x7f, 0x80, 0x8f, 0x90, 0xbf, 0xc0, 0xff}) {
          text[3] = static_cast<std::uint8_t>(d);
          disagreements += !agrees(text);
        }
      }
    }
  }
  EXPECT_EQ(disagreements, 0u);
}

// Long enough for the vector path, with a bad byte at every place and a cut at every place.
TEST(Utf8Validator, FindsTheBadByteInTheSliceThatHoldsIt) {
  ByteString good;
  while (good.size() < 150) {
    for (const char* text : {"61", "c3 a9", "e2 82 ac", "f0 9f 98 80"}) {
      const ByteString code_point = from_hex(text);
      good.insert(good.end(), code_point.begin(), code_point.end());
    }
  }
  for (std::size_t broken = 0; broken < good.size(); ++broken) {
    ByteString text = good;
    text[broken] = 0xff;
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      Utf8Validator utf8;
      const std::span<const std::uint8_t> all = text;
      EXPECT_EQ(feed(utf8, all.first(cut)), cut <= broken);
      EXPECT_FALSE(feed(utf8, all.subspan(cut)));
    }
  }
}

TEST(Utf8Validator, AcceptsGoodTextCutAnywhere) {
  ByteString text;
  for (int i = 0; i < 40; ++i) {
    const ByteString part = bytes_of("d\xc3\xa9j\xc3\xa0 \xe2\x82\xac \xf0\x9f\x98\x80");
    text.insert(text.end(), part.begin(), part.end());
  }
  const std::span<const std::uint8_t> all = text;
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    Utf8Validator utf8;
    EXPECT_TRUE(feed(utf8, all.first(cut)));
    EXPECT_TRUE(feed(utf8, all.subspan(cut)));
    EXPECT_TRUE(utf8.at_code_point_end());
  }
}

TEST(Utf8Validator, RefusesABadTailBehindALongGoodText) {
  for (const char* tail : {"c0", "e0 80", "ed a0", "f0 80", "f4 90", "f5", "e2 28", "80"}) {
    ByteString text = from_hex("c3 a9");
    for (int i = 0; i < 7; ++i) text.insert(text.end(), text.begin(), text.end());
    const ByteString bad = from_hex(tail);
    text.insert(text.end(), bad.begin(), bad.end());
    Utf8Validator utf8;
    EXPECT_FALSE(feed(utf8, text)) << tail;
  }
}

TEST(Utf8Validator, StaysRefusedUntilReset) {
  Utf8Validator utf8;
  EXPECT_FALSE(feed(utf8, from_hex("ff")));
  EXPECT_FALSE(feed(utf8, from_hex("61")));
  EXPECT_FALSE(utf8.at_code_point_end());
  utf8.reset();
  EXPECT_TRUE(feed(utf8, from_hex("61")));
  EXPECT_TRUE(utf8.at_code_point_end());
}

}  // namespace
}  // namespace parley::protocol
