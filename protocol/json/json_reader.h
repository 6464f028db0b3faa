// RFC 8259: JSON text into Values, on simdjson.
//
// Lifetime  The Value and its strings live until the next read(). The text is copied.
// Numbers   An integer beyond 64 bits with sign becomes a real; a number beyond double is invalid.
// Names     A name that an object holds twice stays twice in `members`; find() sees the first.
// Strings   Invalid UTF-8 and lone surrogates, escaped or not, are invalid.
// Memory    Buffers are kept and reused: after warm-up a read allocates nothing. What a large
//           message made them grow to is given back by the next small one.
// Bounds    Depth 32, values_max values: more is `too_complex`. The outermost array or object is
//           depth 1; every value counts, arrays and objects too, names of members do not.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "core/base/value.h"

namespace parley::protocol {

enum class [[nodiscard]] JsonStatus : std::uint8_t { ok, invalid, too_complex };

class JsonReader {
 public:
  explicit JsonReader(std::uint32_t values_max);
  ~JsonReader();
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  // `value` is set when the status is `ok`.
  JsonStatus read(std::string_view text, const Value*& value);

  static constexpr std::uint32_t depth_max = 32;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace parley::protocol
