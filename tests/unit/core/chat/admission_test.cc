// Per-address admission: HubConfig::connections_per_address_max, over all workers.
#include <gtest/gtest.h>

#include "tests/unit/core/chat/chat_harness.h"

namespace parley::core {
namespace {

constexpr IpAddress home_address = IpAddress::v4(192, 0, 2, 1);

HubConfig at_most(std::uint32_t connections) {
  HubConfig config = unlimited();
  config.connections_per_address_max = connections;
  return config;
}

TEST(Admission, IsGrantedAtOnceWithoutALimit) {
  Chat chat({.config = unlimited()});
  const ConnId conn = chat.ask_admission(1, home_address);
  EXPECT_TRUE(chat.verdicts().at(conn.generation));
  EXPECT_EQ(chat.mail_waiting(), 0u);
}

TEST(Admission, CountsTheConnectionsOfAnAddressOverAllWorkers) {
  Chat chat({.config = at_most(4)});
  for (std::uint16_t i = 0; i < 9; ++i) {
    chat.ask_admission(static_cast<std::uint16_t>(i % 3), home_address);
  }
  chat.settle();
  int allowed = 0;
  for (const auto& [generation, verdict] : chat.verdicts()) allowed += verdict ? 1 : 0;
  EXPECT_EQ(chat.verdicts().size(), 9u);
  EXPECT_EQ(allowed, 4);
}

TEST(Admission, KeepsAddressesApart) {
  Chat chat({.config = at_most(1)});
  for (std::uint8_t i = 0; i < 50; ++i) chat.ask_admission(i % 3, IpAddress::v4(192, 0, 2, i));
  chat.settle();
  for (const auto& [generation, verdict] : chat.verdicts()) EXPECT_TRUE(verdict);
}

TEST(Admission, IsGrantedAgainWhenAConnectionWasReleased) {
  Chat chat({.config = at_most(1)});
  const ConnId first = chat.ask_admission(0, home_address);
  chat.settle();
  const ConnId second = chat.ask_admission(1, home_address);
  chat.settle();
  chat.release(0, home_address);
  chat.settle();
  const ConnId third = chat.ask_admission(2, home_address);
  chat.settle();
  EXPECT_TRUE(chat.verdicts().at(first.generation));
  EXPECT_FALSE(chat.verdicts().at(second.generation));
  EXPECT_TRUE(chat.verdicts().at(third.generation));
}

TEST(Admission, IsReturnedWhenTheConnectionWentBeforeTheVerdict) {
  Chat chat({.config = at_most(1)});
  for (std::uint16_t worker = 0; worker < 3; ++worker) {
    // On the worker that is the address's home the verdict comes within the call.
    chat.abandon(ConnId{0, worker + 1u});
    const ConnId conn = chat.ask_admission(worker, home_address);
    ASSERT_EQ(conn.generation, worker + 1u);
    chat.settle();
  }
  const ConnId last = chat.ask_admission(1, home_address);
  chat.settle();
  EXPECT_TRUE(chat.verdicts().at(last.generation));
}

TEST(Admission, OfAnAbandonedConnectionThatWasRefusedReturnsNothing) {
  Chat chat({.config = at_most(1)});
  const ConnId holder = chat.ask_admission(0, home_address);
  chat.settle();
  const ConnId gone{0, holder.generation + 1};
  chat.abandon(gone);
  chat.ask_admission(1, home_address);
  chat.settle();
  const ConnId third = chat.ask_admission(2, home_address);
  chat.settle();
  EXPECT_FALSE(chat.verdicts().at(third.generation));  // The holder still counts.
}

}  // namespace
}  // namespace parley::core
