// Values of the reader against nlohmann::json, the other implementation: for the unit tests and for
// the fuzzer.
#pragma once

#include <charconv>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "core/base/value.h"
#include "protocol/json/json_writer.h"

namespace parley::protocol {

// Of two members of one name the first counts, as find() has it.
inline nlohmann::json to_nlohmann(const Value& value) {
  switch (value.kind) {
    case Value::Kind::null:
      return nullptr;
    case Value::Kind::boolean:
      return value.boolean;
    case Value::Kind::integer:
      return value.integer;
    case Value::Kind::real:
      return value.real;
    case Value::Kind::string:
      return std::string(value.string);
    case Value::Kind::array: {
      nlohmann::json array = nlohmann::json::array();
      for (const Value& item : value.items) array.push_back(to_nlohmann(item));
      return array;
    }
    case Value::Kind::object: {
      nlohmann::json object = nlohmann::json::object();
      for (const Member& member : value.members) {
        object.emplace(std::string(member.name), to_nlohmann(member.value));
      }
      return object;
    }
  }
  std::abort();
}

inline bool has_name_twice(const Value& value) {
  std::set<std::string_view> names;
  for (const Member& member : value.members) {
    if (!names.insert(member.name).second || has_name_twice(member.value)) return true;
  }
  for (const Value& item : value.items) {
    if (has_name_twice(item)) return true;
  }
  return false;
}

inline void write(const Value& value, JsonWriter& writer) {
  switch (value.kind) {
    case Value::Kind::null:
      return writer.null();
    case Value::Kind::boolean:
      return writer.boolean(value.boolean);
    case Value::Kind::integer:
      return writer.integer(value.integer);
    case Value::Kind::real: {
      char text[32];
      const auto end =
          std::to_chars(text, text + sizeof(text), value.real, std::chars_format::scientific);
      return writer.encoded({text, end.ptr});
    }
    case Value::Kind::string:
      return writer.string(value.string);
    case Value::Kind::array:
      writer.begin_array();
      for (const Value& item : value.items) write(item, writer);
      return writer.end_array();
    case Value::Kind::object:
      writer.begin_object();
      for (const Member& member : value.members) {
        writer.key(member.name);
        write(member.value, writer);
      }
      return writer.end_object();
  }
}

inline bool equal(const Value& left, const Value& right) {
  if (left.kind != right.kind || left.boolean != right.boolean || left.integer != right.integer ||
      left.real != right.real || left.string != right.string ||
      left.items.size() != right.items.size() || left.members.size() != right.members.size()) {
    return false;
  }
  for (std::size_t i = 0; i < left.items.size(); ++i) {
    if (!equal(left.items[i], right.items[i])) return false;
  }
  for (std::size_t i = 0; i < left.members.size(); ++i) {
    if (left.members[i].name != right.members[i].name ||
        !equal(left.members[i].value, right.members[i].value)) {
      return false;
    }
  }
  return true;
}

}  // namespace parley::protocol
