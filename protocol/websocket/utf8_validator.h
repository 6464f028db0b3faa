// RFC 3629: whether a text that arrives in slices is UTF-8 so far. Overlong forms, surrogates and
// numbers above U+10FFFF are refused at the byte that makes them so (RFC 6455 section 8.1).
//
//   if (!utf8.feed(slice)) refuse();
//   if (message_end && !utf8.at_code_point_end()) refuse();
//
// Errors    A refusal is sticky until reset().
// Slicing   feed() returns false with the slice that holds the first bad byte, never later.
// Cost      ASCII 8 bytes at a time; a slice of some length through simdjson's vectors.
#pragma once

#include <cstdint>

#include "core/base/types.h"

namespace parley::protocol {

class Utf8Validator {
 public:
  // False: no valid text begins with the bytes fed since reset().
  [[nodiscard]] bool feed(Bytes bytes);

  // False in the middle of a code point, and after an error.
  [[nodiscard]] bool at_code_point_end() const;

  void reset() { *this = Utf8Validator(); }

 private:
  [[nodiscard]] bool feed_bulk(Bytes bytes);
  [[nodiscard]] bool feed_byte(std::uint8_t byte);

  bool failed_ = false;
  std::uint8_t bytes_left_ = 0;  // Continuation bytes that the current code point still lacks.
  std::uint8_t next_min_ = 0;    // The range of the next one, when bytes_left_ > 0.
  std::uint8_t next_max_ = 0;
};
static_assert(sizeof(Utf8Validator) <= 8, "One per connection.");

}  // namespace parley::protocol
