#include "server/config/describe.h"

#include <algorithm>

#include "server/config/environment.h"
#include "server/config/option.h"
#include "server/config/profile.h"

namespace parley::server {

namespace {

constexpr std::size_t help_column = 34;
constexpr std::size_t help_width = 100;

// One flag: its name, then its text wrapped beside it.
void append_flag(std::string& out, std::string_view flag, std::string_view text) {
  std::string line = "  " + std::string(flag);
  if (line.size() + 2 > help_column) {
    out += line + "\n";
    line.clear();
  }
  line.resize(help_column, ' ');
  bool first = true;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, space);
    if (!first && line.size() + 1 + word.size() > help_width) {
      out += line + "\n";
      line.assign(help_column, ' ');
      first = true;
    }
    if (!first) line += ' ';
    line += word;
    first = false;
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  out += line + "\n";
}

std::string variables_of(const Option& option) {
  std::string variables = variable_of(option);
  for (const ForeignVariable& known : foreign_variables()) {
    if (known.key == option.key) variables += ", " + std::string(known.name);
  }
  return variables;
}

}  // namespace

std::string version_text(std::string_view program) {
  return std::string(program) + " " PARLEY_VERSION "\n";
}

std::string help_text(std::string_view program) {
  std::string out = "Usage: " + std::string(program) + " [FLAGS]\n\n";
  append_flag(out, "--config FILE", "TOML file to read (PARLEY_CONFIG).");
  append_flag(out, "--listen HOST:PORT",
              "Short for --listen-host and --listen-port (PARLEY_LISTEN). [::]:8080 for IPv6.");
  append_flag(out, "--check-config",
              "Print the effective configuration, with the origin of each value, and exit.");
  append_flag(out, "--help, -h", "Print this and exit.");
  append_flag(out, "--version", "Print the version and exit.");
  const Config defaults;
  std::string_view section = "process";
  out += "\nProcess:\n";
  for (const Option& option : all_options()) {
    const std::string_view its_section = section_of(option);
    if (!its_section.empty() && its_section != section) {
      section = its_section;
      out += "\n[" + std::string(section) + "]\n";
    }
    append_flag(out, flag_of(option) + " " + std::string(option.argument),
                std::string(option.description) + " (" + range_text(option) + ") [" +
                    shown_value(option, defaults) + "]");
  }
  out += "\nProfiles:\n";
  for (const Profile& profile : all_profiles()) {
    append_flag(out, profile.name, profile.description);
  }
  out +=
      "\nEvery flag is also an environment variable (--log-level: PARLEY_LOG_LEVEL) and a key "
      "of the\nTOML file ([log] level). Each layer overrides the one before: defaults, profile, "
      "file, .env,\nenvironment, flags. The text in brackets is the default.\n";
  return out;
}

std::string options_markdown() {
  const Config defaults;
  std::string out =
      "| TOML key | flag | environment | default | allowed | meaning |\n"
      "|---|---|---|---|---|---|\n";
  for (const Option& option : all_options()) {
    out += "| `" + std::string(option.key) + "` | `" + flag_of(option) + "` | `" +
           variables_of(option) + "` | `" + shown_value(option, defaults) + "` | " +
           range_text(option) + " | " + std::string(option.description) + " |\n";
  }
  out += "\n| profile | for | sets |\n|---|---|---|\n";
  for (const Profile& profile : all_profiles()) {
    std::string settings;
    for (const ProfileSetting& setting : profile.settings) {
      if (!settings.empty()) settings += ", ";
      settings += "`" + std::string(setting.key) + " = " + std::string(setting.text) + "`";
    }
    out += "| `" + std::string(profile.name) + "` | " + std::string(profile.description) + " | " +
           (settings.empty() ? "nothing" : settings) + " |\n";
  }
  return out;
}

}  // namespace parley::server
