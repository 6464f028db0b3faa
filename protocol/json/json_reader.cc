#include "protocol/json/json_reader.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <system_error>
#include <utility>

#include "core/base/check.h"

namespace parley::protocol {
namespace {

namespace dom = simdjson::dom;

// What is kept from one read() to the next, whatever the last message was. simdjson's own buffers
// for a text take about 14 times its bytes.
constexpr std::size_t kept_text_bytes = 16 * 1024;
constexpr std::size_t kept_values = 1024;

// simdjson counts in its own way whether an empty array is a level; walk() counts exactly.
constexpr std::size_t parser_depth_max = JsonReader::depth_max + 2;

struct Counts {
  std::uint32_t values = 1;   // The outermost.
  std::uint32_t items = 0;    // Of all arrays.
  std::uint32_t members = 0;  // Of all objects.
};

// An array that grows and shrinks but never moves while Values point into it.
template <class T>
struct Pool {
  std::unique_ptr<T[]> slots;
  std::size_t capacity = 0;
  std::size_t used = 0;

  void start(std::size_t count) {
    used = 0;
    const bool is_oversized = capacity > kept_values && count <= kept_values;
    if (count <= capacity && !is_oversized) return;
    slots.reset();
    capacity = std::bit_ceil(std::max<std::size_t>(count, 32));
    slots = std::make_unique<T[]>(capacity);
  }
  std::span<T> take(std::size_t count) {
    CHECK(count <= capacity - used);
    used += count;
    return {slots.get() + used - count, count};
  }
};

// A text, with the padding behind it that simdjson may read.
struct PaddedText {
  std::unique_ptr<char[]> bytes;
  std::size_t capacity = 0;
  std::size_t size = 0;

  // REQUIRES: fits.
  void append(std::string_view text) {
    CHECK(text.size() <= capacity - size);
    if (!text.empty()) std::memcpy(bytes.get() + size, text.data(), text.size());
    size += text.size();
  }
  [[nodiscard]] std::string_view view() const { return {bytes.get(), size}; }
};

PaddedText make_padded_text(std::size_t capacity) {
  // Zeroed, as simdjson may look at the padding, though never act on it.
  return {std::make_unique<char[]>(capacity + simdjson::SIMDJSON_PADDING), capacity, 0};
}

template <class T>
T get(const dom::element& element) {
  T value{};
  const simdjson::error_code error = element.get(value);
  CHECK(error == simdjson::SUCCESS);  // Its type was asked first.
  return value;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Behind the integer that begins at `begin`, if that is one and does not fit 64 bits; else begin.
std::size_t long_integer_end(std::string_view text, std::size_t begin) {
  std::size_t end = begin;
  if (text[end] == '-') ++end;
  while (end < text.size() && is_digit(text[end])) ++end;
  if (end < text.size() && (text[end] == '.' || text[end] == 'e' || text[end] == 'E')) return begin;
  std::int64_t value{};
  const auto parsed = std::from_chars(text.data() + begin, text.data() + end, value);
  return parsed.ec == std::errc::result_out_of_range ? end : begin;
}

// The end of the string, number or single character that begins at `begin`.
std::size_t token_end(std::string_view text, std::size_t begin) {
  std::size_t end = begin + 1;
  if (text[begin] == '"') {
    while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
    return std::min(end + 1, text.size());
  }
  constexpr std::string_view number_characters = "+-.0123456789eE";
  if (text[begin] != '-' && !is_digit(text[begin])) return end;
  return std::min(text.find_first_not_of(number_characters, begin), text.size());
}

// The text with "e0" behind every integer beyond 64 bits: simdjson refuses it as an integer but
// reads it as a real. No text becomes valid by that which was not valid JSON before.
PaddedText with_long_integers_as_reals(std::string_view text) {
  constexpr std::string_view mark = "e0";
  constexpr std::size_t digits_min = 19;
  PaddedText marked = make_padded_text(text.size() + (text.size() / digits_min + 1) * mark.size());
  for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end) {
    end = token_end(text, begin);
    marked.append(text.substr(begin, end - begin));
    const bool is_number = text[begin] == '-' || is_digit(text[begin]);
    if (is_number && long_integer_end(text, begin) == end) marked.append(mark);
  }
  return marked;
}

}  // namespace

struct JsonReader::State {
  explicit State(std::uint32_t values_max_in) : values_max(values_max_in) {}

  void make_room(std::size_t text_bytes);
  simdjson::error_code parse(const PaddedText& padded, dom::element& root_element);
  JsonStatus count(const dom::element& element, std::uint32_t depth);
  void fill(const dom::element& element, Value& value);

  const std::uint32_t values_max;

  dom::parser parser;
  dom::document document;  // Holds the strings of the values.
  PaddedText text;
  Counts counts;
  Pool<Value> items;
  Pool<Member> members;
  Value root;
};

void JsonReader::State::make_room(std::size_t text_bytes) {
  const bool is_oversized = text.capacity > kept_text_bytes && text_bytes <= kept_text_bytes;
  if (text_bytes <= text.capacity && !is_oversized) return;
  constexpr std::size_t text_bytes_min = 1024;
  parser = dom::parser();
  document = dom::document();
  text = PaddedText();
  text = make_padded_text(std::bit_ceil(std::max(text_bytes, text_bytes_min)));
  CHECK(parser.allocate(text.capacity, parser_depth_max) == simdjson::SUCCESS);
  CHECK(document.allocate(text.capacity) == simdjson::SUCCESS);
}

simdjson::error_code JsonReader::State::parse(const PaddedText& padded,
                                              dom::element& root_element) {
  constexpr bool copy = false;
  return parser.parse_into_document(document, padded.bytes.get(), padded.size, copy)
      .get(root_element);
}

// Adds what the element holds to `counts`. Depth is bounded, and with it this recursion.
JsonStatus JsonReader::State::count(const dom::element& element, std::uint32_t depth) {
  const bool is_array = element.is_array();
  if (!is_array && !element.is_object()) return JsonStatus::ok;
  if (depth > depth_max) return JsonStatus::too_complex;
  const std::size_t size =
      is_array ? get<dom::array>(element).size() : get<dom::object>(element).size();
  if (size > values_max - counts.values) return JsonStatus::too_complex;
  counts.values += static_cast<std::uint32_t>(size);

  JsonStatus status = JsonStatus::ok;
  if (is_array) {
    counts.items += static_cast<std::uint32_t>(size);
    for (const dom::element item : get<dom::array>(element)) {
      status = count(item, depth + 1);
      if (status != JsonStatus::ok) return status;
    }
  } else {
    counts.members += static_cast<std::uint32_t>(size);
    for (const dom::key_value_pair member : get<dom::object>(element)) {
      status = count(member.value, depth + 1);
      if (status != JsonStatus::ok) return status;
    }
  }
  return status;
}

// REQUIRES: count() of the whole was ok, and the pools hold what it counted.
void JsonReader::State::fill(const dom::element& element, Value& value) {
  value = Value();
  switch (element.type()) {
    case dom::element_type::NULL_VALUE:
      return;
    case dom::element_type::BOOL:
      value.kind = Value::Kind::boolean;
      value.boolean = get<bool>(element);
      return;
    case dom::element_type::INT64:
      value.kind = Value::Kind::integer;
      value.integer = get<std::int64_t>(element);
      return;
    case dom::element_type::UINT64:  // Only what int64 cannot hold.
      value.kind = Value::Kind::real;
      value.real = static_cast<double>(get<std::uint64_t>(element));
      return;
    case dom::element_type::DOUBLE:
      value.kind = Value::Kind::real;
      value.real = get<double>(element);
      return;
    case dom::element_type::STRING:
      value.kind = Value::Kind::string;
      value.string = get<std::string_view>(element);
      return;
    case dom::element_type::ARRAY: {
      const auto array = get<dom::array>(element);
      const std::span<Value> slots = items.take(array.size());
      auto slot = slots.begin();
      for (const dom::element item : array) fill(item, *slot++);
      value.kind = Value::Kind::array;
      value.items = slots;
      return;
    }
    case dom::element_type::OBJECT: {
      const auto object = get<dom::object>(element);
      const std::span<Member> slots = members.take(object.size());
      auto slot = slots.begin();
      for (const dom::key_value_pair member : object) {
        slot->name = member.key;
        fill(member.value, slot->value);
        ++slot;
      }
      value.kind = Value::Kind::object;
      value.members = slots;
      return;
    }
  }
  CHECK(false);
}

JsonReader::JsonReader(std::uint32_t values_max) : state_(std::make_unique<State>(values_max)) {
  constexpr std::uint32_t counted_size_max = 0xFF'FFFE;  // simdjson counts no further.
  CHECK(values_max > 0 && values_max <= counted_size_max);
}

JsonReader::~JsonReader() = default;

JsonStatus JsonReader::read(std::string_view text, const Value*& value) {
  constexpr std::size_t text_bytes_max = std::size_t{1} << 30;  // simdjson's offsets have 32 bits.
  if (text.size() > text_bytes_max) return JsonStatus::too_complex;
  State& state = *state_;
  state.make_room(text.size());
  state.text.size = 0;
  state.text.append(text);

  dom::element root;
  simdjson::error_code error = state.parse(state.text, root);
  if (error == simdjson::NUMBER_ERROR) {
    const PaddedText marked = with_long_integers_as_reals(state.text.view());
    if (marked.size != text.size()) error = state.parse(marked, root);
  }
  if (error == simdjson::DEPTH_ERROR) return JsonStatus::too_complex;
  if (error != simdjson::SUCCESS) return JsonStatus::invalid;

  state.counts = Counts();
  const JsonStatus status = state.count(root, 1);
  if (status != JsonStatus::ok) return status;
  state.items.start(state.counts.items);
  state.members.start(state.counts.members);
  state.fill(root, state.root);
  value = &state.root;
  return JsonStatus::ok;
}

}  // namespace parley::protocol
