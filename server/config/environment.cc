#include "server/config/environment.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <utility>

#include "server/config/file_text.h"

namespace parley::server {

namespace {

constexpr std::array<ForeignVariable, 2> foreign{{
    {.name = "PORT", .key = "listen.port"},
    {.name = "JWT_SECRET", .key = "auth.jwt_secret"},
}};

struct Variable {
  std::string name;
  std::string value;
  std::string origin;
};

std::vector<Variable> process_variables(const char* const* environment) {
  std::vector<Variable> variables;
  for (const char* const* entry = environment; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    std::string name(text.substr(0, equals));
    std::string origin = "env " + name;
    variables.push_back({std::move(name), std::string(text.substr(equals + 1)), origin});
  }
  return variables;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// The value of a .env line: quoted text as it is, else up to a comment.
bool parse_env_value(std::string_view text, std::string& value) {
  if (text.empty() || (text.front() != '"' && text.front() != '\'')) {
    const std::size_t comment = text.starts_with('#') ? 0 : text.find(" #");
    value = trimmed(text.substr(0, comment));
    return true;
  }
  const std::size_t end = text.find(text.front(), 1);
  if (end == std::string_view::npos) return false;
  const std::string_view behind = trimmed(text.substr(end + 1));
  value = text.substr(1, end - 1);
  return behind.empty() || behind.starts_with('#');
}

bool parse_env_line(std::string_view line, Variable& variable) {
  if (line.starts_with("export ")) line = trimmed(line.substr(7));
  const std::size_t equals = line.find('=');
  if (equals == 0 || equals == std::string_view::npos) return false;
  variable.name = trimmed(line.substr(0, equals));
  const bool named = std::ranges::all_of(variable.name, [](char c) {
    return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0;
  });
  return named && parse_env_value(trimmed(line.substr(equals + 1)), variable.value);
}

Result<std::vector<Variable>> file_variables(const std::string& path, bool required) {
  const std::expected<std::string, int> text = file_text(path);
  if (!text) {
    if (!required && text.error() == ENOENT) return std::vector<Variable>{};
    return failure("cannot read the environment file " + path + ": " + std::strerror(text.error()));
  }
  std::vector<Variable> variables;
  std::string_view rest(*text);
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty() || line.starts_with('#')) continue;
    const std::string where = path + ":" + std::to_string(number);
    Variable variable;
    if (!parse_env_line(line, variable)) {
      return failure(where + ": must be NAME=VALUE, or a comment that begins with #");
    }
    variable.origin = "env " + variable.name + " (" + where + ")";
    variables.push_back(std::move(variable));
  }
  return variables;
}

const std::string* value_of(const std::vector<Variable>& variables, std::string_view name) {
  const auto found = std::ranges::find(variables, name, &Variable::name);
  return found == variables.end() ? nullptr : &found->value;
}

std::string unknown_variable(const Variable& variable) {
  std::vector<std::string> names{"PARLEY_CONFIG", "PARLEY_ENV_FILE", "PARLEY_LISTEN"};
  for (const Option& option : all_options()) names.push_back(variable_of(option));
  return variable.origin + ": no option has this name" + suggestion(variable.name, names);
}

// Names that stand for others first, so that an exact one overrides them: PORT, PARLEY_LISTEN,
// PARLEY_LISTEN_PORT.
Result<void> append(const std::vector<Variable>& variables, Environment& result) {
  for (const ForeignVariable& known : foreign) {
    for (const Variable& variable : variables) {
      if (variable.name != known.name || variable.value.empty()) continue;
      result.assignments.push_back({find_option(known.key), variable.value, variable.origin});
    }
  }
  for (const Variable& variable : variables) {
    if (variable.name != "PARLEY_LISTEN") continue;
    const auto both = listen_assignments(variable.value, variable.origin);
    if (!both) return failure(variable.origin + " " + both.error().message);
    result.assignments.insert(result.assignments.end(), both->begin(), both->end());
  }
  for (const Variable& variable : variables) {
    if (!variable.name.starts_with("PARLEY_") || variable.name == "PARLEY_LISTEN") continue;
    if (variable.name == "PARLEY_ENV_FILE") continue;
    if (variable.name == "PARLEY_CONFIG") {
      result.config_file = variable.value;
      continue;
    }
    const auto option = std::ranges::find(all_options(), variable.name, variable_of);
    if (option == all_options().end()) return failure(unknown_variable(variable));
    result.assignments.push_back({&*option, variable.value, variable.origin});
  }
  return {};
}

}  // namespace

std::span<const ForeignVariable> foreign_variables() {
  return foreign;
}

Result<Environment> read_environment(const char* const* environment) {
  const std::vector<Variable> process = process_variables(environment);
  const std::string* named = value_of(process, "PARLEY_ENV_FILE");
  const bool required = named != nullptr && !named->empty();
  const Result<std::vector<Variable>> file = file_variables(required ? *named : ".env", required);
  if (!file) return std::unexpected(file.error());
  Environment result;
  for (const std::vector<Variable>& variables : {*file, process}) {
    const Result<void> appended = append(variables, result);
    if (!appended) return std::unexpected(appended.error());
  }
  return result;
}

}  // namespace parley::server
