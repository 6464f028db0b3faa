// The commands of `parley-load`. Each returns the exit code:
//   0  the run was good (or the command did what it was asked)
//   1  it could not be made; one line says why
//   3  it was made, and was not good: a fault, or a criterion that does not hold
//   4  it was made, and says nothing, since the generator was the bottleneck
#pragma once

#include "loadgen/cli/command_line.h"

namespace parley::loadgen {

inline constexpr int exit_good = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_not_good = 3;
inline constexpr int exit_invalid = 4;

[[nodiscard]] int run_command(const Arguments& arguments);
[[nodiscard]] int plan_command(const Arguments& arguments);
[[nodiscard]] int capacity_command(const Arguments& arguments);
[[nodiscard]] int compare_command(const Arguments& arguments);
[[nodiscard]] int agent_command(const Arguments& arguments);

}  // namespace parley::loadgen
