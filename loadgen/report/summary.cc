#include "loadgen/report/summary.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "loadgen/plan/units.h"

namespace parley::loadgen {

namespace {

constexpr Duration terminal_interval = milliseconds(200);
constexpr Duration log_interval = seconds(5);
constexpr Duration rate_interval = seconds(1);

double in_seconds(Duration duration) {
  return static_cast<double>(duration.ns) / 1e9;
}

std::string seconds_text(Duration duration) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f s", in_seconds(duration));
  return text.data();
}

std::string percent_text(double share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.0f %%", share * 100);
  return text.data();
}

// About: two values for each power of two.
std::string coarse_percentile(const CoarseHistogram& histogram, double percent) {
  std::uint64_t total = 0;
  for (const std::uint32_t count : histogram.counts()) total += count;
  if (total == 0) return "-";
  const double wanted = static_cast<double>(total) * percent / 100;
  std::uint64_t seen = 0;
  for (std::uint32_t i = 0; i < CoarseHistogram::buckets; ++i) {
    seen += histogram.counts()[i];
    if (static_cast<double>(seen) >= wanted) {
      return duration_text(Histogram::in_time(CoarseHistogram::Scale::top(i)));
    }
  }
  return "-";
}

class Table {
 public:
  void row(std::string_view name, std::string_view value) {
    constexpr std::size_t name_width = 15;
    text_.append("  ").append(name);
    text_.append(name.size() < name_width ? name_width - name.size() : 1, ' ');
    text_.append(value).append("\n");
  }
  void line(std::string_view text) { text_.append(text).append("\n"); }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string rate_text(const RunReport& report, Metric metric) {
  return metric_text(metric, report.metrics[static_cast<std::size_t>(metric)]);
}

std::string distribution_text(const Histogram& h) {
  if (h.count() == 0) return "-";
  std::string text;
  constexpr std::array<std::pair<const char*, double>, 4> points{
      {{"p50 ", 50}, {"p99 ", 99}, {"p99.9 ", 99.9}, {"p99.99 ", 99.99}}};
  for (const auto& [name, percent] : points) {
    text += name + duration_text(h.percentile(percent)) + "   ";
  }
  return text + "max " + duration_text(h.max());
}

// What a process takes without connections is in it, too.
std::string memory_text(std::uint64_t rss_bytes, std::uint64_t connections) {
  return bytes_text(static_cast<double>(rss_bytes)) + " RSS, " +
         std::to_string(rss_bytes / std::max<std::uint64_t>(connections, 1)) + " B a connection";
}

void add_verdict(Table& table, const RunReport& report, const Colours& c) {
  const Verdict& verdict = report.verdict;
  for (const std::string& fault : verdict.faults) {
    table.line(std::string(c.red) + "  FAULT " + fault + c.plain);
  }
  for (const Verdict::Judged& judged : verdict.criteria) {
    const std::string is = metric_text(judged.criterion.metric, judged.is);
    table.line(std::string(judged.holds ? c.green : c.red) +
               (judged.holds ? "  holds " : "  FAILS ") + judged.criterion.text + c.plain +
               "   (it is " + is + ")");
  }
  for (const std::string& doubt : verdict.doubts) {
    table.line(std::string(c.yellow) + "  DOUBT " + doubt + c.plain);
  }
  for (const std::string& reason : verdict.invalid_because) {
    table.line(std::string(c.yellow) + "  INVALID " + reason + c.plain);
  }
  const bool undecided = verdict.says_nothing();
  const char* colour = verdict.good() ? c.green : undecided ? c.yellow : c.red;
  const char* word = verdict.good() ? "good" : undecided ? "invalid" : "not good";
  table.line(std::string(colour) + "  " + word + c.plain);
}

}  // namespace

namespace {

// A line that wraps cannot be written over.
std::size_t columns_of(std::FILE* terminal) {
  constexpr std::size_t usual = 80;
  winsize size{};
  if (ioctl(fileno(terminal), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return usual - 1;
  return size.ws_col - 1u;
}

}  // namespace

Colours colours_for(std::FILE* stream) {
  if (isatty(fileno(stream)) == 0) return {};
  return {.red = "\x1b[31;1m",
          .green = "\x1b[32m",
          .yellow = "\x1b[33m",
          .faint = "\x1b[2m",
          .plain = "\x1b[0m"};
}

std::string summary(const RunReport& report, const Colours& colours) {
  const Results& r = report.results;
  const auto number = [](std::uint64_t n) { return std::to_string(n); };
  Table table;
  table.line(report.plan.title.empty() ? report.plan.urls.front() : report.plan.title);
  table.row("connections", number(report.plan.connections) + " in " + seconds_text(r.ramp) + ", " +
                               rate_text(report, Metric::connects) + "; " +
                               distribution_text(r.connecting));
  table.row("steady window", seconds_text(report.steady) + " after " +
                                 seconds_text(report.warm_up) + " of warm-up; drained in " +
                                 seconds_text(r.drained_after));
  table.row("publications", rate_text(report, Metric::publications) + ", " +
                                number(r.total.publications) + " in all");
  table.row("deliveries", rate_text(report, Metric::deliveries) + ", " +
                              number(r.total.deliveries) + " in all, each verified");
  table.row("latency", distribution_text(r.latency));
  if (r.lag.count() > 0) table.row("lag", distribution_text(r.lag));
  if (r.total.overdue > 0) {
    table.row("overdue", number(r.total.overdue) + " publications that never went out");
  }
  if (report.plan.storm_at.ns > 0) {
    const bool recovered = report.live_at_end >= report.plan.connections && r.recovery.ns > 0;
    table.row("recovery", recovered ? seconds_text(r.recovery) + " after the storm"
                                    : std::string("not all came back"));
  }
  if (r.total.other_frames > 0) {
    const double a_second =
        static_cast<double>(r.steady.other_frames) * 1e9 / static_cast<double>(report.steady.ns);
    table.row("other frames", count_text(a_second) + "/s, " + number(r.total.other_frames) +
                                  " in all, without a stamp");
  }
  if (r.total.slow_deliveries > 0) {
    table.row("slow readers", number(r.total.slow_deliveries) + " deliveries, not judged");
  }
  // Who never sleeps uses all of its core; then the time at work tells.
  const std::string busy = report.plan.wait == WaitMode::spin
                               ? ", at work " + percent_text(report.generator_busy) + " of the time"
                               : "";
  table.row("generator", percent_text(report.generator_cpu) + " of a core, of " +
                             count_text(report.generator_cores) + busy + "; " +
                             std::to_string(report.workers) + " workers; " +
                             memory_text(r.rss_bytes, report.plan.connections));
  if (report.server && !report.server->samples().empty()) {
    const std::uint64_t rss = report.server->samples().back().use.rss_bytes;
    table.row("server", percent_text(report.server_cpu) + " of a core; " +
                            memory_text(rss, report.plan.connections));
  }
  for (const auto& [kind, count] : r.errors) table.row("error", number(count) + " x " + kind);
  if (r.total.bytes_unsent > 0) {
    table.row("unsent", bytes_text(static_cast<double>(r.total.bytes_unsent)) +
                            " of messages that the server did not take");
  }
  if (r.total.foreign > 0) {
    table.row("foreign", number(r.total.foreign) + " messages of other runs or times");
  }
  add_verdict(table, report, colours);
  return table.take();
}

LiveView::LiveView(std::FILE* stream, const Plan& plan, bool quiet)
    : stream_(stream), plan_(plan), quiet_(quiet), terminal_(isatty(fileno(stream)) != 0) {}

LiveView::~LiveView() {
  if (line_open_) std::fputs("\n", stream_);
}

bool LiveView::stop_wanted() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  const timespec at_once{};
  const bool now = sigtimedwait(&signals, nullptr, &at_once) > 0;
  stopped_ = stopped_ || now;
  return now;
}

void LiveView::on_look(Stage stage, Duration elapsed, const Glance& glance,
                       const ServerWatch* server) {
  if (quiet_) return;
  const bool new_stage = stage != stage_;
  if (new_stage) {
    stage_ = stage;
    stage_began_ = elapsed;
  }
  if (const Duration since = elapsed - measured_at_; since >= rate_interval) {
    const double s = in_seconds(since);
    const auto rate = [s](std::uint64_t now, std::uint64_t before) {
      return static_cast<double>(now - before) / s;
    };
    publications_per_s_ = rate(glance.counters.publications, measured_.publications);
    deliveries_per_s_ = rate(glance.counters.deliveries, measured_.deliveries);
    connects_per_s_ = rate(glance.counters.connects, measured_.connects);
    measured_ = glance.counters;
    measured_at_ = elapsed;
  }
  const Duration interval = terminal_ ? terminal_interval : log_interval;
  if (!new_stage && elapsed - shown_at_ < interval) return;
  shown_at_ = elapsed;
  std::string text = line(stage, elapsed, glance, server);
  if (terminal_) {
    text.resize(std::min(text.size(), columns_of(stream_)));
    std::fprintf(stream_, "\r\x1b[K%s", text.c_str());
    line_open_ = true;
  } else {
    std::fprintf(stream_, "%s\n", text.c_str());
  }
  std::fflush(stream_);
}

// As short as it can be read: a terminal has 80 columns.
std::string LiveView::line(Stage stage, Duration elapsed, const Glance& glance,
                           const ServerWatch* server) const {
  constexpr std::array<const char*, 5> names{"ramp", "warm-up", "steady", "drain", "close"};
  std::string text = names[static_cast<std::size_t>(stage)];
  text += " " + seconds_text(elapsed - stage_began_);
  if (stage == Stage::steady) text += " of " + seconds_text(plan_.duration);
  text += "  " + std::to_string(glance.live);
  if (glance.live != plan_.connections) text += " of " + std::to_string(plan_.connections);
  text += " conn";
  if (stage == Stage::ramp) {
    text += "  " + count_text(connects_per_s_) + "/s";
  } else {
    text += "  in " + count_text(publications_per_s_) + "/s out " + count_text(deliveries_per_s_) +
            "/s  p50 ~" + coarse_percentile(glance.last.latency, 50) + " p99 ~" +
            coarse_percentile(glance.last.latency, 99);
  }
  if (server != nullptr && server->samples().size() > 1) {
    const ProcessSample& last = server->samples().back();
    const ProcessSample& before = server->samples()[server->samples().size() - 2];
    text += "  server " + percent_text(server->cores_used(before.at, last.at)) + " " +
            bytes_text(static_cast<double>(last.use.rss_bytes));
  }
  // Last, since they may be long; a terminal that is too narrow loses only of them.
  for (const auto& [kind, count] : glance.errors) {
    text += "  " + std::to_string(count) + " x " + kind;
  }
  return text;
}

}  // namespace parley::loadgen
