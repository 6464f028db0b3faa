// A message as the application sees it, whatever wire it came over: a tree of borrowed values in,
// a stream of fields out. Vocabularies use these two and so know neither JSON nor msgpack.
//
// Lifetime  A Value and all it points to belong to the decoder that made it (protocol/json/), and
//           live until that decoder's next call. Strings are valid UTF-8.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace parley {

struct Member;

struct Value {
  enum class Kind : std::uint8_t { null, boolean, integer, real, string, array, object };

  Kind kind = Kind::null;
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0;
  std::string_view string;
  std::span<const Value> items;     // array
  std::span<const Member> members;  // object, in the order of the text

  // The first member of that name, or null. Only an object has members.
  [[nodiscard]] const Value* find(std::string_view name) const;

  // What a client meant to be a string: empty for anything else.
  [[nodiscard]] std::string_view string_or_empty(std::string_view name) const;
};

struct Member {
  std::string_view name;
  Value value;
};

inline const Value* Value::find(std::string_view name) const {
  for (const Member& member : members) {
    if (member.name == name) return &member.value;
  }
  return nullptr;
}

inline std::string_view Value::string_or_empty(std::string_view name) const {
  const Value* value = find(name);
  return value != nullptr && value->kind == Kind::string ? value->string : std::string_view{};
}

// Writes one value, outermost first. Implemented by each wire format.
// REQUIRES: calls form one well-formed value; inside an object every value follows its key().
class ValueWriter {
 public:
  ValueWriter() = default;
  ValueWriter(const ValueWriter&) = delete;
  ValueWriter& operator=(const ValueWriter&) = delete;
  virtual ~ValueWriter() = default;

  virtual void begin_object() = 0;
  virtual void end_object() = 0;
  virtual void begin_array() = 0;
  virtual void end_array() = 0;
  virtual void key(std::string_view name) = 0;
  virtual void string(std::string_view utf8) = 0;
  virtual void integer(std::int64_t value) = 0;
  virtual void boolean(bool value) = 0;
  virtual void null() = 0;
  // A value that this same wire format encoded earlier, copied as it is.
  virtual void encoded(std::string_view value) = 0;
};

}  // namespace parley
