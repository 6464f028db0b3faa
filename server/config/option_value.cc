// Texts to values and back, by the option's type and form.
#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <limits>

#include "core/base/check.h"
#include "core/rooms/room_name.h"
#include "server/config/ip_literal.h"
#include "server/config/option.h"
#include "server/config/profile.h"

namespace parley::server {

namespace {

constexpr std::uint32_t rate_count_max = 1'000'000;
constexpr std::uint64_t rate_window_ms_max = 24 * 3'600'000;
constexpr std::size_t label_bytes_max = 64;
constexpr std::size_t text_bytes_max = 4'096;

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};

bool parse_number(std::string_view text, std::uint64_t& number) {
  const char* end = text.data() + text.size();
  const std::from_chars_result result = std::from_chars(text.data(), end, number);
  return result.ec == std::errc{} && result.ptr == end;
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string joined(std::span<const std::string_view> words, std::string_view last_separator) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? last_separator : std::string_view(", ");
    text += words[i];
  }
  return text;
}

// RATE is COUNT/WINDOW with a window of ms, s, m or h; or "off".
bool parse_rate(std::string_view text, Rate& rate) {
  if (text == "off") {
    rate.count = 0;
    return true;
  }
  const std::size_t slash = text.find('/');
  const std::size_t unit = text.find_first_not_of("0123456789", slash + 1);
  if (slash == std::string_view::npos || unit == std::string_view::npos) return false;
  struct Unit {
    std::string_view name;
    std::uint64_t ms;
  };
  constexpr std::array<Unit, 4> units{{{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}}};
  const auto found = std::ranges::find(units, text.substr(unit), &Unit::name);
  std::uint64_t count = 0;
  std::uint64_t window = 0;
  if (found == units.end() || !parse_number(text.substr(0, slash), count) ||
      !parse_number(text.substr(slash + 1, unit - slash - 1), window)) {
    return false;
  }
  if (count == 0 || count > rate_count_max) return false;
  if (window == 0 || window > rate_window_ms_max / found->ms) return false;
  rate = {.count = static_cast<std::uint32_t>(count),
          .window_ms = static_cast<std::uint32_t>(window * found->ms)};
  return true;
}

std::string rate_text(const Rate& rate) {
  if (rate.count == 0) return "off";
  const bool whole_seconds = rate.window_ms % 1'000 == 0;
  return std::to_string(rate.count) + "/" +
         (whole_seconds ? std::to_string(rate.window_ms / 1'000) + "s"
                        : std::to_string(rate.window_ms) + "ms");
}

bool parse_address(std::string& host) {
  if (host == "localhost") host = "127.0.0.1";
  return is_ip_literal(host);
}

bool is_origin(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0 || !is_printable(text)) return false;
  const std::string_view authority = text.substr(colon + 3);
  return !authority.empty() && authority.find_first_of("/?#@,") == std::string_view::npos;
}

bool is_item(const Option& option, std::string_view text) {
  return option.form == OptionForm::origins ? is_origin(text) : core::valid_room_name(text);
}

// Items with commas between them; each once.
bool parse_list(const Option& option, std::string_view text, std::vector<std::string>& list) {
  list.clear();
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view item = text.substr(0, comma);
    if (!is_item(option, item) || std::ranges::find(list, item) != list.end()) return false;
    list.emplace_back(item);
    if (comma + 1 == text.size()) return false;
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return true;
}

bool is_url_path(std::string_view text) {
  return text.starts_with('/') && text.size() <= 1'024 && is_printable(text) &&
         text.find_first_of("?#%\"\\<>") == std::string_view::npos;
}

bool parse_text(const Option& option, std::string_view text, std::string& value) {
  if (text.size() > text_bytes_max || text.find('\0') != std::string_view::npos) return false;
  if (!option.choices.empty() && std::ranges::find(option.choices, text) == option.choices.end()) {
    return false;
  }
  value = text;
  switch (option.form) {
    case OptionForm::any:
    case OptionForm::file_path:
    case OptionForm::secret:
      return true;
    case OptionForm::address:
      return parse_address(value);
    case OptionForm::label:
      return !text.empty() && text.size() <= label_bytes_max && is_printable(text) &&
             text.find_first_of("\"\\") == std::string_view::npos;
    case OptionForm::url_path:
      return is_url_path(text);
    case OptionForm::url_path_or_empty:
      return text.empty() || is_url_path(text);
    case OptionForm::profile:
      return find_profile(text) != nullptr;
    case OptionForm::power_of_two:
    case OptionForm::origins:
    case OptionForm::room_names:
      break;  // Not of texts.
  }
  CHECK(false);
  return false;
}

template <class Number>
bool parse_integer(const Option& option, std::string_view text, Number& value) {
  std::uint64_t number = 0;
  if (!parse_number(text, number)) return false;
  if (!option.choices.empty()) {
    if (std::ranges::find(option.choices, text) == option.choices.end()) return false;
  } else if (number < option.min || number > option.max) {
    return false;
  }
  if (option.form == OptionForm::power_of_two && !std::has_single_bit(number)) return false;
  CHECK(number <= std::numeric_limits<Number>::max());  // The table's ranges fit the members.
  value = static_cast<Number>(number);
  return true;
}

bool parse_boolean(std::string_view text, bool& value) {
  value = text == "true";
  return value || text == "false";
}

template <class Enum>
bool parse_choice(const Option& option, std::string_view text, Enum& value) {
  const auto found = std::ranges::find(option.choices, text);
  if (found == option.choices.end()) return false;
  value = static_cast<Enum>(found - option.choices.begin());
  return true;
}

bool is_number(const Option& option) {
  return std::holds_alternative<std::uint16_t Config::*>(option.member) ||
         std::holds_alternative<std::uint32_t Config::*>(option.member) ||
         std::holds_alternative<std::uint64_t Config::*>(option.member);
}

std::string form_text(const Option& option) {
  switch (option.form) {
    case OptionForm::any:
    case OptionForm::power_of_two:
      return "any text";
    case OptionForm::file_path:
      return "a path, or empty";
    case OptionForm::address:
      return "an IP address";
    case OptionForm::label:
      return "1 to 64 printable ASCII characters";
    case OptionForm::url_path:
      return "a path that begins with /";
    case OptionForm::url_path_or_empty:
      return "a path that begins with /, or empty";
    case OptionForm::origins:
      return "origins such as https://chat.example, each once, or empty";
    case OptionForm::room_names:
      return "names of 1 to 64 bytes without control characters, each once, or empty";
    case OptionForm::profile:
      return joined(profile_names(), " or ");
    case OptionForm::secret:
      return "at least 32 bytes, or empty";
  }
  std::unreachable();
}

}  // namespace

std::string range_text(const Option& option) {
  if (!option.choices.empty()) return joined(option.choices, " or ");
  if (std::holds_alternative<bool Config::*>(option.member)) return "true or false";
  if (std::holds_alternative<Rate Config::*>(option.member)) {
    return "COUNT/WINDOW such as 10/30s (ms, s, m, h), or off";
  }
  if (!is_number(option)) return form_text(option);
  const std::string range = std::to_string(option.min) + " to " + std::to_string(option.max);
  return option.form == OptionForm::power_of_two ? "a power of two, " + range : range;
}

Result<void> set_option(const Option& option, std::string_view text, Config& config) {
  const bool taken = std::visit(
      Overloaded{
          [&](std::uint16_t Config::* member) {
            return parse_integer(option, text, config.*member);
          },
          [&](std::uint32_t Config::* member) {
            return parse_integer(option, text, config.*member);
          },
          [&](std::uint64_t Config::* member) {
            return parse_integer(option, text, config.*member);
          },
          [&](bool Config::* member) { return parse_boolean(text, config.*member); },
          [&](std::string Config::* member) { return parse_text(option, text, config.*member); },
          [&](std::vector<std::string> Config::* member) {
            return parse_list(option, text, config.*member);
          },
          [&](Rate Config::* member) { return parse_rate(text, config.*member); },
          [&]<class Enum>(Enum Config::* member) {
            return parse_choice(option, text, config.*member);
          },
      },
      option.member);
  if (!taken) return failure("must be " + range_text(option));
  return {};
}

std::string value_text(const Option& option, const Config& config) {
  return std::visit(
      Overloaded{
          [&](bool Config::* member) { return std::string(config.*member ? "true" : "false"); },
          [&](std::string Config::* member) { return config.*member; },
          [&](std::vector<std::string> Config::* member) {
            const std::vector<std::string>& list = config.*member;
            const std::vector<std::string_view> words(list.begin(), list.end());
            std::string text;
            for (const std::string_view word : words) {
              if (!text.empty()) text += ',';
              text += word;
            }
            return text;
          },
          [&](Rate Config::* member) { return rate_text(config.*member); },
          [&]<class Value>(Value Config::* member) {
            if constexpr (std::is_enum_v<Value>) {
              return std::string(option.choices[static_cast<std::size_t>(config.*member)]);
            } else {
              return std::to_string(config.*member);
            }
          },
      },
      option.member);
}

std::string shown_value(const Option& option, const Config& config) {
  const std::string text = value_text(option, config);
  if (option.form == OptionForm::secret) return text.empty() ? "(none)" : "(set)";
  return text.empty() ? "\"\"" : text;
}

}  // namespace parley::server
