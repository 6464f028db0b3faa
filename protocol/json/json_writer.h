// RFC 8259: writes JSON text into a buffer of its own that is kept and reused. REQUIRES of all:
// what is written is not a part of text().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/base/value.h"

namespace parley::protocol {

class JsonWriter final : public ValueWriter {
 public:
  void begin_object() override;
  void end_object() override;
  void begin_array() override;
  void end_array() override;
  void key(std::string_view name) override;
  void string(std::string_view utf8) override;
  void integer(std::int64_t value) override;
  void boolean(bool value) override;
  void null() override;
  void encoded(std::string_view value) override;

  // Starts anew; keeps at most 64 KiB of buffer.
  void clear();
  // Valid until the next call that is not const.
  [[nodiscard]] std::string_view text() const { return {bytes_.get(), size_}; }

 private:
  char* room_for(std::size_t bytes);
  void grow(std::size_t bytes);
  char* begin_value(std::size_t bytes);
  void open(char bracket);
  void close(char bracket);
  void quote(char* out, std::string_view utf8, std::string_view behind);
  void append_escaped(std::string_view utf8);

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
  bool needs_comma_ = false;
};

}  // namespace parley::protocol
