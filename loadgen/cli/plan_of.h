// The plan that a command line asks for, and a run of it.
#pragma once

#include <string>

#include "loadgen/cli/command_line.h"
#include "loadgen/cli/report_files.h"
#include "loadgen/report/run_json.h"
#include "loadgen/run/conductor.h"

namespace parley::loadgen {

struct PlanOf {
  Plan plan;
  PlanTexts texts;  // Of all options.
};

// The file, then the flags, then `over`.
[[nodiscard]] Result<PlanOf> plan_of(const Arguments& arguments, const PlanTexts& over = {});

// A whole run with workers of this process.
[[nodiscard]] Result<RunReport> run_here(const PlanOf& plan, std::uint32_t server_pid,
                                         Watcher& watcher);

// The same with agents on other machines, whose facts are filled in.
[[nodiscard]] Result<RunReport> run_there(const PlanOf& plan,
                                          const std::vector<std::string>& agents,
                                          std::uint32_t server_pid, Watcher& watcher,
                                          std::vector<AgentFacts>& facts);

[[nodiscard]] Heading heading_of(const Arguments& arguments);

[[nodiscard]] int exit_code_of(const Verdict& verdict);

}  // namespace parley::loadgen
