#include "server/config/config.h"

#include <algorithm>
#include <exception>

#include "core/base/check.h"
#include "server/config/command_line.h"
#include "server/config/cross_check.h"
#include "server/config/describe.h"
#include "server/config/environment.h"
#include "server/config/option.h"
#include "server/config/profile.h"
#include "server/config/toml_file.h"

namespace parley::server {

namespace {

constexpr int exit_start_up = 1;
constexpr int exit_usage = 2;

std::string_view program_name(int argc, const char* const* argv) {
  if (argc < 1) return "parleyd";
  const std::string_view path(argv[0]);
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0.
}

std::vector<Assignment> profile_assignments(const Profile& profile) {
  std::vector<Assignment> assignments;
  for (const ProfileSetting& setting : profile.settings) {
    const Option* option = find_option(setting.key);
    CHECK(option != nullptr);
    assignments.push_back(
        {option, std::string(setting.text), "profile " + std::string(profile.name)});
  }
  return assignments;
}

// "limits.message_bytes_max = 5 (file x.toml:12)"; a secret is not repeated.
std::string described(const Assignment& assignment) {
  const Option& option = *assignment.option;
  const std::string value = option.form == OptionForm::secret ? "(secret)" : assignment.text;
  return std::string(option.key) + " = " + value + " (" + assignment.origin + ")";
}

bool is_flag(const Assignment& assignment) {
  return assignment.origin.starts_with("flag");
}

std::vector<ConfigEntry> default_entries() {
  std::vector<ConfigEntry> entries;
  for (const Option& option : all_options()) {
    entries.push_back({.key = std::string(option.key), .value = {}, .origin = "default"});
  }
  return entries;
}

// Applies the layers, lowest first, and notes whose value stands in the end.
std::expected<void, Exit> apply(const std::vector<Assignment>& assignments, Options& options) {
  for (const Assignment& assignment : assignments) {
    const Result<void> set = set_option(*assignment.option, assignment.text, options.config);
    if (!set) {
      return std::unexpected(Exit{is_flag(assignment) ? exit_usage : exit_start_up,
                                  described(assignment) + " " + set.error().message});
    }
    const auto index = assignment.option - all_options().data();
    options.entries[static_cast<std::size_t>(index)].origin = assignment.origin;
  }
  return {};
}

std::expected<void, Exit> finish(Options& options) {
  Config& config = options.config;
  if (!config.log_file.empty() && !config.log_file.starts_with('/') && !config.data_dir.empty()) {
    config.log_file = config.data_dir + "/" + config.log_file;
  }
  for (std::size_t i = 0; i < options.entries.size(); ++i) {
    options.entries[i].value = shown_value(all_options()[i], config);
  }
  const std::optional<Violation> violation = first_violation(config);
  if (!violation) return {};
  const auto entry = std::ranges::find(options.entries, violation->key, &ConfigEntry::key);
  CHECK(entry != options.entries.end());
  return std::unexpected(Exit{exit_start_up, entry->key + " = " + entry->value + " (" +
                                                 entry->origin + ") " + violation->message});
}

// The profile is itself an option of the layers above it. One that does not exist is reported by
// apply(), like any other wrong value.
const Profile& chosen_profile(const std::vector<Assignment>& assignments) {
  const Option* option = find_option("profile");
  const Profile* chosen = find_profile("default");
  for (const Assignment& assignment : assignments) {
    if (assignment.option != option) continue;
    const Profile* named = find_profile(assignment.text);
    if (named != nullptr) chosen = named;
  }
  CHECK(chosen != nullptr);
  return *chosen;
}

std::expected<Options, Exit> load(const CommandLine& line, const char* const* environment) {
  const auto start_up_error = [](const Error& error) {
    return std::unexpected(Exit{exit_start_up, error.message});
  };
  const Result<Environment> variables = read_environment(environment);
  if (!variables) return start_up_error(variables.error());
  const std::string& path = line.config_file.empty() ? variables->config_file : line.config_file;
  std::vector<Assignment> layers;
  if (!path.empty()) {
    Result<std::vector<Assignment>> file = read_toml_file(path);
    if (!file) return start_up_error(file.error());
    layers = std::move(*file);
  }
  layers.insert(layers.end(), variables->assignments.begin(), variables->assignments.end());
  layers.insert(layers.end(), line.assignments.begin(), line.assignments.end());

  const std::vector<Assignment> presets = profile_assignments(chosen_profile(layers));
  layers.insert(layers.begin(), presets.begin(), presets.end());

  Options options;
  options.check_config = line.check_config;
  options.entries = default_entries();
  if (auto applied = apply(layers, options); !applied) return std::unexpected(applied.error());
  if (auto finished = finish(options); !finished) return std::unexpected(finished.error());
  return options;
}

std::expected<Options, Exit> load_or_explain(std::string_view program,
                                             const std::vector<std::string>& arguments,
                                             const char* const* environment) {
  const auto prefixed = [&](Exit exit) {
    exit.text = std::string(program) + ": " + exit.text;
    if (exit.code == exit_usage) exit.text += "; see " + std::string(program) + " --help";
    exit.text += "\n";
    return std::unexpected(std::move(exit));
  };
  const Result<CommandLine> line = read_command_line(arguments);
  if (!line) return prefixed({exit_usage, line.error().message});
  if (line->help) return std::unexpected(Exit{0, help_text(program)});
  if (line->version) return std::unexpected(Exit{0, version_text(program)});
  std::expected<Options, Exit> options = load(*line, environment);
  if (!options) return prefixed(std::move(options.error()));
  return options;
}

}  // namespace

std::expected<Options, Exit> load_options(int argc, const char* const* argv,
                                          const char* const* environment) {
  // Its libraries throw; nothing above this function may see that.
  try {
    const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    return load_or_explain(program_name(argc, argv), arguments, environment);
  } catch (const std::exception& error) {
    return std::unexpected(
        Exit{exit_start_up, std::string("cannot read the configuration: ") + error.what() + "\n"});
  }
}

std::string entries_text(std::span<const ConfigEntry> entries) {
  std::string text;
  for (const ConfigEntry& entry : entries) {
    text += entry.key + " = " + entry.value + "  # " + entry.origin + "\n";
  }
  return text;
}

}  // namespace parley::server
