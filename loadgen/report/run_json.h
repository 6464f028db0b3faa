// Reports as JSON: docs/load-report.md describes it.
#pragma once

#include <string>
#include <vector>

#include "loadgen/run/agent_facts.h"
#include "loadgen/run/conductor.h"

namespace parley::loadgen {

struct Heading {
  std::vector<std::string> command;
  HostFacts host;
  std::vector<AgentFacts> agents;
};

// One try of a capacity search.
struct CapacityTry {
  double value{};
  bool held{};
  std::vector<RunReport> runs;
};

struct CapacityReport {
  std::string varied;  // "rate" or "connections"
  std::vector<CapacityTry> curve;
  std::optional<double> answer;
  bool stopped = false;               // Somebody had enough before its end.
  bool limited_by_generator = false;  // Beyond the answer the generator failed, not the server.
};

struct RatioReport {
  Metric metric{};
  std::uint32_t pairs{};  // That it is of.
  double median{};
  double low{};
  double high{};
  bool conclusive{};
};

struct CompareReport {
  std::vector<std::pair<RunReport, RunReport>> pairs;
  std::vector<RatioReport> ratios;
};

[[nodiscard]] std::string run_json(const RunReport& report, const Heading& heading);
[[nodiscard]] std::string capacity_json(const CapacityReport& report, const Heading& heading);
[[nodiscard]] std::string compare_json(const CompareReport& report, const Heading& heading);

}  // namespace parley::loadgen
