#include <algorithm>
#include <array>
#include <cstdio>

#include "loadgen/cli/commands.h"
#include "loadgen/cli/plan_of.h"
#include "loadgen/plan/units.h"
#include "loadgen/report/summary.h"
#include "loadgen/run/capacity.h"
#include "loadgen/run/server_process.h"

namespace parley::loadgen {

namespace {

class Capacity {
 public:
  explicit Capacity(const Arguments& arguments) : arguments_(arguments) {}

  [[nodiscard]] Result<CapacityReport> search();

 private:
  [[nodiscard]] bool varies_rate() const { return arguments_.vary == "rate"; }
  [[nodiscard]] Result<PlanOf> plan_with(double value) const;
  [[nodiscard]] Result<RunReport> try_once(double value);
  [[nodiscard]] Result<void> on_invalid(CapacityReport& report, CapacitySearch& search);
  void show(double value, const RunReport& run) const;

  const Arguments& arguments_;
  std::vector<double> beyond_generator_;  // Values that it failed, not the server.
  bool stopped_ = false;
};

// A rate with three digits behind the point, in words that parse_rate() reads.
std::string rate_words(double value) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.3f/s", value);
  return text.data();
}

Result<PlanOf> Capacity::plan_with(double value) const {
  if (!varies_rate()) {
    return plan_of(arguments_,
                   {{"connections.count", std::to_string(static_cast<std::uint64_t>(value))}});
  }
  return plan_of(arguments_, {{"load.mode", "open"}, {"load.rate", rate_words(value)}});
}

Result<RunReport> Capacity::try_once(double value) {
  const Result<PlanOf> plan = plan_with(value);
  if (!plan) return std::unexpected(plan.error());
  std::unique_ptr<ServerProcess> server;
  std::uint32_t pid = arguments_.server_pid;
  if (!arguments_.server_command.empty()) {
    const Result<Target> target = parse_target(plan->plan.urls.front());
    if (!target) return std::unexpected(target.error());
    Result<std::unique_ptr<ServerProcess>> started =
        ServerProcess::start(arguments_.server_command, *target);
    if (!started) return std::unexpected(started.error());
    server = std::move(*started);
    pid = server->pid();
  }
  LiveView view(stderr, plan->plan, true);
  Result<RunReport> run = run_here(*plan, pid, view);
  stopped_ = stopped_ || view.stopped();
  return run;
}

Result<void> Capacity::on_invalid(CapacityReport& report, CapacitySearch& search) {
  constexpr std::ptrdiff_t invalid_max = 3;
  constexpr std::size_t hopeless = 8;
  const std::vector<RunReport>& runs = report.curve.back().runs;
  const auto invalid = std::count_if(
      runs.begin(), runs.end(), [](const RunReport& run) { return run.verdict.says_nothing(); });
  if (invalid < invalid_max) return {};
  const double value = search.next();
  if (!search.answer() && beyond_generator_.size() >= hopeless) {
    return failure("the generator fails before the server does, down to " + count_text(value) +
                   ": " + runs.back().verdict.invalid_because.front());
  }
  beyond_generator_.push_back(value);
  while (!search.done() && search.next() == value) search.tell(false);
  return {};
}

void Capacity::show(double value, const RunReport& run) const {
  if (arguments_.quiet) return;
  const auto metric = [&run](Metric which) {
    return metric_text(which, run.metrics[static_cast<std::size_t>(which)]);
  };
  std::string why;
  for (const std::string& text : run.verdict.faults) why += "; " + text;
  for (const std::string& text : run.verdict.invalid_because) why += "; " + text;
  for (const Verdict::Judged& judged : run.verdict.criteria) {
    if (!judged.holds) why += "; not " + judged.criterion.text;
  }
  std::fprintf(stderr, "%s %s: %s, deliveries %s, p50 %s, p99 %s%s\n", arguments_.vary.c_str(),
               count_text(value).c_str(), run.verdict.good() ? "good" : "not good",
               metric(Metric::deliveries).c_str(), metric(Metric::p50).c_str(),
               metric(Metric::p99).c_str(), why.c_str());
}

Result<CapacityReport> Capacity::search() {
  const Result<PlanOf> plan = plan_of(arguments_);
  if (!plan) return std::unexpected(plan.error());
  if (plan->plan.criteria.empty()) {
    return failure("say what must hold: --criteria 'p99 < 5ms, loss == 0'");
  }
  if (varies_rate() && plan->plan.rate.highest() <= 0 && arguments_.least <= 0) {
    return failure("say where to begin: --rate 1000/s, or --from 1000");
  }
  const double planned =
      varies_rate() ? plan->plan.rate.highest() : static_cast<double>(plan->plan.connections);
  CapacitySearch search({.first = arguments_.least > 0 ? arguments_.least : planned,
                         .precision = arguments_.precision,
                         .confirm = arguments_.confirm,
                         .whole = !varies_rate(),
                         .least = varies_rate() ? 0.1 : 1,
                         .most = varies_rate() ? 1e9 : 1e7});
  CapacityReport report{.varied = arguments_.vary, .curve = {}, .answer = {}};
  while (!search.done()) {
    const double value = search.next();
    if (report.curve.empty() || report.curve.back().value != value) {
      report.curve.push_back({.value = value, .held = false, .runs = {}});
    }
    Result<RunReport> run = try_once(value);
    if (stopped_) {
      report.stopped = true;
      break;
    }
    if (!run) {
      // That so many do not even connect is an answer, too, unless nothing ever did.
      if (!search.answer()) return std::unexpected(run.error());
      std::fprintf(stderr, "%s %s: %s\n", arguments_.vary.c_str(), count_text(value).c_str(),
                   run.error().message.c_str());
      search.tell(false);
      continue;
    }
    show(value, *run);
    const bool decided = !run->verdict.says_nothing();
    const bool good = run->verdict.good();
    report.curve.back().runs.push_back(std::move(*run));
    if (decided) {
      search.tell(good);
      continue;
    }
    // What the generator could not do says nothing about the server: once more, but not for ever.
    search.tell_nothing();
    const Result<void> goes_on = on_invalid(report, search);
    if (!goes_on) return std::unexpected(goes_on.error());
  }
  for (CapacityTry& point : report.curve) {
    for (const CapacitySearch::Tried& tried : search.tried()) {
      if (tried.value == point.value) point.held = tried.held;
    }
  }
  report.answer = search.answer();
  report.limited_by_generator =
      search.failed() && std::ranges::count(beyond_generator_, *search.failed()) > 0;
  return report;
}

// "2 good, 1 not, 1 invalid": the columns beside it are of the last one.
std::string runs_text(const std::vector<RunReport>& runs) {
  const auto good =
      std::ranges::count_if(runs, [](const RunReport& run) { return run.verdict.good(); });
  const auto invalid =
      std::ranges::count_if(runs, [](const RunReport& run) { return run.verdict.says_nothing(); });
  const auto bad = std::ssize(runs) - good - invalid;
  std::string text = std::to_string(good) + " good";
  if (bad > 0) text += ", " + std::to_string(bad) + " not";
  if (invalid > 0) text += ", " + std::to_string(invalid) + " invalid";
  return text;
}

void print_curve(const CapacityReport& report) {
  std::printf("%14s %6s %14s %12s %12s %10s   %s\n", report.varied.c_str(), "holds", "deliveries/s",
              "p50", "p99", "server", "runs");
  std::vector<const CapacityTry*> points;
  for (const CapacityTry& point : report.curve) points.push_back(&point);
  std::sort(points.begin(), points.end(),
            [](const CapacityTry* a, const CapacityTry* b) { return a->value < b->value; });
  for (const CapacityTry* point : points) {
    if (point->runs.empty()) continue;
    const RunReport& run = point->runs.back();
    const auto metric = [&run](Metric which) {
      return metric_text(which, run.metrics[static_cast<std::size_t>(which)]);
    };
    std::printf("%14s %6s %14s %12s %12s %8.0f %%   %s\n", count_text(point->value).c_str(),
                point->held ? "yes" : "no", metric(Metric::deliveries).c_str(),
                metric(Metric::p50).c_str(), metric(Metric::p99).c_str(), run.server_cpu * 100,
                runs_text(point->runs).c_str());
  }
}

}  // namespace

int capacity_command(const Arguments& arguments) {
  Result<CapacityReport> report = Capacity(arguments).search();
  if (!report) {
    std::fprintf(stderr, "parley-load: %s\n", report.error().message.c_str());
    return exit_failed;
  }
  print_curve(*report);
  const Result<void> written =
      write_reports(arguments, capacity_json(*report, heading_of(arguments)));
  if (!written) {
    std::fprintf(stderr, "parley-load: %s\n", written.error().message.c_str());
    return exit_failed;
  }
  if (report->stopped) {
    std::printf("stopped before its end%s\n",
                report->answer ? (": " + count_text(*report->answer) + " held").c_str() : "");
    return exit_invalid;
  }
  if (!report->answer) {
    std::printf("nothing held\n");
    return exit_not_good;
  }
  std::printf("capacity: %s%s holds%s\n", count_text(*report->answer).c_str(),
              report->varied == "rate" ? " publications/s" : " connections",
              report->limited_by_generator ? "; above that the generator was the limit" : "");
  return exit_good;
}

}  // namespace parley::loadgen
