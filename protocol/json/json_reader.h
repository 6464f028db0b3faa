// JSON text into Values, on simdjson.
//
// Lifetime  The Value and its strings live until the next read(). The text is copied.
// Memory    Buffers are kept and reused: after warm-up a read allocates nothing. What a large
//           message made them grow to is given back by the next small one.
// Bounds    Depth 32, values_max values: more is `too_complex`.
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

  JsonStatus read(std::string_view text, const Value*& value);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace parley::protocol
