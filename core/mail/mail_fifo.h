// Letters in order, without a bound of its own: a worker's mail to itself, and what did not fit
// into a queue.
//
// Memory  None until first used; doubles when full; gives a large array back once it is empty.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "core/base/check.h"
#include "core/mail/mail.h"

namespace parley::core {

class MailFifo {
 public:
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::uint32_t count() const { return count_; }

  void push(Mail&& mail) {
    if (count_ == capacity_) grow();
    letters_[(first_ + count_) & (capacity_ - 1)] = std::move(mail);
    ++count_;
  }

  // REQUIRES: not empty.
  [[nodiscard]] Mail& front() {
    CHECK(count_ > 0);
    return letters_[first_];
  }

  // Forgets the first, whose contents the caller has moved out. REQUIRES: not empty.
  void pop() {
    CHECK(count_ > 0);
    first_ = (first_ + 1) & (capacity_ - 1);
    --count_;
    if (count_ == 0 && capacity_ > capacity_kept) *this = MailFifo{};
  }

 private:
  static constexpr std::uint32_t capacity_min = 16;
  static constexpr std::uint32_t capacity_kept = 256;

  void grow() {
    const std::uint32_t capacity = capacity_ == 0 ? capacity_min : capacity_ * 2;
    CHECK(capacity > capacity_);
    auto letters = std::make_unique<Mail[]>(capacity);
    for (std::uint32_t i = 0; i < count_; ++i) {
      letters[i] = std::move(letters_[(first_ + i) & (capacity_ - 1)]);
    }
    letters_ = std::move(letters);
    capacity_ = capacity;
    first_ = 0;
  }

  std::unique_ptr<Mail[]> letters_;
  std::uint32_t capacity_ = 0;  // A power of two, or none.
  std::uint32_t first_ = 0;
  std::uint32_t count_ = 0;
};

}  // namespace parley::core
