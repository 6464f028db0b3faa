// Who an agent is, for the report of a run over several machines.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/time.h"
#include "loadgen/run/host.h"

namespace parley::loadgen {

struct AgentFacts {
  std::string name;
  std::uint32_t workers{};
  Duration offset;      // Of its clock against ours, as the load began.
  Duration round_trip;  // Of the exchange that told: the offset is right to within half of it.
  Duration drift;       // What the offset had changed by when the run was over.
  HostFacts host;
};

}  // namespace parley::loadgen
