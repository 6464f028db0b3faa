#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "core/mail/post_office.h"
#include "core/payload/payload_pool.h"

namespace parley::core {
namespace {

// One kind of each rank.
constexpr MailKind kinds[mail_ranks] = {MailKind::ip_admit, MailKind::user_checked,
                                        MailKind::publish, MailKind::deliver};

Mail letter(MailRank rank, std::uint64_t number) {
  Mail mail;
  mail.kind = kinds[static_cast<std::size_t>(rank)];
  mail.number = number;
  return mail;
}

std::vector<std::uint64_t> receive_all(Mailbox& mailbox) {
  std::vector<std::uint64_t> numbers;
  for (Mail mail; mailbox.receive(mail);) numbers.push_back(mail.number);
  return numbers;
}

std::vector<std::uint16_t> woken(Mailbox& mailbox) {
  std::vector<std::uint16_t> workers;
  for (const WorkerId worker : mailbox.flush()) workers.push_back(worker.value);
  return workers;
}

using Numbers = std::vector<std::uint64_t>;
using Workers = std::vector<std::uint16_t>;
constexpr WorkerId zero{0};
constexpr WorkerId one{1};

TEST(Mailbox, DeliversInOrderBetweenTwoWorkersAndNamesTheSender) {
  PostOffice office(2, 8);
  Mailbox a(office, zero);
  Mailbox b(office, one);
  a.post(one, letter(MailRank::to_home, 1));
  a.post(one, letter(MailRank::to_home, 2));
  EXPECT_EQ(woken(a), Workers{});
  Mail mail;
  ASSERT_TRUE(b.receive(mail));
  EXPECT_EQ(mail.from, zero);
  EXPECT_EQ(mail.kind, MailKind::publish);
  EXPECT_EQ(mail.number, 1u);
  EXPECT_EQ(receive_all(b), Numbers{2});
}

TEST(Mailbox, DeliversToOneself) {
  PostOffice office(1, 8);
  Mailbox mailbox(office, zero);
  for (std::uint64_t i = 0; i < 1'000; ++i) mailbox.post(zero, letter(MailRank::to_home, i));
  EXPECT_FALSE(mailbox.must_hold_back());
  EXPECT_FALSE(mailbox.try_sleep());
  EXPECT_EQ(woken(mailbox), Workers{});
  Mail mail;
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(mailbox.receive(mail));
    EXPECT_EQ(mail.number, i);
    EXPECT_EQ(mail.from, zero);
  }
  EXPECT_FALSE(mailbox.receive(mail));
  EXPECT_TRUE(mailbox.try_sleep());
}

TEST(Mailbox, GivesTheHighestRankFirst) {
  PostOffice office(3, 8);
  Mailbox a(office, zero);
  Mailbox b(office, one);
  Mailbox c(office, {2});
  a.post({2}, letter(MailRank::check_ip, 1));
  a.post({2}, letter(MailRank::to_home, 3));
  b.post({2}, letter(MailRank::check_user, 2));
  b.post({2}, letter(MailRank::to_edge, 4));
  c.post({2}, letter(MailRank::to_home, 30));
  static_cast<void>(a.flush());
  static_cast<void>(b.flush());
  const Numbers numbers = receive_all(c);
  ASSERT_EQ(numbers.size(), 5u);
  EXPECT_EQ(numbers[0], 4u);
  EXPECT_EQ(numbers[1] + numbers[2], 33u);
  EXPECT_EQ(numbers[3], 2u);
  EXPECT_EQ(numbers[4], 1u);
}

TEST(Mailbox, ServesSendersInTurnsWhenAllHaveMuch) {
  constexpr std::uint16_t workers = 70;  // More than one word of bits.
  PostOffice office(workers, 64);
  std::vector<std::unique_ptr<Mailbox>> senders;
  for (std::uint16_t i = 0; i < workers; ++i) {
    senders.push_back(std::make_unique<Mailbox>(office, WorkerId{i}));
  }
  Mailbox& target = *senders[3];
  for (int n = 0; n < 64; ++n) {
    for (auto& sender : senders) sender->post({3}, letter(MailRank::to_home, 0));
  }
  for (auto& sender : senders) static_cast<void>(sender->flush());
  std::vector<int> got(workers, 0);
  for (int i = 0; i < workers * 32; ++i) {
    Mail mail;
    ASSERT_TRUE(target.receive(mail));
    ++got[mail.from.value];
  }
  // Half of all letters: about half of each sender's.
  for (const int count : got) {
    EXPECT_GE(count, 16);
    EXPECT_LE(count, 48);
  }
}

TEST(Mailbox, NamesASleeperOnceAndABusyWorkerNever) {
  PostOffice office(3, 8);
  Mailbox a(office, zero);
  Mailbox b(office, one);
  Mailbox c(office, {2});
  a.post(one, letter(MailRank::to_edge, 1));
  EXPECT_EQ(woken(a), Workers{});
  EXPECT_EQ(receive_all(b), Numbers{1});

  ASSERT_TRUE(b.try_sleep());
  EXPECT_EQ(woken(a), Workers{});  // Nothing was posted.
  a.post(one, letter(MailRank::to_edge, 2));
  a.post(one, letter(MailRank::check_ip, 3));
  EXPECT_EQ(woken(a), Workers{1});
  c.post(one, letter(MailRank::to_edge, 4));
  EXPECT_EQ(woken(c), Workers{});  // Another undertook to wake it.
  b.woke();
  EXPECT_THAT(receive_all(b), testing::UnorderedElementsAre(2, 3, 4));
}

TEST(Mailbox, DoesNotSleepOverMailThatIsWaitingOrNotFlushed) {
  PostOffice office(2, 8);
  Mailbox a(office, zero);
  Mailbox b(office, one);
  a.post(one, letter(MailRank::to_edge, 1));
  EXPECT_FALSE(a.try_sleep());  // Nobody knows of that letter yet.
  static_cast<void>(a.flush());
  EXPECT_TRUE(a.try_sleep());
  a.woke();
  EXPECT_FALSE(b.try_sleep());
  EXPECT_EQ(receive_all(b), Numbers{1});
  EXPECT_TRUE(b.try_sleep());
}

TEST(Mailbox, AfterAFailedTrySleepNobodyWakesIt) {
  PostOffice office(2, 8);
  Mailbox a(office, zero);
  Mailbox b(office, one);
  a.post(one, letter(MailRank::to_edge, 1));
  static_cast<void>(a.flush());
  EXPECT_FALSE(b.try_sleep());
  a.post(one, letter(MailRank::to_edge, 2));
  EXPECT_EQ(woken(a), Workers{});
}

TEST(Mailbox, KeepsOrderThroughOverflow) {
  PostOffice office(2, 4);
  Mailbox a(office, zero);
  Mailbox b(office, one);
  std::uint64_t posted = 0;
  for (; posted < 10; ++posted) a.post(one, letter(MailRank::to_home, posted));
  EXPECT_TRUE(a.must_hold_back());
  EXPECT_EQ(a.overflow_count(), 6u);
  std::uint64_t expected = 0;
  int turns = 0;
  while (expected < 1'000) {
    static_cast<void>(a.flush());
    for (const std::uint64_t number : receive_all(b)) EXPECT_EQ(number, expected++);
    if (posted < 1'000) a.post(one, letter(MailRank::to_home, posted++));
    ASSERT_LT(++turns, 2'000);
  }
  EXPECT_FALSE(a.must_hold_back());
  EXPECT_EQ(a.overflow_count(), 0u);
}

TEST(Mailbox, OverflowToOneTargetDoesNotDelayAnother) {
  PostOffice office(3, 1);
  Mailbox a(office, zero);
  Mailbox b(office, one);
  Mailbox c(office, {2});
  for (std::uint64_t i = 0; i < 5; ++i) a.post(one, letter(MailRank::to_edge, i));
  a.post({2}, letter(MailRank::to_edge, 100));
  static_cast<void>(a.flush());
  EXPECT_EQ(receive_all(c), Numbers{100});
  EXPECT_EQ(receive_all(b), Numbers{0});
}

TEST(Mailbox, WithholdsLowerRanksWhileHigherMailOverflows) {
  PostOffice office(2, 1);
  Mailbox a(office, zero);
  Mailbox b(office, one);
  b.post(zero, letter(MailRank::check_ip, 1));
  b.post(zero, letter(MailRank::check_user, 2));
  b.post(zero, letter(MailRank::to_home, 3));
  b.post(zero, letter(MailRank::to_edge, 4));
  static_cast<void>(b.flush());
  a.post(zero, letter(MailRank::check_ip, 10));
  a.post(one, letter(MailRank::to_home, 20));
  a.post(one, letter(MailRank::to_home, 21));
  ASSERT_TRUE(a.must_hold_back());
  // to_home mail overflows: what could cause more of it is withheld, oneself's included.
  EXPECT_EQ(receive_all(a), (Numbers{4, 3}));
  static_cast<void>(a.flush());
  EXPECT_TRUE(a.try_sleep());  // What is withheld does not keep it awake.
  a.woke();
  EXPECT_EQ(receive_all(b), Numbers{20});
  static_cast<void>(a.flush());
  EXPECT_FALSE(a.must_hold_back());
  const Numbers rest = receive_all(a);
  ASSERT_EQ(rest.size(), 3u);
  EXPECT_EQ(rest[0], 2u);
  EXPECT_EQ(rest[1] + rest[2], 11u);
  EXPECT_EQ(receive_all(b), Numbers{21});
}

TEST(Mailbox, AlwaysGivesMailToTheEdge) {
  PostOffice office(2, 1);
  Mailbox a(office, zero);
  Mailbox b(office, one);
  a.post(one, letter(MailRank::to_edge, 1));
  a.post(one, letter(MailRank::to_edge, 2));
  b.post(zero, letter(MailRank::to_edge, 3));
  b.post(zero, letter(MailRank::to_home, 4));
  static_cast<void>(b.flush());
  EXPECT_TRUE(a.must_hold_back());
  EXPECT_EQ(receive_all(a), Numbers{3});
}

TEST(Mailbox, TwoWorkersThatFloodEachOtherBothFinish) {
  PostOffice office(2, 1);
  Mailbox a(office, zero);
  Mailbox b(office, one);
  constexpr std::uint64_t letters = 500;
  for (std::uint64_t i = 0; i < letters; ++i) {
    a.post(one, letter(MailRank::to_home, i));
    b.post(zero, letter(MailRank::to_home, i));
  }
  // Each to_home letter causes one to_edge letter back.
  std::uint64_t edge_letters = 0;
  for (std::uint64_t turn = 0; turn < 10 * letters; ++turn) {
    for (Mailbox* mailbox : {&a, &b}) {
      for (Mail mail; mailbox->receive(mail);) {
        if (mail.kind == MailKind::publish) {
          mailbox->post(mail.from, letter(MailRank::to_edge, mail.number));
        } else {
          ++edge_letters;
        }
      }
      static_cast<void>(mailbox->flush());
    }
  }
  EXPECT_EQ(edge_letters, 2 * letters);
  EXPECT_FALSE(a.must_hold_back());
  EXPECT_FALSE(b.must_hold_back());
}

TEST(Mailbox, LeaksNoPayloadWhenDestroyedWithMailEverywhere) {
  PayloadPool pool(1 << 20);
  {
    PostOffice office(2, 4);
    Mailbox a(office, zero);
    Mailbox b(office, one);
    for (std::uint64_t i = 0; i < 20; ++i) {
      for (const WorkerId target : {zero, one}) {
        Mail mail = letter(MailRank::to_edge, i);
        mail.payload = pool.allocate(100);
        mail.subject = mail.payload.share();
        a.post(target, std::move(mail));
      }
    }
    static_cast<void>(a.flush());
    Mail mail;
    EXPECT_TRUE(b.receive(mail));
    EXPECT_TRUE(mail.payload);
  }
  EXPECT_EQ(pool.blocks_in_use(), 0u);
}

TEST(Mailbox, ReceivingIntoAUsedMailGivesBackWhatItHeld) {
  PayloadPool pool(1 << 20);
  PostOffice office(1, 4);
  Mailbox mailbox(office, zero);
  Mail held = letter(MailRank::to_edge, 0);
  held.payload = pool.allocate(10);
  mailbox.post(zero, letter(MailRank::to_edge, 1));
  ASSERT_TRUE(mailbox.receive(held));
  EXPECT_FALSE(held.payload);
  EXPECT_EQ(pool.blocks_in_use(), 0u);
}

TEST(Mailbox, WorksWithTheMostWorkersAllowed) {
  PostOffice office(workers_max, 2);
  Mailbox first(office, zero);
  Mailbox last(office, {workers_max - 1});
  ASSERT_TRUE(last.try_sleep());
  first.post({workers_max - 1}, letter(MailRank::to_edge, 1));
  EXPECT_EQ(woken(first), Workers{workers_max - 1});
  EXPECT_EQ(receive_all(last), Numbers{1});
  for (std::uint64_t i = 0; i < 5; ++i) last.post(zero, letter(MailRank::to_home, i));
  static_cast<void>(last.flush());
  EXPECT_EQ(receive_all(first), (Numbers{0, 1}));
  static_cast<void>(last.flush());
  EXPECT_EQ(receive_all(first), (Numbers{2, 3}));
}

}  // namespace
}  // namespace parley::core
