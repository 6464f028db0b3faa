#include "server/config/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace parley::server {

namespace {

// "--name=value" as two arguments: CLI11 takes the next argument as the value of "--name=".
std::vector<std::string> split_at_equals(const std::vector<std::string>& arguments) {
  std::vector<std::string> split;
  for (const std::string& argument : arguments) {
    const std::size_t equals = argument.find('=');
    if (!argument.starts_with("--") || equals == std::string::npos) {
      split.push_back(argument);
      continue;
    }
    split.push_back(argument.substr(0, equals));
    split.push_back(argument.substr(equals + 1));
  }
  return split;
}

std::string unknown_argument(const std::string& argument) {
  if (!argument.starts_with("-")) return "unexpected argument " + argument;
  std::vector<std::string> flags{"--config", "--listen", "--check-config", "--help", "--version"};
  for (const Option& option : all_options()) flags.push_back(flag_of(option));
  return "unknown flag " + argument + suggestion(argument, flags);
}

// What the command line gave one flag.
struct Given {
  std::string value;
  CLI::Option* flag = nullptr;
};

struct Flags {
  Given config;
  Given listen;
  std::vector<Given> options;  // As all_options().
};

void declare(CLI::App& app, Flags& flags, CommandLine& line) {
  app.set_help_flag();
  app.allow_extras();
  app.add_flag("--help,-h", line.help);
  app.add_flag("--version", line.version);
  app.add_flag("--check-config", line.check_config);
  flags.config.flag = app.add_option("--config", flags.config.value);
  flags.listen.flag = app.add_option("--listen", flags.listen.value);
  flags.options.resize(all_options().size());
  for (std::size_t i = 0; i < flags.options.size(); ++i) {
    Given& given = flags.options[i];
    const Option& option = all_options()[i];
    given.flag = app.add_option(flag_of(option), given.value);
    if (std::holds_alternative<bool Config::*>(option.member)) given.flag->expected(0, 1);
  }
}

Result<void> take_values(const Flags& flags, CommandLine& line) {
  if (flags.config.flag->count() > 0) {
    if (flags.config.value.empty()) return failure("flag --config must name a file");
    line.config_file = flags.config.value;
  }
  if (flags.listen.flag->count() > 0) {
    const auto both = listen_assignments(flags.listen.value, "flag --listen");
    if (!both) return failure("flag --listen " + both.error().message);
    line.assignments = *both;
  }
  for (std::size_t i = 0; i < flags.options.size(); ++i) {
    const Given& given = flags.options[i];
    if (given.flag->count() == 0) continue;
    const Option& option = all_options()[i];
    const bool bare = std::holds_alternative<bool Config::*>(option.member) && given.value.empty();
    line.assignments.push_back({&option, bare ? "true" : given.value, "flag " + flag_of(option)});
  }
  return {};
}

}  // namespace

Result<CommandLine> read_command_line(const std::vector<std::string>& arguments) {
  CommandLine line;
  Flags flags;
  try {
    CLI::App app;
    declare(app, flags, line);
    std::vector<std::string> reversed = split_at_equals(arguments);
    std::ranges::reverse(reversed);
    app.parse(reversed);
    const std::vector<std::string> unknown = app.remaining();
    if (!unknown.empty()) return failure(unknown_argument(unknown.front()));
    const Result<void> taken = take_values(flags, line);
    if (!taken) return std::unexpected(taken.error());
  } catch (const CLI::Error& error) {
    return failure(error.what());
  }
  return line;
}

}  // namespace parley::server
