#include "protocol/json/json_writer.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace parley::protocol {
namespace {

constexpr std::size_t kept_bytes_max = 64 * 1024;

// RFC 8259 section 7: what may not stand in a string as it is. UTF-8 may.
constexpr bool must_escape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

// The same of eight at once: each term has the top bit of a byte set if there is one to escape, and
// none otherwise (a borrow sets further ones only above a byte that is one).
bool must_escape_any(const char* eight) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t top_bits = ones << 7;
  const auto below = [](std::uint64_t word, std::uint64_t n) { return (word - ones * n) & ~word; };
  std::uint64_t word;
  std::memcpy(&word, eight, sizeof(word));
  const std::uint64_t found =
      below(word, 0x20) | below(word ^ (ones * '"'), 1) | below(word ^ (ones * '\\'), 1);
  return (found & top_bits) != 0;
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

// The index of the first character from `from` on that may not stand as it is, or the size.
std::size_t next_to_escape(std::string_view utf8, std::size_t from) {
  while (utf8.size() - from >= 8 && !must_escape_any(utf8.data() + from)) from += 8;
  while (from < utf8.size() && !must_escape(utf8[from])) ++from;
  return from;
}

void append_quoted(std::string& text, std::string_view utf8) {
  text += '"';
  std::size_t plain_begin = 0;
  std::size_t at = next_to_escape(utf8, 0);
  while (at < utf8.size()) {
    text += utf8.substr(plain_begin, at - plain_begin);
    append_escaped(text, utf8[at]);
    plain_begin = at + 1;
    at = next_to_escape(utf8, plain_begin);
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
