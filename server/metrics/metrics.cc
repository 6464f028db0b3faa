#include "server/metrics/metrics.h"

#include <string>

namespace parley::server {

namespace {

constexpr std::array<MetricInfo, metric_count> infos = {{
#define PARLEY_METRIC(name, kind, help) {#name, MetricKind::kind, help},
    PARLEY_METRICS(PARLEY_METRIC)
#undef PARLEY_METRIC
}};

}  // namespace

std::uint64_t MetricBoard::total(Metric metric) const {
  std::uint64_t total = 0;
  for (std::uint16_t worker = 0; worker < worker_count_; ++worker) {
    total += rows_[worker].get(metric);
  }
  return total;
}

std::string MetricBoard::render() const {
  std::string text;
  text.reserve(metric_count * (160 + worker_count_ * 64u));
  for (std::size_t i = 0; i < metric_count; ++i) {
    const MetricInfo& info = infos[i];
    const std::string name = "parley_" + std::string(info.name);
    text += "# HELP " + name + " " + std::string(info.help) + "\n";
    text += "# TYPE " + name + (info.kind == MetricKind::counter ? " counter\n" : " gauge\n");
    for (std::uint16_t worker = 0; worker < worker_count_; ++worker) {
      text += name + "{worker=\"" + std::to_string(worker) + "\"} " +
              std::to_string(rows_[worker].get(static_cast<Metric>(i))) + "\n";
    }
  }
  return text;
}

}  // namespace parley::server
