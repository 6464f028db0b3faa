// One thing an operator can set: its names in TOML, in the environment and on the command line, its
// type, range and description. Reading, printing, help and documentation all come from the table.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "server/config/config.h"

namespace parley::server {

// Where in Config the value goes; the alternative is the option's type.
using OptionMember =
    std::variant<std::uint16_t Config::*, std::uint32_t Config::*, std::uint64_t Config::*,
                 bool Config::*, std::string Config::*, std::vector<std::string> Config::*,
                 Rate Config::*, SlowReaderPolicy Config::*, GuestPolicy Config::*,
                 LogLevel Config::*>;

// What a text must look like beyond its type.
enum class OptionForm : std::uint8_t {
  any,
  power_of_two,
  address,    // An IP address, or "localhost".
  file_path,  // Of this machine, or empty.
  label,      // 1-64 printable ASCII characters.
  url_path,   // Begins with '/'.
  url_path_or_empty,
  origins,     // Each "scheme://host" or "scheme://host:port".
  room_names,  // Each as core/rooms/room_name.h has them, without a comma; none twice.
  profile,
  secret,  // Never printed.
};

struct Option {
  std::string_view key;   // In TOML: "limits.message_bytes_max"
  std::string_view name;  // --message-bytes-max and PARLEY_MESSAGE_BYTES_MAX
  OptionMember member;
  std::string_view argument;  // In the help: "BYTES"
  std::string_view description;
  OptionForm form = OptionForm::any;
  std::uint64_t min = 0;  // Numbers only.
  std::uint64_t max = 0;
  std::span<const std::string_view> choices = {};  // Of an enumeration: by the enumerator's value.
};

// In the order of the help. Names and keys are unique.
[[nodiscard]] std::span<const Option> all_options();
[[nodiscard]] const Option* find_option(std::string_view key);

[[nodiscard]] std::string flag_of(const Option& option);          // "--message-bytes-max"
[[nodiscard]] std::string variable_of(const Option& option);      // "PARLEY_MESSAGE_BYTES_MAX"
[[nodiscard]] std::string_view section_of(const Option& option);  // "limits", or empty

// The error says what would be right.
[[nodiscard]] Result<void> set_option(const Option& option, std::string_view text, Config& config);

// The value as set_option() takes it. Secrets too: see shown_value().
[[nodiscard]] std::string value_text(const Option& option, const Config& config);

// As value_text(), but secrets are "(set)" or "(none)" and the empty text is "".
[[nodiscard]] std::string shown_value(const Option& option, const Config& config);

// What would be right: "1 to 512", "text or json".
[[nodiscard]] std::string range_text(const Option& option);

// A value that a layer gives an option.
struct Assignment {
  const Option* option{};
  std::string text;
  std::string origin;
};

// HOST:PORT as the two options that it sets.
[[nodiscard]] Result<std::vector<Assignment>> listen_assignments(std::string_view text,
                                                                 std::string_view origin);

// " (did you mean X?)" when one of the candidates is near, else empty.
[[nodiscard]] std::string suggestion(std::string_view unknown,
                                     std::span<const std::string> candidates);

}  // namespace parley::server
