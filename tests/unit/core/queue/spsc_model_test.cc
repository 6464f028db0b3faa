// The steps of SpscQueue, one atomic access each, in every execution the memory model allows.
#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <string>

#include "tests/unit/core/queue/weak_memory.h"

namespace parley::core {
namespace {

using model::Order;

// What a variant does otherwise than the queue; each must be found wrong, or the test sees nothing.
struct Variant {
  std::uint8_t capacity = 1;
  std::uint8_t items = 3;
  Order publish = Order::release;     // pushed_.store in try_push()
  Order see_pushed = Order::acquire;  // pushed_.load in try_pop()
  Order free_slot = Order::release;   // popped_.store in try_pop()
  Order see_popped = Order::acquire;  // popped_.load in try_push()
  bool publish_before_write = false;
  std::uint8_t slots_assumed_more = 0;  // An off-by-one in the test for "full".
};

class SpscMachine {
 public:
  explicit SpscMachine(const Variant& variant) : variant_(variant) {
    if (variant.publish_before_write) producer_at_ = Step::publish;
  }

  [[nodiscard]] std::size_t choices(std::size_t thread) const {
    if (!wrong_.empty()) return 0;
    if (thread == producer) {
      if (producer_at_ == Step::done) return 0;
      return producer_at_ == Step::look ? memory_.choices(producer, popped, variant_.see_popped)
                                        : 1;
    }
    if (thread != consumer || consumer_at_ == Step::done) return 0;
    return consumer_at_ == Step::look ? memory_.choices(consumer, pushed, variant_.see_pushed) : 1;
  }

  void step(std::size_t thread, std::size_t choice) {
    if (thread == producer) {
      step_producer(choice);
    } else {
      step_consumer(choice);
    }
  }

  [[nodiscard]] std::string violation(bool ended) const {
    if (!wrong_.empty()) return wrong_;
    if (ended && popped_count_ != variant_.items) return "stuck";
    return {};
  }

  [[nodiscard]] std::string key() const {
    std::string key = wrong_;
    for (const std::uint8_t part :
         {static_cast<std::uint8_t>(producer_at_), static_cast<std::uint8_t>(consumer_at_),
          pushed_count_, popped_count_, popped_seen_, pushed_seen_}) {
      key.push_back(static_cast<char>(part));
    }
    memory_.append_to(key);
    return key;
  }

 private:
  static constexpr std::size_t producer = 0;
  static constexpr std::size_t consumer = 1;
  static constexpr std::size_t pushed = 0;
  static constexpr std::size_t popped = 1;
  static constexpr std::size_t first_slot = 2;

  // look: load the other's count, if what was seen last is not enough; done: no more items.
  enum class Step : std::uint8_t { look, slot, publish, done };

  void step_producer(std::size_t choice) {
    switch (producer_at_) {
      case Step::look:
        popped_seen_ = memory_.load(producer, popped, variant_.see_popped, choice);
        if (!full()) producer_at_ = variant_.publish_before_write ? Step::publish : Step::slot;
        return;
      case Step::slot: {
        const std::size_t slot = first_slot + pushed_count_ % variant_.capacity;
        const auto value = static_cast<std::uint8_t>(pushed_count_ + 1);
        if (!memory_.write_plain(producer, slot, value)) wrong_ = "race in the slot, writing";
        if (variant_.publish_before_write) {
          pushed_one();
        } else {
          producer_at_ = Step::publish;
        }
        return;
      }
      case Step::publish:
        memory_.store(producer, pushed, static_cast<std::uint8_t>(pushed_count_ + 1),
                      variant_.publish);
        if (variant_.publish_before_write) {
          producer_at_ = Step::slot;
        } else {
          pushed_one();
        }
        return;
      case Step::done:
        return;
    }
  }

  void pushed_one() {
    ++pushed_count_;
    if (pushed_count_ == variant_.items) {
      producer_at_ = Step::done;
    } else if (full()) {
      producer_at_ = Step::look;
    } else {
      producer_at_ = variant_.publish_before_write ? Step::publish : Step::slot;
    }
  }

  [[nodiscard]] bool full() const {
    return pushed_count_ - popped_seen_ >= variant_.capacity + variant_.slots_assumed_more;
  }

  void step_consumer(std::size_t choice) {
    switch (consumer_at_) {
      case Step::look:
        pushed_seen_ = memory_.load(consumer, pushed, variant_.see_pushed, choice);
        if (pushed_seen_ != popped_count_) consumer_at_ = Step::slot;
        return;
      case Step::slot: {
        std::uint8_t value = 0;
        const std::size_t slot = first_slot + popped_count_ % variant_.capacity;
        if (!memory_.read_plain(consumer, slot, value)) wrong_ = "race in the slot, reading";
        if (value != popped_count_ + 1) wrong_ += "wrong item";
        consumer_at_ = Step::publish;
        return;
      }
      case Step::publish:
        ++popped_count_;
        memory_.store(consumer, popped, popped_count_, variant_.free_slot);
        if (popped_count_ == variant_.items) {
          consumer_at_ = Step::done;
        } else {
          consumer_at_ = pushed_seen_ == popped_count_ ? Step::look : Step::slot;
        }
        return;
      case Step::done:
        return;
    }
  }

  Variant variant_;
  model::Memory memory_{0};
  Step producer_at_ = Step::slot;
  Step consumer_at_ = Step::look;
  std::uint8_t pushed_count_ = 0;
  std::uint8_t popped_count_ = 0;
  std::uint8_t popped_seen_ = 0;
  std::uint8_t pushed_seen_ = 0;
  std::string wrong_;
};

TEST(SpscModel, HasNoRaceLossOrDuplicateInAnyExecution) {
  std::size_t states = 0;
  for (const std::uint8_t capacity : std::initializer_list<std::uint8_t>{1, 2, 4}) {
    for (const std::uint8_t items : std::initializer_list<std::uint8_t>{1, 2, 3, 5, 7}) {
      const model::Explored result =
          model::explore(SpscMachine({.capacity = capacity, .items = items}));
      EXPECT_EQ(result.violation, "") << int{capacity} << " slots, " << int{items} << " items";
      EXPECT_GT(result.ends, 0u);
      states += result.states;
    }
  }
  EXPECT_GT(states, 1'000u);
}

TEST(SpscModel, SeesWhatEachOrderIsFor) {
  EXPECT_NE(model::explore(SpscMachine({.publish = Order::relaxed})).violation, "");
  EXPECT_NE(model::explore(SpscMachine({.see_pushed = Order::relaxed})).violation, "");
  EXPECT_NE(model::explore(SpscMachine({.free_slot = Order::relaxed})).violation, "");
  EXPECT_NE(model::explore(SpscMachine({.see_popped = Order::relaxed})).violation, "");
}

TEST(SpscModel, SeesAPublicationBeforeTheWriteAndASlotTooMany) {
  EXPECT_NE(model::explore(SpscMachine({.publish_before_write = true})).violation, "");
  EXPECT_NE(model::explore(SpscMachine({.capacity = 2, .slots_assumed_more = 1})).violation, "");
}

}  // namespace
}  // namespace parley::core
