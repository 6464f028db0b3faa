// Reads a TOML configuration file into assignments, in the order of its lines.
//
// Errors  One line with the file and the line number: not readable, not TOML, an unknown key, a
//         value of another type than the option's. Ranges are checked later, with all layers'.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "server/config/option.h"

namespace parley::server {

[[nodiscard]] Result<std::vector<Assignment>> read_toml_file(const std::string& path);

}  // namespace parley::server
