#include "loadgen/plan/units.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace parley::loadgen {

namespace {

struct Unit {
  std::string_view name;
  double factor;
};

// A number that is not negative, and what follows it.
bool split_number(std::string_view text, double& number, std::string_view& unit) {
  const std::from_chars_result result =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (result.ec != std::errc{} || !std::isfinite(number) || number < 0) return false;
  unit = text.substr(static_cast<std::size_t>(result.ptr - text.data()));
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  return true;
}

// 1.001k is a whole number, although 1.001 * 1000 is not one in binary.
double without_rounding(double value) {
  const double whole = std::round(value);
  return std::abs(value - whole) <= 1e-12 * whole ? whole : value;
}

template <std::size_t count>
bool parse(std::string_view text, const std::array<Unit, count>& units, double& value) {
  std::string_view unit;
  if (!split_number(text, value, unit)) return false;
  for (const Unit& known : units) {
    if (known.name != unit) continue;
    value = without_rounding(value * known.factor);
    return value < 1e18;
  }
  return false;
}

constexpr std::array<Unit, 4> count_units{{{"", 1}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}}};
constexpr std::array<Unit, 8> byte_units{{{"", 1},
                                          {"B", 1},
                                          {"kB", 1e3},
                                          {"MB", 1e6},
                                          {"GB", 1e9},
                                          {"KiB", 1'024},
                                          {"MiB", 1'048'576},
                                          {"GiB", 1'073'741'824}}};
constexpr std::array<Unit, 6> time_units{
    {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3'600e9}}};

std::string text_of(double value, const char* unit) {
  std::array<char, 48> out{};
  const int digits = value >= 100 || value == std::floor(value) ? 0 : value >= 10 ? 1 : 2;
  std::snprintf(out.data(), out.size(), "%.*f%s%s", digits, value, *unit == '\0' ? "" : " ", unit);
  return out.data();
}

template <std::size_t count>
std::string scaled(double value, const std::array<Unit, count>& units) {
  std::size_t chosen = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (value >= units[i].factor) chosen = i;
  }
  return text_of(value / units[chosen].factor, units[chosen].name.data());
}

// Of the character at the front: 0 when it is a control character or no UTF-8 (RFC 3629, 4).
std::size_t printable_bytes(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return byte(0) >= 0x20 && byte(0) != 0x7f ? 1 : 0;
  const std::size_t bytes = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < bytes) return 0;
  std::uint32_t code = byte(0) & (0x7fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3f);
  }
  constexpr std::array<std::uint32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  const bool control = code < 0xa0 || code == 0x2028 || code == 0x2029;  // C1, and line ends.
  const bool turns = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  const bool good = code >= least[bytes] && code <= 0x10ffff && !surrogate && !control && !turns;
  return good ? bytes : 0;
}

}  // namespace

Result<std::uint64_t> parse_count(std::string_view text) {
  double value = 0;
  if (!parse(text, count_units, value) || value != std::floor(value)) {
    return failure("must be a whole number such as 1000 or 10k");
  }
  return static_cast<std::uint64_t>(value);
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  double value = 0;
  if (!parse(text, byte_units, value) || value != std::floor(value)) {
    return failure("must be bytes such as 64 or 16KiB");
  }
  return static_cast<std::uint64_t>(value);
}

Result<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration{};
  double value = 0;
  if (!parse(text, time_units, value)) return failure("must be a time such as 500us, 20ms or 10s");
  return Duration{static_cast<std::int64_t>(value)};
}

Result<double> parse_rate(std::string_view text) {
  if (text == "off" || text == "0") return 0.0;
  const std::size_t slash = text.find('/');
  const std::string_view window = slash == std::string_view::npos ? "" : text.substr(slash + 1);
  const double seconds = window == "s" ? 1 : window == "m" ? 60 : window == "h" ? 3'600 : 0;
  double count = 0;
  if (seconds == 0 || !parse(text.substr(0, slash), count_units, count)) {
    return failure("must be a rate such as 1000/s or 10k/s");
  }
  return count / seconds;
}

Result<double> parse_share(std::string_view text) {
  double value = 0;
  std::string_view unit;
  const bool good = split_number(text, value, unit) && (unit.empty() || unit == "%");
  if (unit == "%") value /= 100;
  if (!good || value > 1) return failure("must be a share such as 0.05 or 5%");
  return value;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::string printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const std::size_t bytes = printable_bytes(text);
    shown += text.substr(0, bytes);
    if (bytes == 0) {
      constexpr std::string_view digits = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(text.front());
      shown += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    }
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  return shown;
}

std::string count_text(double count) {
  return scaled(count, count_units);
}

std::string duration_text(Duration duration) {
  constexpr std::array<Unit, 4> units{{{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}}};
  return scaled(static_cast<double>(duration.ns), units);
}

std::string bytes_text(double bytes) {
  constexpr std::array<Unit, 4> units{
      {{"B", 1}, {"KiB", 1'024}, {"MiB", 1'048'576}, {"GiB", 1'073'741'824}}};
  return scaled(bytes, units);
}

}  // namespace parley::loadgen
