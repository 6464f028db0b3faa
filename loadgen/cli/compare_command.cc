#include <array>
#include <cstdio>

#include "loadgen/cli/commands.h"
#include "loadgen/cli/plan_of.h"
#include "loadgen/plan/units.h"
#include "loadgen/report/summary.h"
#include "loadgen/run/ratios.h"
#include "loadgen/run/server_process.h"

namespace parley::loadgen {

namespace {

constexpr std::array compared{Metric::deliveries, Metric::publications, Metric::p50, Metric::p99,
                              Metric::connects};

// Sets `stopped` when the person has had enough.
Result<RunReport> run_with(const PlanOf& plan, const std::string& command, bool& stopped) {
  const Result<Target> target = parse_target(plan.plan.urls.front());
  if (!target) return std::unexpected(target.error());
  const Result<std::unique_ptr<ServerProcess>> server = ServerProcess::start(command, *target);
  if (!server) return std::unexpected(server.error());
  LiveView view(stderr, plan.plan, true);
  Result<RunReport> run = run_here(plan, (*server)->pid(), view);
  stopped = view.stopped();
  return run;
}

double value_of(const RunReport& run, Metric metric) {
  return run.metrics[static_cast<std::size_t>(metric)];
}

// Pairs in turns; those with an invalid run are kept in the report and left out of the ratios.
Result<CompareReport> compare(const Arguments& arguments, const PlanOf& plan) {
  CompareReport report;
  for (std::uint32_t i = 0; i < arguments.pairs; ++i) {
    bool stopped = false;
    Result<RunReport> a = run_with(plan, arguments.command_a, stopped);
    if (stopped) break;  // The pairs before are what there is.
    if (!a) return failure("a: " + a.error().message);
    Result<RunReport> b = run_with(plan, arguments.command_b, stopped);
    if (stopped) break;
    if (!b) return failure("b: " + b.error().message);
    if (!arguments.quiet) {
      const auto text = [](const RunReport& run) {
        return metric_text(Metric::deliveries, value_of(run, Metric::deliveries)) + " p99 " +
               metric_text(Metric::p99, value_of(run, Metric::p99)) +
               (run.verdict.good()           ? ""
                : run.verdict.says_nothing() ? " INVALID"
                                             : " NOT GOOD");
      };
      std::fprintf(stderr, "pair %u: a %s, b %s\n", i + 1, text(*a).c_str(), text(*b).c_str());
    }
    report.pairs.emplace_back(std::move(*a), std::move(*b));
  }
  for (const Metric metric : compared) {
    std::vector<double> ratios;
    for (const auto& [a, b] : report.pairs) {
      const bool decided = !a.verdict.says_nothing() && !b.verdict.says_nothing();
      if (!decided || value_of(a, metric) <= 0) continue;
      ratios.push_back(value_of(b, metric) / value_of(a, metric));
    }
    if (ratios.empty()) continue;
    const auto pairs = static_cast<std::uint32_t>(ratios.size());
    const Ratio ratio = ratio_of(std::move(ratios));
    report.ratios.push_back({.metric = metric,
                             .pairs = pairs,
                             .median = ratio.median,
                             .low = ratio.low,
                             .high = ratio.high,
                             .conclusive = ratio.conclusive});
  }
  return report;
}

const char* conclusion(const RatioReport& ratio) {
  constexpr std::uint32_t pairs_min = 6;  // Fewer have no interval of 95 %: run/ratios.h.
  if (ratio.pairs < pairs_min) return "no conclusion: that takes 6 valid pairs";
  if (!ratio.conclusive) return "no conclusion: the noise is larger than the difference";
  return ratio.median > 1 ? "b has more" : "a has more";
}

void print(const CompareReport& report) {
  std::printf("%14s %6s %10s %22s\n", "b over a", "pairs", "median", "95 % interval");
  for (const RatioReport& ratio : report.ratios) {
    std::printf("%14s %6u %10.3f %10.3f - %-9.3f %s\n",
                std::string(metric_name(ratio.metric)).c_str(), ratio.pairs, ratio.median,
                ratio.low, ratio.high, conclusion(ratio));
  }
}

}  // namespace

int compare_command(const Arguments& arguments) {
  const auto failed = [](const Error& error) {
    std::fprintf(stderr, "parley-load: %s\n", error.message.c_str());
    return exit_failed;
  };
  const Result<PlanOf> plan = plan_of(arguments);
  if (!plan) return failed(plan.error());
  const Result<CompareReport> report = compare(arguments, *plan);
  if (!report) return failed(report.error());
  print(*report);
  const Result<void> written =
      write_reports(arguments, compare_json(*report, heading_of(arguments)));
  if (!written) return failed(written.error());
  if (report->ratios.empty()) return exit_invalid;
  for (const auto& [a, b] : report->pairs) {
    if (!a.verdict.faults.empty() || !b.verdict.faults.empty()) return exit_not_good;
  }
  return exit_good;
}

}  // namespace parley::loadgen
