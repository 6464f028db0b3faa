#include "protocol/json/json_writer.h"

#include <charconv>
#include <cstddef>

namespace parley::protocol {
namespace {

constexpr std::size_t kept_bytes_max = 64 * 1024;

// RFC 8259 section 7: what may not stand in a string as it is. UTF-8 may.
constexpr bool must_escape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

void append_escaped(std::string& text, char c) {
  switch (c) {
    case '"':
      text += "\\\"";
      return;
    case '\\':
      text += "\\\\";
      return;
    case '\b':
      text += "\\b";
      return;
    case '\f':
      text += "\\f";
      return;
    case '\n':
      text += "\\n";
      return;
    case '\r':
      text += "\\r";
      return;
    case '\t':
      text += "\\t";
      return;
    default:
      break;
  }
  constexpr std::string_view hex_digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  text += "\\u00";
  text += hex_digits[byte >> 4];
  text += hex_digits[byte & 15];
}

void append_quoted(std::string& text, std::string_view utf8) {
  text += '"';
  std::size_t plain_begin = 0;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    if (!must_escape(utf8[i])) continue;
    text += utf8.substr(plain_begin, i - plain_begin);
    append_escaped(text, utf8[i]);
    plain_begin = i + 1;
  }
  text += utf8.substr(plain_begin);
  text += '"';
}

}  // namespace

void JsonWriter::separate() {
  if (needs_comma_) text_ += ',';
  needs_comma_ = true;
}

void JsonWriter::begin_object() {
  separate();
  text_ += '{';
  needs_comma_ = false;
}

void JsonWriter::end_object() {
  text_ += '}';
  needs_comma_ = true;
}

void JsonWriter::begin_array() {
  separate();
  text_ += '[';
  needs_comma_ = false;
}

void JsonWriter::end_array() {
  text_ += ']';
  needs_comma_ = true;
}

void JsonWriter::key(std::string_view name) {
  separate();
  append_quoted(text_, name);
  text_ += ':';
  needs_comma_ = false;
}

void JsonWriter::string(std::string_view utf8) {
  separate();
  append_quoted(text_, utf8);
}

void JsonWriter::integer(std::int64_t value) {
  separate();
  char digits[20];  // Of the smallest: a sign and 19 digits.
  const auto end = std::to_chars(digits, digits + sizeof(digits), value);
  text_.append(digits, end.ptr);
}

void JsonWriter::boolean(bool value) {
  separate();
  text_ += value ? "true" : "false";
}

void JsonWriter::null() {
  separate();
  text_ += "null";
}

void JsonWriter::encoded(std::string_view value) {
  separate();
  text_ += value;
}

void JsonWriter::clear() {
  // By swap: an assigned empty string would keep the buffer.
  if (text_.capacity() > kept_bytes_max) std::string().swap(text_);
  text_.clear();
  needs_comma_ = false;
}

}  // namespace parley::protocol
