#include "core/rooms/room_name.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace parley::core {
namespace {

// `text` in a heap block of its exact size, so that ASan sees over-reads.
bool valid(std::string_view text) {
  const std::unique_ptr<char[]> exact(new char[text.size()]);
  if (!text.empty()) std::memcpy(exact.get(), text.data(), text.size());
  return valid_room_name({exact.get(), text.size()});
}

TEST(RoomName, HasOneTo64Bytes) {
  EXPECT_FALSE(valid(""));
  EXPECT_TRUE(valid("a"));
  EXPECT_TRUE(valid(std::string(64, 'a')));
  EXPECT_FALSE(valid(std::string(65, 'a')));
}

TEST(RoomName, CountsBytesNotCharacters) {
  std::string name;
  for (int i = 0; i < 32; ++i) name += "\xc3\xa4";
  EXPECT_TRUE(valid(name));
  EXPECT_FALSE(valid(name + "a"));
}

TEST(RoomName, HasNoControlCharacters) {
  for (int c = 0; c < 128; ++c) {
    const std::string name = std::string("a") + static_cast<char>(c) + "b";
    EXPECT_EQ(valid(name), c >= 0x20 && c != 0x7f) << c;
  }
  for (int c = 0x80; c < 0xc0; ++c) {  // U+0080 to U+00BF
    const std::string name = std::string("a\xc2") + static_cast<char>(c) + "b";
    EXPECT_EQ(valid(name), c >= 0xa0 && c != 0xad) << c;
  }
}

TEST(RoomName, HasNoCharactersThatCannotBeSeen) {
  for (const char* hidden : {"\u200b", "\u200e", "\u2028", "\u202e", "\u2066", "\ufeff"}) {
    EXPECT_FALSE(valid(std::string("a") + hidden + "b")) << hidden;
  }
  for (const char* seen : {"\u200d", "\u2027", "\u202f", "\u206a", "\u2010", "\ufefe"}) {
    EXPECT_TRUE(valid(std::string("a") + seen + "b")) << seen;
  }
}

TEST(RoomName, MayHoldSpacesAndAnyScript) {
  EXPECT_TRUE(valid(" a room "));
  EXPECT_TRUE(valid("\xe6\x88\xbf\xe9\x97\xb4"));
}

TEST(RoomId, IsTheSameForOneNameAndKey) {
  const HashKey key{1, 2, 3};
  EXPECT_EQ(room_id("general", key), room_id(std::string("general"), key));
}

TEST(RoomId, DependsOnTheKey) {
  EXPECT_NE(room_id("general", HashKey{1}), room_id("general", HashKey{2}));
}

TEST(RoomId, IsSharedByNoTwoOfManyNames) {
  const HashKey key{9};
  std::set<std::pair<std::uint64_t, std::uint64_t>> ids;
  for (int i = 0; i < 20'000; ++i) {
    const RoomId id = room_id("room-" + std::to_string(i), key);
    EXPECT_TRUE(ids.emplace(id.high, id.low).second);
  }
}

TEST(RoomId, SpreadsNamesOverWorkers) {
  const HashKey key{9};
  constexpr std::uint32_t workers = 7;
  std::uint32_t rooms_of[workers] = {};
  for (int i = 0; i < 7'000; ++i) {
    rooms_of[room_id("room-" + std::to_string(i), key).high % workers] += 1;
  }
  for (const std::uint32_t rooms : rooms_of) {
    EXPECT_GT(rooms, 800u);
    EXPECT_LT(rooms, 1'200u);
  }
}

}  // namespace
}  // namespace parley::core
