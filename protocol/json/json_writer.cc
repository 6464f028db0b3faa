#include "protocol/json/json_writer.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "core/base/check.h"

namespace parley::protocol {
namespace {

constexpr std::size_t kept_bytes_max = 64 * 1024;

// RFC 8259 section 7: what may not stand in a string as it is. UTF-8 may.
constexpr bool must_escape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

// The same of all characters of a word at once: each term has the top bit of a byte set if there is
// one to escape, and none otherwise (a borrow sets further ones only above a byte that is one).
template <class Word>
Word found_in(Word word) {
  constexpr Word ones = static_cast<Word>(0x0101010101010101);
  const auto below = [](Word w, Word n) { return (w - ones * n) & ~w; };
  return (below(word, 0x20) | below(word ^ (ones * '"'), 1) | below(word ^ (ones * '\\'), 1)) &
         (ones << 7);
}

// Copies, and says whether nothing of it must be escaped. REQUIRES: a word's worth at least: the
// last one may overlap the one before.
template <class Word>
bool copy_by_words(char* out, std::string_view utf8) {
  Word found = 0;
  const auto copy = [&](std::size_t at) {
    Word word;
    std::memcpy(&word, utf8.data() + at, sizeof(word));
    std::memcpy(out + at, &word, sizeof(word));
    found |= found_in(word);
  };
  for (std::size_t at = 0; at + sizeof(Word) < utf8.size(); at += sizeof(Word)) copy(at);
  copy(utf8.size() - sizeof(Word));
  return found == 0;
}

// Most strings are short, and hold nothing to escape.
bool copy_plain(char* out, std::string_view utf8) {
  if (utf8.size() >= sizeof(std::uint64_t)) return copy_by_words<std::uint64_t>(out, utf8);
  if (utf8.size() >= sizeof(std::uint32_t)) return copy_by_words<std::uint32_t>(out, utf8);
  bool is_plain = true;
  for (const char c : utf8) {
    *out++ = c;
    is_plain = is_plain && !must_escape(c);
  }
  return is_plain;
}

// At most escaped_bytes_max characters; behind the last.
constexpr std::size_t escaped_bytes_max = 6;
char* write_escaped(char* out, char c) {
  constexpr std::string_view special = "\"\\\b\f\n\r\t";
  constexpr std::string_view letters = "\"\\bfnrt";
  *out++ = '\\';
  if (const std::size_t at = special.find(c); at != std::string_view::npos) {
    *out++ = letters[at];
    return out;
  }
  constexpr std::string_view hex_digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  for (const char letter : {'u', '0', '0', hex_digits[byte >> 4], hex_digits[byte & 15]}) {
    *out++ = letter;
  }
  return out;
}

}  // namespace

// Where the text ends: so many bytes more fit there.
char* JsonWriter::room_for(std::size_t bytes) {
  if (bytes > capacity_ - size_) grow(bytes);
  DCHECK(size_ + bytes <= capacity_);
  return bytes_.get() + size_;
}

void JsonWriter::grow(std::size_t bytes) {
  const std::size_t capacity = std::bit_ceil(std::max<std::size_t>(size_ + bytes, 256));
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  if (size_ > 0) std::memcpy(larger.get(), bytes_.get(), size_);
  bytes_ = std::move(larger);
  capacity_ = capacity;
}

// Where a value of at most so many bytes begins, behind the comma that it may need.
char* JsonWriter::begin_value(std::size_t bytes) {
  char* const out = room_for(bytes + 1);
  if (!std::exchange(needs_comma_, true)) return out;
  *out = ',';
  size_ += 1;
  return out + 1;
}

void JsonWriter::open(char bracket) {
  *begin_value(1) = bracket;
  size_ += 1;
  needs_comma_ = false;
}

void JsonWriter::close(char bracket) {
  *room_for(1) = bracket;
  size_ += 1;
  needs_comma_ = true;
}

// REQUIRES: there is room for it at `out`, the end of the text, if nothing is to be escaped.
void JsonWriter::quote(char* out, std::string_view utf8, std::string_view behind) {
  DCHECK(out == bytes_.get() + size_ && utf8.size() + 1 <= capacity_ - size_);
  *out = '"';
  size_ += 1;
  if (copy_plain(out + 1, utf8)) {
    size_ += utf8.size();
  } else {
    append_escaped(utf8);
  }
  std::ranges::copy(behind, room_for(behind.size()));
  size_ += behind.size();
}

void JsonWriter::append_escaped(std::string_view utf8) {
  constexpr std::size_t word_bytes = sizeof(std::uint64_t);
  while (!utf8.empty()) {
    const std::string_view part = utf8.substr(0, word_bytes);
    utf8.remove_prefix(part.size());
    char* out = room_for(word_bytes * escaped_bytes_max);
    if (copy_plain(out, part)) {
      size_ += part.size();
      continue;
    }
    for (const char c : part) {
      if (must_escape(c)) {
        out = write_escaped(out, c);
      } else {
        *out++ = c;
      }
    }
    size_ = static_cast<std::size_t>(out - bytes_.get());
  }
}

void JsonWriter::begin_object() {
  open('{');
}

void JsonWriter::end_object() {
  close('}');
}

void JsonWriter::begin_array() {
  open('[');
}

void JsonWriter::end_array() {
  close(']');
}

void JsonWriter::key(std::string_view name) {
  quote(begin_value(name.size() + 3), name, "\":");
  needs_comma_ = false;
}

void JsonWriter::string(std::string_view utf8) {
  quote(begin_value(utf8.size() + 2), utf8, "\"");
}

void JsonWriter::integer(std::int64_t value) {
  constexpr std::size_t digits_max = 20;  // Of the smallest: a sign and 19 digits.
  char* const out = begin_value(digits_max);
  size_ += static_cast<std::size_t>(std::to_chars(out, out + digits_max, value).ptr - out);
}

void JsonWriter::boolean(bool value) {
  encoded(value ? "true" : "false");
}

void JsonWriter::null() {
  encoded("null");
}

void JsonWriter::encoded(std::string_view value) {
  std::ranges::copy(value, begin_value(value.size()));
  size_ += value.size();
}

void JsonWriter::clear() {
  if (capacity_ > kept_bytes_max) {
    bytes_.reset();
    capacity_ = 0;
  }
  size_ = 0;
  needs_comma_ = false;
}

}  // namespace parley::protocol
