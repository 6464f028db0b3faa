// RFC 8259: writes JSON text into a buffer of its own that is kept and reused.
#pragma once

#include <cstdint>
#include <string>
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
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  void separate();

  std::string text_;
  bool needs_comma_ = false;
};

}  // namespace parley::protocol
