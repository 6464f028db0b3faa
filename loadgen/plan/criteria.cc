#include "loadgen/plan/criteria.h"

#include <algorithm>

#include "loadgen/plan/units.h"

namespace parley::loadgen {

namespace {

struct MetricRow {
  std::string_view name;
  MetricKind kind;
};

// By Metric.
constexpr std::array<MetricRow, metric_count> rows{{{"p50", MetricKind::duration},
                                                    {"p90", MetricKind::duration},
                                                    {"p99", MetricKind::duration},
                                                    {"p99.9", MetricKind::duration},
                                                    {"max", MetricKind::duration},
                                                    {"loss", MetricKind::count},
                                                    {"duplicates", MetricKind::count},
                                                    {"reordered", MetricKind::count},
                                                    {"leaks", MetricKind::count},
                                                    {"damaged", MetricKind::count},
                                                    {"errors", MetricKind::count},
                                                    {"disconnects", MetricKind::count},
                                                    {"connections", MetricKind::count},
                                                    {"publications", MetricKind::rate},
                                                    {"deliveries", MetricKind::rate},
                                                    {"connects", MetricKind::rate},
                                                    {"lag", MetricKind::duration}}};

struct Sign {
  std::string_view text;
  Criterion::Compare compare;
};

// Longer ones first.
constexpr std::array<Sign, 6> signs{{{"<=", Criterion::Compare::at_most},
                                     {">=", Criterion::Compare::at_least},
                                     {"==", Criterion::Compare::equal},
                                     {"<", Criterion::Compare::less},
                                     {">", Criterion::Compare::greater},
                                     {"=", Criterion::Compare::equal}}};

Result<double> parse_value(MetricKind kind, std::string_view text) {
  switch (kind) {
    case MetricKind::duration: {
      const Result<Duration> value = parse_duration(text);
      if (!value) return std::unexpected(value.error());
      return static_cast<double>(value->ns);
    }
    case MetricKind::rate:
      return parse_rate(text);
    case MetricKind::count: {
      const Result<std::uint64_t> value = parse_count(text);
      if (!value) return std::unexpected(value.error());
      return static_cast<double>(*value);
    }
  }
  std::unreachable();
}

std::string known_names() {
  std::string names;
  for (const MetricRow& row : rows) {
    if (!names.empty()) names += ", ";
    names += row.name;
  }
  return names;
}

Result<Criterion> parse_one(std::string_view text) {
  const std::size_t at = text.find_first_of("<>=");
  if (at == std::string_view::npos) {
    return failure("'" + std::string(text) + "' must be such as p99 < 5ms");
  }
  std::string_view name = trimmed(text.substr(0, at));
  if (name == "rate") name = metric_name(Metric::deliveries);  // Another name, as people say it.
  const auto row = std::ranges::find(rows, name, &MetricRow::name);
  if (row == rows.end()) {
    return failure("'" + std::string(name) + "' is none of " + known_names());
  }
  const std::string_view rest = text.substr(at);
  const auto sign = std::ranges::find_if(
      signs, [rest](const Sign& candidate) { return rest.starts_with(candidate.text); });
  const Result<double> value = parse_value(row->kind, trimmed(rest.substr(sign->text.size())));
  if (!value) return failure("'" + std::string(text) + "': " + value.error().message);
  return Criterion{.metric = static_cast<Metric>(row - rows.begin()),
                   .compare = sign->compare,
                   .value = *value,
                   .text = std::string(trimmed(text))};
}

}  // namespace

std::string_view metric_name(Metric metric) {
  return rows[static_cast<std::size_t>(metric)].name;
}

MetricKind metric_kind(Metric metric) {
  return rows[static_cast<std::size_t>(metric)].kind;
}

std::string metric_text(Metric metric, double value) {
  switch (metric_kind(metric)) {
    case MetricKind::duration:
      return duration_text(Duration{static_cast<std::int64_t>(value)});
    case MetricKind::count:
      return count_text(value);
    case MetricKind::rate:
      return count_text(value) + "/s";
  }
  std::unreachable();
}

bool Criterion::holds(const Metrics& metrics) const {
  const double is = metrics[static_cast<std::size_t>(metric)];
  switch (compare) {
    case Compare::less:
      return is < value;
    case Compare::at_most:
      return is <= value;
    case Compare::equal:
      return is == value;
    case Compare::at_least:
      return is >= value;
    case Compare::greater:
      return is > value;
  }
  std::unreachable();
}

Result<std::vector<Criterion>> parse_criteria(std::string_view text) {
  std::vector<Criterion> criteria;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    Result<Criterion> criterion = parse_one(trimmed(text.substr(0, comma)));
    if (!criterion) return std::unexpected(criterion.error());
    criteria.push_back(std::move(*criterion));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return criteria;
}

}  // namespace parley::loadgen
