// How a wire form writes a guest who is called by its digits: once written, others are this with
// other digits. A client that joins is told of a hundred members, and most of them are such guests.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "core/base/check.h"
#include "core/chat/encoder.h"
#include "core/chat/identity.h"
#include "core/classic/wording.h"

namespace parley::core {

class GuestPattern {
 public:
  // Uses Encoder::begin_value(), so no event may be under way.
  explicit GuestPattern(Encoder& encoder) {
    constexpr std::string_view digits = "0123456789abc";
    IdentitySpelling spelling;
    const IdentityView guest = spell(digits, spelling);
    write_user(encoder.begin_value(), guest);
    const std::string_view text = encoder.finish_value();
    CHECK(text.size() <= text_.size());
    std::ranges::copy(text, text_.begin());
    bytes_ = text.size();
    id_ = text.find(guest.id);
    name_ = text.find(guest.name);
    CHECK(id_ != text.npos && name_ != text.npos);
    id_ += guest_id_prefix.size();
    name_ += guest_name_prefix.size();
  }

  // Valid until the next call. REQUIRES: is_called_by_digits(guest).
  [[nodiscard]] std::string_view of(const IdentityView& guest) {
    const std::string_view digits = digits_of(guest);
    std::memcpy(text_.data() + id_, digits.data(), guest_digits);
    std::memcpy(text_.data() + name_, digits.data() + guest_digits - guest_name_digits,
                guest_name_digits);
    return {text_.data(), bytes_};
  }

 private:
  std::array<char, 128> text_;
  std::size_t bytes_ = 0;
  std::size_t id_ = 0;  // Where the digits of the id stand, and those of the name.
  std::size_t name_ = 0;
};

}  // namespace parley::core
