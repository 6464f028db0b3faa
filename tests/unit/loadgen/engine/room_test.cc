// A worker's part of a room, and the texts that are made for it.
#include "loadgen/engine/room.h"

#include <gtest/gtest.h>

namespace parley::loadgen {
namespace {

Room room_of(const RoomShare& share, std::uint32_t streams) {
  return Room(share, 100, streams, RoomNames{"load-{index}"}, R"(["{room}","{payload}"])");
}

TEST(Room, TheFirstMembersOfAWholeRoomPublishInTurns) {
  Room room = room_of({.room = 7, .room_members = 5, .first_member = 0, .members = 5}, 3);
  ASSERT_EQ(room.publishers().size(), 3u);
  for (std::uint32_t turn = 0; turn < 9; ++turn) {
    const Room::Publisher& publisher = room.next_publisher();
    EXPECT_EQ(publisher.stream, turn % 3);
    EXPECT_EQ(publisher.member, turn % 3);
  }
  EXPECT_EQ(room.slot_of(2), 102u);
  EXPECT_EQ(room.stream_of(2), 2u);
  EXPECT_EQ(room.stream_of(3), std::nullopt);
  EXPECT_EQ(room.stream_of(5), std::nullopt);
}

TEST(Room, APartHasThePublishersThatAreInIt) {
  Room room = room_of({.room = 0, .room_members = 10, .first_member = 4, .members = 3}, 6);
  ASSERT_EQ(room.publishers().size(), 2u);
  EXPECT_EQ(room.publishers()[0].stream, 4u);
  EXPECT_EQ(room.publishers()[0].member, 0u);
  EXPECT_EQ(room.publishers()[1].stream, 5u);
  EXPECT_EQ(room.stream_of(0), 4u);
  EXPECT_EQ(room.stream_of(2), std::nullopt);
  const Room last = room_of({.room = 0, .room_members = 10, .first_member = 7, .members = 3}, 6);
  EXPECT_TRUE(last.publishers().empty());
}

TEST(Room, CountsItsOwnStreamsAndNotThoseOfOthers) {
  Room room = room_of({.room = 0, .room_members = 4, .first_member = 1, .members = 2}, 4);
  EXPECT_EQ(room.take_number(1), 0u);
  EXPECT_EQ(room.take_number(1), 1u);
  EXPECT_EQ(room.take_number(2), 0u);
  const std::vector<std::uint32_t> sent(room.sent().begin(), room.sent().end());
  EXPECT_EQ(sent, (std::vector<std::uint32_t>{Ledger::not_known, 2, 1, Ledger::not_known}));
}

TEST(Room, HasAnIdleLedgerWithoutPublishers) {
  Room room = room_of({.room = 3, .room_members = 2, .first_member = 0, .members = 2}, 0);
  EXPECT_TRUE(room.publishers().empty());
  EXPECT_EQ(room.ledger().streams(), 0u);
  EXPECT_EQ(room.stream_of(0), std::nullopt);
}

TEST(Room, FillsInItsNameAroundThePayload) {
  const Room room = room_of({.room = 42, .room_members = 1, .first_member = 0, .members = 1}, 1);
  EXPECT_EQ(room.name(), "load-42");
  EXPECT_EQ(room.message().before, R"(["load-42",")");
  EXPECT_EQ(room.message().behind, R"("])");
}

TEST(TemplateText, EveryPlaceholderIsFilledInAsOftenAsItIsThere) {
  EXPECT_EQ(filled("{room}/{room}?i={index}&m={member}&p={payload}", "r", 3, 9),
            "r/r?i=3&m=9&p={payload}");
  EXPECT_EQ(filled("", "r", 1, 2), "");
  EXPECT_EQ(filled("{other} {roo", "r", 1, 2), "{other} {roo");
  EXPECT_EQ((RoomNames{"a-{index}-{index}"}.name(12)), "a-12-12");
  EXPECT_EQ((RoomNames{"lobby"}.name(12)), "lobby");
}

TEST(TemplateText, AMessageIsCutAtItsPayload) {
  EXPECT_EQ(parts_of("{payload}").before, "");
  EXPECT_EQ(parts_of("{payload}").behind, "");
  EXPECT_EQ(parts_of("a{payload}b").before, "a");
  EXPECT_EQ(parts_of("a{payload}b").behind, "b");
}

}  // namespace
}  // namespace parley::loadgen
