// What workers counted, as JSON for the way from an agent to its conductor: exact. And what machine
// they are on.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/base/result.h"
#include "loadgen/engine/results.h"
#include "loadgen/run/crew.h"
#include "loadgen/run/host.h"
#include "loadgen/run/local_crew.h"

namespace parley::loadgen {

[[nodiscard]] nlohmann::json to_wire(const Results& results);
[[nodiscard]] nlohmann::json to_wire(const Glance& glance);
[[nodiscard]] nlohmann::json to_wire(const SentCounts& sent);
// Also what a report calls `environment` (docs/load-report.md).
[[nodiscard]] nlohmann::json to_wire(const HostFacts& host);

// Errors: what came is not what the other half wrote.
[[nodiscard]] Result<Results> results_from_wire(const nlohmann::json& wire);
[[nodiscard]] Result<Glance> glance_from_wire(const nlohmann::json& wire);
[[nodiscard]] Result<SentCounts> sent_from_wire(const nlohmann::json& wire);
[[nodiscard]] Result<HostFacts> host_from_wire(const nlohmann::json& wire);

}  // namespace parley::loadgen
