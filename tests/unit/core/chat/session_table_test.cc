#include "core/chat/session_table.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <random>

namespace parley::core {
namespace {

TEST(SessionTable, FindsOnlyTheTenantOfASlot) {
  SessionTable table;
  EXPECT_EQ(table.find({3, 1}), nullptr);
  table.open({3, 1});
  EXPECT_NE(table.find({3, 1}), nullptr);
  EXPECT_EQ(table.find({3, 2}), nullptr);
  EXPECT_EQ(table.find({4, 1}), nullptr);
  table.close(*table.find({3, 1}));
  EXPECT_EQ(table.find({3, 1}), nullptr);
  table.open({3, 2});
  EXPECT_EQ(table.find({3, 1}), nullptr);
  EXPECT_EQ(&table.at(3), table.find({3, 2}));
}

TEST(SessionTable, FindsNobodyByAnEmptyId) {
  SessionTable table;
  table.open({0, 1});
  EXPECT_EQ(table.find(ConnId{}), nullptr);
}

TEST(SessionTable, GivesASlotsNextTenantNothingOfItsLast) {
  SessionTable table;
  table.open({9, 1});  // So that the chunk stays.
  Session& session = table.open({5, 1});
  session.identity = CompactIdentity({.id = "user:ada", .name = "Ada", .guest = false});
  session.requests = std::make_unique<Requests>();
  table.close(session);
  Session& next = table.open({5, 2});
  EXPECT_EQ(next.requests, nullptr);
  IdentitySpelling spelling;
  EXPECT_DEATH(static_cast<void>(next.identity.view(spelling)), "CHECK failed");
}

TEST(SessionTable, AgreesWithAMapAndMovesNoSession) {
  std::mt19937_64 random(1);
  SessionTable table;
  std::map<std::uint32_t, Session*> model;
  std::uint32_t generation = 0;
  for (std::uint32_t step = 0; step < 20'000; ++step) {
    const auto slot = static_cast<std::uint32_t>(random() % 1'500);
    const auto known = model.find(slot);
    if (known == model.end()) {
      model[slot] = &table.open({slot, ++generation});
    } else {
      ASSERT_EQ(table.find(known->second->conn), known->second);
      ASSERT_EQ(known->second->conn.slot, slot);
      table.close(*known->second);
      model.erase(known);
    }
    ASSERT_EQ(table.sessions(), model.size());
  }
}

TEST(SessionTableDeathTest, OpensASlotOnce) {
  SessionTable table;
  table.open({3, 1});
  EXPECT_DEATH(table.open({3, 2}), "CHECK failed");
}

}  // namespace
}  // namespace parley::core
