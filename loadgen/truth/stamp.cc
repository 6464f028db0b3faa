#include "loadgen/truth/stamp.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "core/base/check.h"

namespace parley::loadgen {

namespace {

constexpr std::string_view mark = "~PL~";
constexpr std::string_view digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t no_digit = 0xff;

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(no_digit);
  for (std::size_t i = 0; i < digits.size(); ++i) {
    values[static_cast<unsigned char>(digits[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}
constexpr std::array<std::uint8_t, 256> values = make_values();

// Digits of the fields, in order: run, room, stream, number, due, slot, bytes.
constexpr std::array<std::uint8_t, 7> widths{3, 4, 3, 5, 8, 2, 4};
static_assert(mark.size() + 3 + 4 + 3 + 5 + 8 + 2 + 4 == stamp_bytes);

constexpr std::int64_t due_unit_ns = 100;

// The fill repeats after this many bytes, a prime number, so that it has no short period.
constexpr std::size_t fill_period = 509;
constexpr std::size_t fill_block = 8 * fill_period;

constexpr std::array<char, fill_block + fill_period> make_fill() {
  std::array<char, fill_block + fill_period> fill{};
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < fill_period; ++i) {
    state = state * 1'664'525u + 1'013'904'223u;
    fill[i] = digits[state >> 26];
  }
  for (std::size_t i = fill_period; i < fill.size(); ++i) fill[i] = fill[i - fill_period];
  return fill;
}
constexpr std::array<char, fill_block + fill_period> fill = make_fill();

using Fields = std::array<std::uint64_t, widths.size()>;

// Where the fill begins. The period being prime and the weights below it, another digit in any
// field gives another place.
std::size_t place_of(const Fields& fields) {
  constexpr Fields weights{1, 3, 7, 13, 29, 61, 113};
  std::uint64_t sum = 0;  // Below 2^56: a field has at most 48 bits.
  for (std::size_t i = 0; i < fields.size(); ++i) sum += fields[i] * weights[i];
  return sum % fill_period;
}

// Calls take(offset, pattern) for each piece of `bytes` bytes of fill until it says false.
template <class Take>
bool walk_fill(const Fields& fields, std::size_t bytes, Take take) {
  const char* pattern = fill.data() + place_of(fields);
  for (std::size_t at = 0; at < bytes; at += fill_block) {
    if (!take(at, std::string_view(pattern, std::min(fill_block, bytes - at)))) return false;
  }
  return true;
}

}  // namespace

void write_payload(const Stamp& stamp, MutableBytes payload) {
  CHECK(payload.size() == stamp.bytes && payload.size() >= stamp_bytes);
  char* out = reinterpret_cast<char*>(payload.data());
  std::memcpy(out, mark.data(), mark.size());
  out += mark.size();
  const Fields fields{stamp.run,
                      stamp.room,
                      stamp.stream,
                      stamp.number,
                      static_cast<std::uint64_t>(stamp.due.ns / due_unit_ns),
                      stamp.slot,
                      stamp.bytes};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    std::uint64_t value = fields[i];
    for (std::uint32_t digit = widths[i]; digit > 0; --digit) {
      out[digit - 1] = digits[value & 63];
      value >>= 6;
    }
    out += widths[i];
  }
  static_cast<void>(walk_fill(fields, payload.size() - stamp_bytes,
                              [out](std::size_t at, std::string_view pattern) {
                                std::memcpy(out + at, pattern.data(), pattern.size());
                                return true;
                              }));
}

std::optional<std::size_t> find_stamp(Bytes message, std::size_t hint) {
  if (message.size() < mark.size()) return std::nullopt;
  const char* text = reinterpret_cast<const char*>(message.data());
  if (hint + mark.size() <= message.size() &&
      std::memcmp(text + hint, mark.data(), mark.size()) == 0) {
    return hint;
  }
  const void* found = memmem(text, message.size(), mark.data(), mark.size());
  if (found == nullptr) return std::nullopt;
  return static_cast<std::size_t>(static_cast<const char*>(found) - text);
}

StampStatus read_stamp(Bytes message, std::size_t at, Stamp& stamp) {
  if (message.size() < at + stamp_bytes) return StampStatus::malformed;
  const auto* in = reinterpret_cast<const unsigned char*>(message.data()) + at + mark.size();
  Fields fields{};
  std::uint8_t seen = 0;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    for (std::uint32_t digit = 0; digit < widths[i]; ++digit) {
      const std::uint8_t value = values[*in++];
      seen |= value;
      fields[i] = fields[i] << 6 | value;
    }
  }
  if (seen == no_digit) return StampStatus::malformed;  // Only no_digit has the upper bits.
  stamp = {.run = static_cast<std::uint32_t>(fields[0]),
           .room = static_cast<std::uint32_t>(fields[1]),
           .stream = static_cast<std::uint32_t>(fields[2]),
           .number = static_cast<std::uint32_t>(fields[3]),
           .due = {static_cast<std::int64_t>(fields[4]) * due_unit_ns},
           .slot = static_cast<std::uint32_t>(fields[5]),
           .bytes = static_cast<std::uint32_t>(fields[6])};
  if (stamp.bytes < stamp_bytes || message.size() - at < stamp.bytes) return StampStatus::damaged;
  const char* text = reinterpret_cast<const char*>(in);
  const bool whole = walk_fill(
      fields, stamp.bytes - stamp_bytes, [text](std::size_t offset, std::string_view pattern) {
        return std::memcmp(text + offset, pattern.data(), pattern.size()) == 0;
      });
  return whole ? StampStatus::good : StampStatus::damaged;
}

}  // namespace parley::loadgen
