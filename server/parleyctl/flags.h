// The flags of one command, read by CLI11.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>

#include "server/parleyctl/commands.h"

namespace parley::server {

// Nothing when the arguments are right; else what to do instead: --help, or a usage error.
[[nodiscard]] std::optional<Outcome> read_flags(CLI::App& app, const Arguments& arguments);

}  // namespace parley::server
