// The options of a plan: their names in TOML and on the command line, defaults, and what they mean.
// A plan is kept as texts by key, so that it can be shown, stored and sent as it is.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "loadgen/plan/plan.h"

namespace parley::loadgen {

struct PlanOption {
  std::string_view key;   // In TOML: "rooms.members"
  std::string_view flag;  // "--members"
  std::string_view argument;
  std::string_view standard;  // The default.
  std::string_view description;
  Result<void> (*set)(Plan& plan, std::string_view text);
  // What protocol presets fill in as long as nobody else does.
  std::string_view (*preset)(const struct Protocol& protocol) = nullptr;
};

// In the order of the help. Keys and flags are unique.
[[nodiscard]] std::span<const PlanOption> plan_options();

using PlanTexts = std::map<std::string, std::string, std::less<>>;  // By key.

// The texts of a TOML file. An error names the file and the line.
[[nodiscard]] Result<PlanTexts> read_plan(const std::string& path);

// The whole plan: defaults, the protocol's preset, then `texts`. Everything is checked, alone and
// together. `effective` is filled with the text of every option.
[[nodiscard]] Result<Plan> make_plan(const PlanTexts& texts, PlanTexts& effective);

}  // namespace parley::loadgen
