// The rooms one session is in or joins, in 16 bytes.
//
// Memory  One room owns nothing, which is what most sessions have; more are an array on the heap.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/check.h"

namespace parley::core {

struct Membership {
  static constexpr std::uint32_t joining = UINT32_MAX;

  std::uint32_t room{};      // An index of Edge's.
  std::uint32_t position{};  // In the room's members, or `joining`.
};

class Memberships {
 public:
  Memberships() : one_{} {}
  Memberships(const Memberships&) = delete;
  Memberships& operator=(const Memberships&) = delete;
  ~Memberships() { release(); }

  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  // Valid until the next add() or remove().
  [[nodiscard]] Membership* begin() { return is_inline() ? &one_ : many_; }
  [[nodiscard]] Membership* end() { return begin() + size_; }
  [[nodiscard]] const Membership* begin() const { return is_inline() ? &one_ : many_; }
  [[nodiscard]] const Membership* end() const { return begin() + size_; }
  [[nodiscard]] const Membership& back() const {
    CHECK(size_ > 0);
    return begin()[size_ - 1];
  }

  // Null: not in that room.
  [[nodiscard]] Membership* find(std::uint32_t room) {
    Membership* const found = std::ranges::find(*this, room, &Membership::room);
    return found == end() ? nullptr : found;
  }
  [[nodiscard]] const Membership* find(std::uint32_t room) const {
    const Membership* const found = std::ranges::find(*this, room, &Membership::room);
    return found == end() ? nullptr : found;
  }

  void add(const Membership& membership) {
    if (size_ == capacity_) grow();
    begin()[size_++] = membership;
  }

  // The last one takes its place. REQUIRES: `membership` is of this.
  void remove(Membership* membership) {
    CHECK(membership >= begin() && membership < end());
    *membership = back();
    size_ -= 1;
    if (size_ > 1 || is_inline()) return;
    const Membership left = many_[0];
    release();
    one_ = left;
    capacity_ = 1;
  }

 private:
  [[nodiscard]] bool is_inline() const { return capacity_ == 1; }

  void grow() {
    const std::uint32_t capacity = capacity_ * 4;
    Membership* const many = new Membership[capacity];
    std::copy_n(begin(), size_, many);
    release();
    many_ = many;
    capacity_ = capacity;
  }

  void release() {
    if (!is_inline()) delete[] many_;
  }

  union {
    Membership one_;
    Membership* many_;
  };
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 1;  // 1: one_ is it.
};
static_assert(sizeof(Memberships) == 16);

}  // namespace parley::core
