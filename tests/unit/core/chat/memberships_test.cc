#include "core/chat/memberships.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>

namespace parley::core {
namespace {

TEST(Memberships, BeginsEmpty) {
  const Memberships rooms;
  EXPECT_TRUE(rooms.empty());
  EXPECT_EQ(rooms.begin(), rooms.end());
  EXPECT_EQ(rooms.find(0), nullptr);
}

TEST(Memberships, KeepsOneRoomInItself) {
  Memberships rooms;
  rooms.add({.room = 7, .position = 3});
  const auto* const self = reinterpret_cast<const std::byte*>(&rooms);
  const auto* const one = reinterpret_cast<const std::byte*>(rooms.find(7));
  EXPECT_TRUE(one >= self && one < self + sizeof(rooms));
}

TEST(Memberships, ReturnsIntoItselfWhenOneRoomIsLeft) {
  Memberships rooms;
  for (std::uint32_t room = 0; room < 64; ++room) rooms.add({.room = room, .position = room + 100});
  for (std::uint32_t room = 0; room < 64; ++room) {
    if (room != 40) rooms.remove(rooms.find(room));
  }
  ASSERT_EQ(rooms.size(), 1u);
  EXPECT_EQ(rooms.find(40)->position, 140u);
  const auto* const self = reinterpret_cast<const std::byte*>(&rooms);
  const auto* const one = reinterpret_cast<const std::byte*>(rooms.find(40));
  EXPECT_TRUE(one >= self && one < self + sizeof(rooms));
}

TEST(Memberships, AgreesWithAMap) {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    std::mt19937_64 random(seed);
    Memberships rooms;
    std::map<std::uint32_t, std::uint32_t> model;
    for (std::uint32_t step = 0; step < 4'000; ++step) {
      const auto room = static_cast<std::uint32_t>(random() % (2 + seed * 3));
      Membership* const found = rooms.find(room);
      ASSERT_EQ(found != nullptr, model.contains(room));
      if (found == nullptr) {
        rooms.add({.room = room, .position = step});
        model[room] = step;
      } else if (random() % 3 == 0) {
        found->position = step;
        model[room] = step;
      } else {
        rooms.remove(found);
        model.erase(room);
      }
      ASSERT_EQ(rooms.size(), model.size());
      for (const Membership& membership : rooms) {
        ASSERT_EQ(membership.position, model.at(membership.room));
      }
    }
  }
}

TEST(MembershipsDeathTest, RemovesOnlyItsOwn) {
  Memberships rooms;
  rooms.add({.room = 1, .position = 1});
  Membership stranger{.room = 1, .position = 1};
  EXPECT_DEATH(rooms.remove(&stranger), "CHECK failed");
}

}  // namespace
}  // namespace parley::core
