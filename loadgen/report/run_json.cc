#include "loadgen/report/run_json.h"

#include <time.h>

#include <array>
#include <nlohmann/json.hpp>

#include "loadgen/report/build_facts.h"
#include "loadgen/run/results_wire.h"

namespace parley::loadgen {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<double, 12> percents{1, 10, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 99.999, 100};

double in_seconds(Duration duration) {
  return static_cast<double>(duration.ns) / 1e9;
}

// RFC 3339, in whole seconds.
std::string time_text(UnixMillis time) {
  const time_t at = time.value / 1'000;
  tm parts{};
  gmtime_r(&at, &parts);
  std::array<char, 32> text{};
  const std::size_t bytes = strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), bytes};
}

Json json_of(const Counters& counters) {
  return {{"connects", counters.connects},
          {"disconnects", counters.disconnects},
          {"publications", counters.publications},
          {"deliveries", counters.deliveries},
          {"slow_deliveries", counters.slow_deliveries},
          {"other_frames", counters.other_frames},
          {"duplicates", counters.duplicates},
          {"reordered", counters.reordered},
          {"leaks", counters.leaks},
          {"damaged", counters.damaged},
          {"foreign", counters.foreign},
          {"lost", counters.lost},
          {"skipped", counters.skipped},
          {"overdue", counters.overdue},
          {"sends", counters.sends},
          {"receives", counters.receives},
          {"bytes_sent", counters.bytes_sent},
          {"bytes_received", counters.bytes_received},
          {"bytes_unsent", counters.bytes_unsent}};
}

Json json_of(const Histogram& histogram) {
  Json percentiles = Json::array();
  for (const double percent : percents) {
    percentiles.push_back({percent, histogram.percentile(percent).ns});
  }
  Json filled = Json::array();
  for (const Histogram::Filled& entry : histogram.filled()) {
    filled.push_back({entry.bucket, entry.count});
  }
  return {{"count", histogram.count()},
          {"clipped", histogram.clipped()},
          {"mean", histogram.mean().ns},
          {"max", histogram.max().ns},
          {"percentiles", std::move(percentiles)},
          {"filled", std::move(filled)}};
}

Json json_of(const Second& second) {
  Json latency = Json::array();
  const std::span<const std::uint32_t> counts = second.latency.counts();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] != 0) latency.push_back({i, counts[i]});
  }
  return {{"connects", second.connects},
          {"publications", second.publications},
          {"deliveries", second.deliveries},
          {"errors", second.errors},
          {"latency", std::move(latency)}};
}

Json coarse_ends() {
  Json ends = Json::array();
  for (std::uint32_t i = 0; i < CoarseHistogram::buckets; ++i) {
    ends.push_back(Histogram::in_time(CoarseHistogram::Scale::top(i) + 1).ns);
  }
  return ends;
}

Json json_of(const ServerWatch& server, double cpu, Instant started) {
  Json samples = Json::array();
  std::uint64_t rss_max = 0;
  const std::vector<ProcessSample>& all = server.samples();
  for (std::size_t i = 0; i < all.size(); ++i) {
    rss_max = std::max(rss_max, all[i].use.rss_bytes);
    const double since_last = i == 0 ? 0 : in_seconds(all[i].at - all[i - 1].at);
    const double used = i == 0 ? 0 : in_seconds(all[i].use.cpu - all[i - 1].use.cpu);
    samples.push_back({{"t_s", in_seconds(all[i].at - started)},
                       {"rss_bytes", all[i].use.rss_bytes},
                       {"cpu", since_last > 0 ? used / since_last : 0.0}});
  }
  return {{"pid", server.pid()},
          {"cpu", cpu},
          {"rss_bytes_max", rss_max},
          {"samples", std::move(samples)}};
}

Json json_of(const Verdict& verdict) {
  Json criteria = Json::array();
  for (const Verdict::Judged& judged : verdict.criteria) {
    criteria.push_back({{"text", judged.criterion.text},
                        {"is", metric_text(judged.criterion.metric, judged.is)},
                        {"holds", judged.holds}});
  }
  return {{"valid", verdict.valid()},        {"invalid_because", verdict.invalid_because},
          {"doubts", verdict.doubts},        {"faults", verdict.faults},
          {"criteria", std::move(criteria)}, {"good", verdict.good()}};
}

Json json_of(const RunReport& report) {
  const Results& r = report.results;
  const auto rate = [&report](Metric metric) {
    return report.metrics[static_cast<std::size_t>(metric)];
  };
  Json series = Json::array();
  for (const Second& second : r.seconds) series.push_back(json_of(second));
  const bool recovered = report.live_at_end >= report.plan.connections;
  const bool has_server = report.server && !report.server->samples().empty();
  return {{"title", report.plan.title},
          {"started", time_text(report.started)},
          {"plan", report.texts},
          {"run", report.run},
          {"seed", report.seed},
          {"workers", report.workers},
          {"phases",
           {{"ramp_s", in_seconds(r.ramp)},
            {"warm_up_s", in_seconds(report.warm_up)},
            {"steady_s", in_seconds(report.steady)},
            {"drain_s", in_seconds(r.drained_after)},
            {"close_s", in_seconds(report.closing)},
            {"recovery_s", recovered ? Json(in_seconds(r.recovery)) : Json(nullptr)}}},
          {"steady_at_s", in_seconds(report.steady_at)},
          {"total", json_of(r.total)},
          {"steady", json_of(r.steady)},
          {"rates",
           {{"publications", rate(Metric::publications)},
            {"deliveries", rate(Metric::deliveries)},
            {"connects", rate(Metric::connects)}}},
          {"latency", json_of(r.latency)},
          {"lag", json_of(r.lag)},
          {"connecting", json_of(r.connecting)},
          {"errors", r.errors},
          {"series", std::move(series)},
          {"coarse_ns", coarse_ends()},
          {"generator",
           {{"cpu", report.generator_cpu},
            {"cores", report.generator_cores},
            {"busy", report.generator_busy},
            {"saturated", report.generator_saturated},
            {"rss_bytes", r.rss_bytes}}},
          {"server",
           has_server ? json_of(*report.server, report.server_cpu, report.began) : Json(nullptr)},
          {"verdict", json_of(report.verdict)}};
}

Json heading_json(const Heading& heading, std::string_view kind) {
  Json agents = Json::array();
  for (const AgentFacts& agent : heading.agents) {
    agents.push_back({{"name", agent.name},
                      {"workers", agent.workers},
                      {"offset_ns", agent.offset.ns},
                      {"round_trip_ns", agent.round_trip.ns},
                      {"drift_ns", agent.drift.ns},
                      {"environment", to_wire(agent.host)}});
  }
  return {{"schema", "parley-load/1"},
          {"kind", kind},
          {"command", heading.command},
          {"version",
           {{"version", build_version()},
            {"revision", build_revision()},
            {"compiler", build_compiler()}}},
          {"environment", to_wire(heading.host)},
          {"agents", std::move(agents)}};
}

// Texts of a server's errors may hold bytes that are not UTF-8.
std::string text_of(const Json& json) {
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string run_json(const RunReport& report, const Heading& heading) {
  Json json = heading_json(heading, "run");
  json.update(json_of(report));
  return text_of(json);
}

std::string capacity_json(const CapacityReport& report, const Heading& heading) {
  Json json = heading_json(heading, "capacity");
  json["varied"] = report.varied;
  json["answer"] = report.answer ? Json(*report.answer) : Json(nullptr);
  json["stopped"] = report.stopped;
  json["limited_by_generator"] = report.limited_by_generator;
  Json curve = Json::array();
  for (const CapacityTry& point : report.curve) {
    Json runs = Json::array();
    for (const RunReport& run : point.runs) runs.push_back(json_of(run));
    curve.push_back({{"value", point.value}, {"held", point.held}, {"runs", std::move(runs)}});
  }
  json["curve"] = std::move(curve);
  return text_of(json);
}

std::string compare_json(const CompareReport& report, const Heading& heading) {
  Json json = heading_json(heading, "compare");
  Json pairs = Json::array();
  for (const auto& [a, b] : report.pairs) pairs.push_back({{"a", json_of(a)}, {"b", json_of(b)}});
  json["pairs"] = std::move(pairs);
  Json ratios = Json::array();
  for (const RatioReport& ratio : report.ratios) {
    ratios.push_back({{"metric", metric_name(ratio.metric)},
                      {"pairs", ratio.pairs},
                      {"median", ratio.median},
                      {"low", ratio.low},
                      {"high", ratio.high},
                      {"conclusive", ratio.conclusive}});
  }
  json["ratios"] = std::move(ratios);
  return text_of(json);
}

}  // namespace parley::loadgen
