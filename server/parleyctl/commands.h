// The commands of parleyctl. Each takes its arguments without the program's and its own name, and
// returns what main prints.
#pragma once

#include <string>
#include <vector>

#include "core/base/time.h"

namespace parley::server {

using Arguments = std::vector<std::string>;

inline constexpr int exit_ok = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;

struct Outcome {
  int code = exit_ok;
  std::string out;  // For standard output.
  std::string err;  // For standard error.
};

// Prints a signed token for a user.
[[nodiscard]] Outcome run_token(const Arguments& arguments, const char* const* environment,
                                UnixMillis now);

// Asks a running server whether it is well.
[[nodiscard]] Outcome run_health(const Arguments& arguments);

// Validates a configuration, with the directory and key files that it names.
[[nodiscard]] Outcome run_check_config(const Arguments& arguments, const char* const* environment);

// Prints the option tables of docs/configuration.md.
[[nodiscard]] Outcome run_options(const Arguments& arguments);

// One line for standard error.
[[nodiscard]] inline Outcome complaint(int code, const std::string& message) {
  return {.code = code, .out = {}, .err = "parleyctl: " + message + "\n"};
}

}  // namespace parley::server
