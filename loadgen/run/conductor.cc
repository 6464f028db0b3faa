#include "loadgen/run/conductor.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "loadgen/plan/units.h"
#include "loadgen/run/clock.h"

namespace parley::loadgen {

namespace {

constexpr Duration look_interval = milliseconds(100);
// From the order to begin until the load begins: time for each worker to hear of it.
constexpr Duration lead = milliseconds(200);

double seconds_of(Duration duration) {
  return static_cast<double>(duration.ns) / 1e9;
}

// The most frequent errors, for a message that says why a run could not be made.
std::string errors_text(const std::map<std::string, std::uint64_t>& errors) {
  std::string text;
  for (const auto& [kind, count] : errors) {
    text += (text.empty() ? "" : "; ") + kind + " (" + std::to_string(count) + " times)";
  }
  return text.empty() ? "no answer" : text;
}

class Conductor {
 public:
  Conductor(Crew& crew, const Conducting& order, Watcher& watcher)
      : crew_(crew), order_(order), watcher_(watcher), started_(monotonic_now()) {
    if (order.server_pid != 0) server_.emplace(order.server_pid);
  }

  [[nodiscard]] Result<void> ramp();
  [[nodiscard]] Result<void> load();
  [[nodiscard]] Result<void> drain();
  [[nodiscard]] Result<RunReport> report();

 private:
  // Looks until `until`, or until done(glance) says so.
  template <class Done>
  [[nodiscard]] Result<void> look_until(Stage stage, Instant until, Done done);

  Crew& crew_;
  const Conducting& order_;
  Watcher& watcher_;
  const Instant started_;
  const UnixMillis started_wall_ = wall_now();
  Instant epoch_;
  Instant steady_ended_;
  std::uint64_t live_least_ = UINT64_MAX;  // In the steady window.
  std::uint64_t live_at_end_ = 0;          // When all was over.
  bool drain_cut_ = false;                 // The person did not wait for what was under way.
  bool stopped_ = false;
  std::optional<ServerWatch> server_;
};

template <class Done>
Result<void> Conductor::look_until(Stage stage, Instant until, Done done) {
  while (true) {
    const Instant now = monotonic_now();
    const Result<Glance> glance = crew_.look();
    if (!glance) return std::unexpected(glance.error());
    if (server_) server_->look(now);
    watcher_.on_look(stage, now - started_, *glance, server_ ? &*server_ : nullptr);
    stopped_ = stopped_ || watcher_.stop_wanted();
    if (stopped_ || now >= until || done(*glance)) return {};
    sleep_for(std::min(look_interval, until - now));
  }
}

Result<void> Conductor::ramp() {
  std::uint64_t live = 0;
  Instant progressed = monotonic_now();
  bool stuck = false;
  std::string why;
  // A ramp may be slower than an answer.
  const double gap_s = order_.plan.ramp > 0 ? 1 / order_.plan.ramp : 0;
  const Duration patience =
      order_.plan.connect_timeout + Duration{static_cast<std::int64_t>(gap_s * 1e9)};
  const Result<void> looked = look_until(Stage::ramp, Instant::never(), [&](const Glance& glance) {
    if (glance.live > live) progressed = monotonic_now();
    live = std::max(live, glance.live);
    stuck = monotonic_now() - progressed > patience;
    why = errors_text(glance.errors);
    return stuck || glance.live >= order_.plan.connections;
  });
  if (!looked) return looked;
  if (stopped_) return failure("stopped before all connections were open: " + why);
  if (!stuck) return {};
  return failure("only " + std::to_string(live) + " of " + std::to_string(order_.plan.connections) +
                 " connections came to be live: " + why);
}

Result<void> Conductor::load() {
  epoch_ = monotonic_now() + lead;
  const Result<void> begun = crew_.begin_load(epoch_);
  if (!begun) return begun;
  const Instant steady = epoch_ + order_.plan.warm_up;
  const auto never = [](const Glance&) { return false; };
  const Result<void> warm = look_until(Stage::warm_up, steady, never);
  if (!warm) return warm;
  if (server_) server_->sample(monotonic_now());
  const Result<void> done =
      look_until(Stage::steady, steady + order_.plan.duration, [this](const Glance& glance) {
        live_least_ = std::min(live_least_, glance.live);
        return false;
      });
  steady_ended_ = std::min(monotonic_now(), steady + order_.plan.duration);
  if (server_) server_->sample(monotonic_now());
  return done;
}

Result<void> Conductor::drain() {
  const Result<void> begun = crew_.begin_drain();
  if (!begun) return begun;
  const bool was_stopped = std::exchange(stopped_, false);
  // A look must come after each worker's own, or it would see what was before the drain.
  sleep_for(look_interval);
  // Those whose connection was cut come back meanwhile, or have not.
  const Result<void> done =
      look_until(Stage::drain, monotonic_now() + order_.plan.drain, [this](const Glance& glance) {
        live_at_end_ = glance.live;
        drain_cut_ = glance.at_work;
        return !glance.at_work && glance.live >= order_.plan.connections;
      });
  drain_cut_ = drain_cut_ && stopped_;
  stopped_ = stopped_ || was_stopped;
  return done;
}

Result<RunReport> Conductor::report() {
  RunReport report{.plan = order_.plan, .texts = order_.texts};
  const Instant over = monotonic_now();
  Result<Results> results = crew_.finish();
  if (!results) return std::unexpected(results.error());
  report.closing = monotonic_now() - over;
  report.results = std::move(*results);
  report.live_least = std::min(live_least_, order_.plan.connections);
  report.live_at_end = live_at_end_;
  report.stopped = stopped_;
  report.drain_cut = drain_cut_;
  report.run = order_.run;
  report.seed = order_.seed;
  report.workers = crew_.workers();
  report.started = started_wall_;
  report.began = started_;
  const Instant steady = epoch_ + order_.plan.warm_up;
  report.steady_at = steady - started_;
  report.warm_up = std::min(order_.plan.warm_up, std::max(steady_ended_ - epoch_, Duration{}));
  report.steady = std::max(steady_ended_ - steady, Duration{1});
  const double window_s = seconds_of(report.steady);
  report.generator_cores = std::min(order_.cores, static_cast<double>(report.workers));
  report.generator_cpu = seconds_of(report.results.cpu) / window_s;
  report.generator_busy =
      seconds_of(report.results.busy) / window_s / static_cast<double>(report.workers);
  report.server = server_;
  if (server_) report.server_cpu = server_->cores_used(steady, steady_ended_ + look_interval);
  // Who spins uses its cores whatever it does: then the time at work tells.
  constexpr double full = 0.95;
  report.generator_saturated = order_.plan.wait == WaitMode::spin
                                   ? report.generator_busy > full
                                   : report.generator_cpu > full * report.generator_cores;
  report.metrics = metrics_of(report);
  report.verdict = judge(report);
  return report;
}

}  // namespace

bool Verdict::good() const {
  const bool all_hold = std::all_of(criteria.begin(), criteria.end(),
                                    [](const Judged& judged) { return judged.holds; });
  return valid() && faults.empty() && all_hold;
}

Result<RunReport> conduct(Crew& crew, const Conducting& order, Watcher& watcher) {
  Conductor conductor(crew, order, watcher);
  const std::array<Result<void> (Conductor::*)(), 3> stages{&Conductor::ramp, &Conductor::load,
                                                            &Conductor::drain};
  for (const auto stage : stages) {
    const Result<void> done = (conductor.*stage)();
    if (!done) return std::unexpected(done.error());
  }
  return conductor.report();
}

namespace {

bool members_come_and_go(const Plan& plan) {
  return plan.churn > 0 || plan.storm_at.ns > 0;
}

// Whether the report has values that the metric could be of.
bool is_measured(const RunReport& report, Metric metric) {
  if (metric == Metric::lag_p99) return report.results.lag.count() > 0;
  const bool of_latency = metric_kind(metric) == MetricKind::duration;
  return !of_latency || report.results.latency.count() > 0;
}

}  // namespace

Metrics metrics_of(const RunReport& report) {
  const Results& r = report.results;
  const double steady_s = seconds_of(report.steady);
  std::uint64_t errors = 0;
  for (const auto& [kind, count] : r.errors) errors += count;
  Metrics metrics{};
  const auto set = [&metrics](Metric metric, double value) {
    metrics[static_cast<std::size_t>(metric)] = value;
  };
  const auto count = [](std::uint64_t number) { return static_cast<double>(number); };
  const auto at = [&r](double percent) {
    return static_cast<double>(r.latency.percentile(percent).ns);
  };
  set(Metric::p50, at(50));
  set(Metric::p90, at(90));
  set(Metric::p99, at(99));
  set(Metric::p999, at(99.9));
  set(Metric::max, static_cast<double>(r.latency.max().ns));
  set(Metric::loss, count(r.total.lost));
  set(Metric::duplicates, count(r.total.duplicates));
  set(Metric::reordered, count(r.total.reordered));
  set(Metric::leaks, count(r.total.leaks));
  set(Metric::damaged, count(r.total.damaged));
  set(Metric::errors, count(errors));
  set(Metric::disconnects, count(r.total.disconnects));
  // Where the plan has members come and go, those who were there in the end.
  set(Metric::connections,
      count(members_come_and_go(report.plan) ? report.live_at_end : report.live_least));
  set(Metric::publications, count(r.steady.publications) / steady_s);
  set(Metric::deliveries, count(r.steady.deliveries) / steady_s);
  const double ramp_s = seconds_of(r.ramp);
  set(Metric::connects, ramp_s > 0 ? count(report.plan.connections) / ramp_s : 0);
  set(Metric::lag_p99, static_cast<double>(r.lag.percentile(99).ns));
  return metrics;
}

namespace {

std::vector<std::string> faults_of(const RunReport& report) {
  std::vector<std::string> faults;
  const auto fault = [&faults](std::uint64_t count, std::string_view what) {
    if (count > 0) faults.push_back(std::to_string(count) + " " + std::string(what));
  };
  const Counters& total = report.results.total;
  // Of a drain that was cut short nobody knows what would still have come.
  if (!report.drain_cut) fault(total.lost, "deliveries lost");
  fault(total.duplicates, "deliveries doubled");
  fault(total.reordered, "deliveries out of order");
  fault(total.leaks, "deliveries to another room");
  fault(total.damaged, "deliveries damaged");
  fault(total.disconnects, "members disconnected by the server");
  const std::uint64_t there = std::min(report.live_at_end, report.plan.connections);
  if (!report.stopped) fault(report.plan.connections - there, "members never came back");
  return faults;
}

// Why the run says nothing about the server.
std::vector<std::string> invalid_because(const RunReport& report, bool has_faults) {
  std::vector<std::string> reasons;
  const Plan& plan = report.plan;
  const Counters& total = report.results.total;
  if (report.stopped) reasons.push_back("it was stopped before its end");
  const Duration lag = report.results.lag.percentile(99);
  if (plan.mode == LoadMode::open && lag > plan.lag_max) {
    reasons.push_back("the generator was " + duration_text(lag) +
                      " behind its schedule (p99), more than " + duration_text(plan.lag_max));
  }
  // A server that is as busy as the generator is what the run measures all the same.
  constexpr double server_busy = 0.9;
  // 0: no two samples of it lie in the window.
  const bool server_idles = report.server_cpu > 0 && report.server_cpu < server_busy;
  if (report.generator_saturated && server_idles) {
    reasons.push_back("the generator had no processor time left while the server used " +
                      count_text(report.server_cpu) + " of a core");
  }
  // Where the plan or the server makes publishers go, that is no failing of the generator.
  if (total.skipped > 0 && !has_faults && !members_come_and_go(plan)) {
    reasons.push_back(std::to_string(total.skipped) +
                      " messages were due while no publisher of their room was connected");
  }
  if (plan.mode != LoadMode::idle && report.results.steady.deliveries == 0 && !has_faults) {
    reasons.push_back("nothing was delivered in the steady window");
  }
  return reasons;
}

}  // namespace

Verdict judge(const RunReport& report) {
  Verdict verdict{.invalid_because = {}, .doubts = {}, .faults = faults_of(report), .criteria = {}};
  if (report.generator_saturated && !report.server) {
    verdict.doubts.push_back(
        "the generator had no processor time left, and whether the server had is not known: --pid "
        "tells");
  }
  verdict.invalid_because = invalid_because(report, !verdict.faults.empty());
  for (const Criterion& criterion : report.plan.criteria) {
    const double is = report.metrics[static_cast<std::size_t>(criterion.metric)];
    const bool holds = is_measured(report, criterion.metric) && criterion.holds(report.metrics);
    verdict.criteria.push_back({.criterion = criterion, .is = is, .holds = holds});
  }
  return verdict;
}

}  // namespace parley::loadgen
