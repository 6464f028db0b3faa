#include <cstdio>

#include "loadgen/cli/commands.h"
#include "loadgen/cli/plan_of.h"
#include "loadgen/report/summary.h"

namespace parley::loadgen {

namespace {

int failed(const Error& error) {
  std::fprintf(stderr, "parley-load: %s\n", error.message.c_str());
  return exit_failed;
}

}  // namespace

int run_command(const Arguments& arguments) {
  const Result<PlanOf> plan = plan_of(arguments);
  if (!plan) return failed(plan.error());
  Heading heading = heading_of(arguments);
  Result<RunReport> report = failure("");
  {
    LiveView view(stderr, plan->plan, arguments.quiet);
    report = arguments.agents.empty()
                 ? run_here(*plan, arguments.server_pid, view)
                 : run_there(*plan, arguments.agents, arguments.server_pid, view, heading.agents);
  }
  if (!report) return failed(report.error());
  std::fputs(summary(*report, colours_for(stdout)).c_str(), stdout);
  const Result<void> written = write_reports(arguments, run_json(*report, heading));
  if (!written) return failed(written.error());
  return exit_code_of(report->verdict);
}

int plan_command(const Arguments& arguments) {
  const Result<PlanOf> plan = plan_of(arguments);
  if (!plan) return failed(plan.error());
  for (const PlanOption& option : plan_options()) {
    const std::string& text = plan->texts.find(option.key)->second;
    std::printf("%-30s %s\n", std::string(option.key).c_str(), text.c_str());
  }
  return exit_good;
}

}  // namespace parley::loadgen
