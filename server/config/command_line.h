// Reads the command line with CLI11: a flag for every option, and the few that are not options.
//
// Errors  One line that names the argument and what would be right; the exit code is 2.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "server/config/option.h"

namespace parley::server {

struct CommandLine {
  std::vector<Assignment> assignments;  // Lowest precedence first.
  std::string config_file;              // --config; empty: none.
  bool check_config = false;
  bool help = false;
  bool version = false;
};

// `arguments` without the program's name.
[[nodiscard]] Result<CommandLine> read_command_line(const std::vector<std::string>& arguments);

}  // namespace parley::server
