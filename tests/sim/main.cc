// sim: runs scenarios from seeds and says what was violated, with the command that shows it again.
//
//   sim --seeds 200                        seeds 1 to 200, the scenarios in turn
//   sim --seed 17 [--scenario NAME]        one run
//   sim --seed 17 --disable recv_cut       the same without a fault, to shrink a failure
//   sim --regressions FILE                 the runs that once failed
#include <unistd.h>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "tests/sim/scenario.h"
#include "tests/sim/simulation.h"

namespace parley::sim {
namespace {

struct Arguments {
  std::uint64_t seeds = 0;
  std::uint64_t first = 1;
  std::uint64_t seed = 0;
  std::string scenario;
  std::string regressions;
  std::uint64_t steps = RunOptions{}.steps_max;
  std::vector<std::string> disabled;
  bool twice = false;
  bool canary = false;
};

struct Totals {
  FaultStats faults;
  Oracle::Counts seen;
  std::uint64_t runs = 0;
  std::uint64_t failures = 0;
  std::uint64_t steps = 0;
};

// A CHECK in the server ends the process: the run that did it must still be named.
char run_under_way[256];

void name_run_under_way(int) {
  [[maybe_unused]] const auto written =
      write(STDERR_FILENO, run_under_way, std::strlen(run_under_way));
}

std::string command_of(const Scenario& scenario, const RunOptions& options) {
  std::string command =
      "sim --scenario " + std::string(scenario.name) + " --seed " + std::to_string(options.seed);
  for (const Fault fault : options.disabled) command += " --disable " + std::string(name_of(fault));
  return command;
}

void add(Totals& totals, const Outcome& outcome) {
  totals.faults.add(outcome.faults);
  totals.seen.live += outcome.seen.live;
  totals.seen.replayed += outcome.seen.replayed;
  totals.seen.gaps += outcome.seen.gaps;
  totals.seen.joins += outcome.seen.joins;
  totals.seen.resumes += outcome.seen.resumes;
  totals.seen.errors += outcome.seen.errors;
  totals.steps += outcome.steps;
  totals.runs += 1;
  totals.failures += outcome.failure.empty() ? 0 : 1;
}

void run_one(const Scenario& scenario, const RunOptions& options, bool twice, Totals& totals) {
  const std::string command = command_of(scenario, options);
  std::snprintf(run_under_way, sizeof run_under_way, "died in: %s\n", command.c_str());
  Outcome outcome = simulate(scenario, options);
  if (twice && simulate(scenario, options).digest != outcome.digest) {
    outcome.failure = "the same seed gave another digest";
  }
  std::printf(
      "seed %llu %s %016llx steps=%llu completions=%llu live=%llu replayed=%llu gaps=%llu\n",
      static_cast<unsigned long long>(options.seed), std::string(scenario.name).c_str(),
      static_cast<unsigned long long>(outcome.digest),
      static_cast<unsigned long long>(outcome.steps),
      static_cast<unsigned long long>(outcome.completions),
      static_cast<unsigned long long>(outcome.seen.live),
      static_cast<unsigned long long>(outcome.seen.replayed),
      static_cast<unsigned long long>(outcome.seen.gaps));
  if (!outcome.failure.empty()) {
    std::printf("FAILED: %s\n  again: %s\n", outcome.failure.c_str(), command.c_str());
  }
  add(totals, outcome);
}

// Each line: scenario, seed, commit, reason.
bool run_regressions(const std::string& file, RunOptions options, Totals& totals) {
  std::ifstream lines(file);
  if (!lines) return false;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string name;
    if (!(words >> name >> options.seed)) return false;
    const Scenario* const scenario = scenario_named(name);
    if (scenario == nullptr) return false;
    run_one(*scenario, options, false, totals);
  }
  return true;
}

// A fault that is planned and never happens tests nothing.
bool print_faults(const FaultStats& stats) {
  bool all_fired = true;
  std::printf("%-22s %8s %10s\n", "fault", "runs", "fired");
  for (std::uint8_t i = 0; i < faults_count; ++i) {
    const bool idle = stats.runs_enabled[i] > 0 && stats.fired[i] == 0;
    std::printf("%-22s %8llu %10llu%s\n", std::string(name_of(static_cast<Fault>(i))).c_str(),
                static_cast<unsigned long long>(stats.runs_enabled[i]),
                static_cast<unsigned long long>(stats.fired[i]), idle ? "  NEVER FIRED" : "");
    all_fired = all_fired && !idle;
  }
  return all_fired;
}

int run(const Arguments& arguments) {
  RunOptions options;
  options.steps_max = arguments.steps;
  options.broken_on_purpose = arguments.canary;
  for (const std::string& name : arguments.disabled) {
    const std::optional<Fault> fault = fault_named(name);
    if (!fault.has_value()) {
      std::fprintf(stderr, "there is no fault %s\n", name.c_str());
      return 2;
    }
    options.disabled.push_back(*fault);
  }
  const Scenario* const only = scenario_named(arguments.scenario);
  if (only == nullptr && !arguments.scenario.empty()) {
    std::fprintf(stderr, "there is no scenario %s\n", arguments.scenario.c_str());
    return 2;
  }
  Totals totals;
  if (!arguments.regressions.empty()) {
    if (!run_regressions(arguments.regressions, options, totals)) {
      std::fprintf(stderr, "cannot make sense of %s\n", arguments.regressions.c_str());
      return 2;
    }
  }
  const std::uint64_t first = arguments.seed > 0 ? arguments.seed : arguments.first;
  const std::uint64_t count = arguments.seed > 0 ? 1 : arguments.seeds;
  for (options.seed = first; options.seed < first + count; ++options.seed) {
    const Scenario& scenario =
        only != nullptr ? *only : scenarios()[options.seed % scenarios().size()];
    run_one(scenario, options, arguments.twice, totals);
  }
  // A few runs cannot show every fault.
  const bool all_fired = print_faults(totals.faults) || totals.runs < 100;
  std::printf(
      "%llu runs, %llu failed; %llu steps, %llu live, %llu replayed, %llu gaps, "
      "%llu joins, %llu resumed, %llu errors told\n",
      static_cast<unsigned long long>(totals.runs),
      static_cast<unsigned long long>(totals.failures),
      static_cast<unsigned long long>(totals.steps),
      static_cast<unsigned long long>(totals.seen.live),
      static_cast<unsigned long long>(totals.seen.replayed),
      static_cast<unsigned long long>(totals.seen.gaps),
      static_cast<unsigned long long>(totals.seen.joins),
      static_cast<unsigned long long>(totals.seen.resumes),
      static_cast<unsigned long long>(totals.seen.errors));
  return totals.failures == 0 && all_fired ? 0 : 1;
}

}  // namespace
}  // namespace parley::sim

int main(int argc, char** argv) {
  parley::sim::Arguments arguments;
  CLI::App app("Runs the production workers in a simulated world.");
  app.add_option("--seeds", arguments.seeds, "How many seeds to run.");
  app.add_option("--first", arguments.first, "The first of them (1).");
  app.add_option("--seed", arguments.seed, "Only this seed.");
  app.add_option("--scenario", arguments.scenario, "Only this scenario, not all in turn.");
  app.add_option("--regressions", arguments.regressions, "Runs the seeds of this file.");
  app.add_option("--steps", arguments.steps, "A run that takes more has failed.");
  app.add_option("--disable", arguments.disabled, "A fault that does not happen; repeatable.");
  app.add_flag("--twice", arguments.twice, "Each seed twice: the digests must agree.");
  app.add_flag("--canary", arguments.canary, "Hides a message from the oracle: it must notice.");
  CLI11_PARSE(app, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // A run that dies leaves what went before.
  std::signal(SIGABRT, parley::sim::name_run_under_way);
  return parley::sim::run(arguments);
}
