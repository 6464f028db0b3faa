// How a worker falls asleep and is woken (core/mail/post_office.cc), step by step, in every
// execution the memory model allows: one or two senders, one worker that sleeps when it can.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>

#include "tests/unit/core/queue/weak_memory.h"

namespace parley::core {
namespace {

using model::Order;

// What a variant does otherwise than the mailbox; each must be found wrong, or the test sees
// nothing.
struct Variant {
  std::uint8_t senders = 1;
  std::uint8_t letters = 2;             // Of each sender; each is flushed alone.
  std::uint8_t spurious_wakes = 1;      // By completions that have nothing to do with mail.
  Order announce = Order::seq_cst;      // arrived.fetch_or in announce()
  Order read_asleep = Order::seq_cst;   // asleep.load in name_sleepers()
  Order write_asleep = Order::seq_cst;  // asleep.store(true) in try_sleep()
  Order read_arrived = Order::seq_cst;  // arrived.load in anything_receivable()
  Order take_arrived = Order::acquire;  // arrived.exchange in look_into_inbox()
  bool announce_before_push = false;
  bool look_before_announcing_sleep = false;
};

class SleepMachine {
 public:
  explicit SleepMachine(const Variant& variant) : variant_(variant) {
    senders_.fill({variant.announce_before_push ? Post::announce : Post::push, 0});
  }

  [[nodiscard]] std::size_t choices(std::size_t thread) const {
    if (thread != worker) {
      const std::size_t index = thread - 1;
      if (index >= variant_.senders || senders_[index].at == Post::done) return 0;
      if (senders_[index].at != Post::read_asleep) return 1;
      return memory_.choices(thread, asleep, variant_.read_asleep);
    }
    switch (worker_at_) {
      case Turn::peek:
        return memory_.choices(worker, arrived, Order::relaxed);
      case Turn::look_again:
        return memory_.choices(worker, arrived, variant_.read_arrived);
      case Turn::pop:
        return memory_.choices(worker, pushed_by(popping_), Order::acquire);
      case Turn::sleep:
        return bell_ || spurious_left() ? 1 : 0;
      case Turn::take:
      case Turn::announce_sleep:
      case Turn::stay_awake:
      case Turn::wake:
        return 1;
    }
    return 0;
  }

  void step(std::size_t thread, std::size_t choice) {
    if (thread == worker) {
      step_worker(choice);
    } else {
      step_sender(thread, choice);
    }
  }

  [[nodiscard]] std::string violation(bool ended) const {
    if (!ended) return {};
    for (std::uint8_t i = 0; i < variant_.senders; ++i) {
      if (popped_[i] != variant_.letters) return "asleep for ever with mail waiting";
    }
    return {};
  }

  [[nodiscard]] std::string key() const {
    std::string key;
    for (const Sender& sender : senders_) {
      key.push_back(static_cast<char>(sender.at));
      key.push_back(static_cast<char>(sender.posted));
    }
    for (const std::uint8_t part :
         {static_cast<std::uint8_t>(worker_at_), waiting_, popping_, popped_[0], popped_[1],
          spurious_, static_cast<std::uint8_t>(bell_)}) {
      key.push_back(static_cast<char>(part));
    }
    memory_.append_to(key);
    return key;
  }

 private:
  static constexpr std::size_t worker = 0;  // Senders are threads 1 and 2.
  static constexpr std::size_t arrived = 0;
  static constexpr std::size_t asleep = 1;
  static constexpr std::size_t pushed_by(std::uint8_t sender) { return 2u + sender; }

  enum class Post : std::uint8_t { push, announce, read_asleep, claim, done };
  enum class Turn : std::uint8_t {
    peek,            // look_into_inbox(): the relaxed load
    take,            // look_into_inbox(): the exchange
    pop,             // take_from(): each waiting sender's queue until it is empty
    announce_sleep,  // try_sleep(): the store
    look_again,      // try_sleep(): anything_receivable()
    stay_awake,      // try_sleep(): woke(), because there is something
    sleep,
    wake,  // woke() after sleeping
  };

  struct Sender {
    Post at;
    std::uint8_t posted;
  };

  [[nodiscard]] bool spurious_left() const { return spurious_ < variant_.spurious_wakes; }

  void step_sender(std::size_t thread, std::size_t choice) {
    const auto index = static_cast<std::uint8_t>(thread - 1);
    Sender& sender = senders_[index];
    switch (sender.at) {
      case Post::push:
        memory_.store(thread, pushed_by(index), static_cast<std::uint8_t>(sender.posted + 1),
                      Order::release);
        sender.at = variant_.announce_before_push ? Post::read_asleep : Post::announce;
        return;
      case Post::announce:
        memory_.fetch_or(thread, arrived, static_cast<std::uint8_t>(1u << index),
                         variant_.announce);
        sender.at = variant_.announce_before_push ? Post::push : Post::read_asleep;
        return;
      case Post::read_asleep: {
        const bool sleeps = memory_.load(thread, asleep, variant_.read_asleep, choice) != 0;
        if (sleeps) {
          sender.at = Post::claim;
        } else {
          next_letter(sender);
        }
        return;
      }
      case Post::claim:
        if (memory_.exchange(thread, asleep, 0, Order::relaxed) != 0) bell_ = true;
        next_letter(sender);
        return;
      case Post::done:
        return;
    }
  }

  void next_letter(Sender& sender) const {
    ++sender.posted;
    sender.at = variant_.announce_before_push ? Post::announce : Post::push;
    if (sender.posted == variant_.letters) sender.at = Post::done;
  }

  void step_worker(std::size_t choice) {
    const Turn first_of_sleep =
        variant_.look_before_announcing_sleep ? Turn::look_again : Turn::announce_sleep;
    switch (worker_at_) {
      case Turn::peek:
        worker_at_ = memory_.load(worker, arrived, Order::relaxed, choice) != 0 ? Turn::take
                                                                                : first_of_sleep;
        return;
      case Turn::take:
        waiting_ |= memory_.exchange(worker, arrived, 0, variant_.take_arrived);
        pop_next(first_of_sleep);
        return;
      case Turn::pop: {
        const std::uint8_t pushed =
            memory_.load(worker, pushed_by(popping_), Order::acquire, choice);
        if (pushed > popped_[popping_]) {
          ++popped_[popping_];
          return;
        }
        waiting_ &= static_cast<std::uint8_t>(~(1u << popping_));
        pop_next(first_of_sleep);
        return;
      }
      case Turn::announce_sleep:
        memory_.store(worker, asleep, 1, variant_.write_asleep);
        worker_at_ = variant_.look_before_announcing_sleep ? Turn::sleep : Turn::look_again;
        return;
      case Turn::look_again: {
        const bool mail = memory_.load(worker, arrived, variant_.read_arrived, choice) != 0;
        if (variant_.look_before_announcing_sleep) {
          worker_at_ = mail ? Turn::take : Turn::announce_sleep;
        } else {
          worker_at_ = mail ? Turn::stay_awake : Turn::sleep;
        }
        return;
      }
      case Turn::sleep:
        if (!bell_) ++spurious_;
        bell_ = false;
        worker_at_ = Turn::wake;
        return;
      case Turn::stay_awake:
      case Turn::wake:
        memory_.store(worker, asleep, 0, Order::relaxed);
        worker_at_ = Turn::peek;
        return;
    }
  }

  void pop_next(Turn when_none) {
    popping_ = (waiting_ & 1u) != 0 ? 0 : 1;
    worker_at_ = waiting_ != 0 ? Turn::pop : when_none;
  }

  Variant variant_;
  model::Memory memory_{0};
  std::array<Sender, 2> senders_{};
  Turn worker_at_ = Turn::peek;
  std::uint8_t waiting_ = 0;  // A bit per sender, the worker's own.
  std::uint8_t popping_ = 0;
  std::array<std::uint8_t, 2> popped_{};
  std::uint8_t spurious_ = 0;
  bool bell_ = false;  // Rung and not heard yet.
};

void expect_no_lost_wake(const Variant& variant) {
  const model::Explored result = model::explore(SleepMachine(variant));
  EXPECT_EQ(result.violation, "");
  EXPECT_GT(result.ends, 0u);
  EXPECT_GT(result.states, 100u);
}

TEST(SleepModel, LosesNoWakeUpFromOneSender) {
  expect_no_lost_wake({.letters = 1, .spurious_wakes = 0});
  expect_no_lost_wake({.letters = 2, .spurious_wakes = 0});
  expect_no_lost_wake({.letters = 2, .spurious_wakes = 1});
  expect_no_lost_wake({.letters = 3, .spurious_wakes = 0});
}

TEST(SleepModel, LosesNoWakeUpFromTwoSenders) {
  expect_no_lost_wake({.senders = 2, .letters = 1, .spurious_wakes = 0});
  expect_no_lost_wake({.senders = 2, .letters = 1, .spurious_wakes = 1});
}

TEST(SleepModel, SeesWhatEachOrderIsFor) {
  const auto violation = [](const Variant& variant) {
    return model::explore(SleepMachine(variant)).violation;
  };
  EXPECT_NE(violation({.announce = Order::release}), "");
  EXPECT_NE(violation({.read_asleep = Order::relaxed}), "");
  EXPECT_NE(violation({.write_asleep = Order::release}), "");
  EXPECT_NE(violation({.read_arrived = Order::acquire}), "");
  EXPECT_NE(violation({.take_arrived = Order::relaxed}), "");
}

TEST(SleepModel, SeesStepsInTheWrongOrder) {
  const auto violation = [](const Variant& variant) {
    return model::explore(SleepMachine(variant)).violation;
  };
  EXPECT_NE(violation({.announce_before_push = true}), "");
  EXPECT_NE(violation({.look_before_announcing_sleep = true}), "");
}

}  // namespace
}  // namespace parley::core
