// Reads PARLEY_... variables, and those that the replaced services used (PORT, JWT_SECRET), from
// the process environment and from a .env file below it.
//
// Errors  One line that names the variable: an unknown PARLEY_... name, a malformed .env line, a
//         file named by PARLEY_ENV_FILE that cannot be read. No .env in the working directory is
//         not an error. Variables without PARLEY_ that we do not know are none of our business.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "server/config/option.h"

namespace parley::server {

struct Environment {
  std::vector<Assignment> assignments;  // Lowest precedence first.
  std::string config_file;              // PARLEY_CONFIG; empty: none.
};

// A variable that stands for an option under a name without PARLEY_. Empty counts as not set.
struct ForeignVariable {
  std::string_view name;
  std::string_view key;
};
[[nodiscard]] std::span<const ForeignVariable> foreign_variables();

// `environment` as in main(): "NAME=VALUE" strings, the last one null.
[[nodiscard]] Result<Environment> read_environment(const char* const* environment);

}  // namespace parley::server
