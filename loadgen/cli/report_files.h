// The files of --json and --html.
#pragma once

#include <string>

#include "core/base/result.h"
#include "loadgen/cli/command_line.h"

namespace parley::loadgen {

// Whether they can be written, before hours of measuring: an error names the file. What is there
// stays as it is.
[[nodiscard]] Result<void> check_reports(const Arguments& arguments);

// Those that were asked for. An error names the file; the other one is written nevertheless.
[[nodiscard]] Result<void> write_reports(const Arguments& arguments, const std::string& json);

}  // namespace parley::loadgen
