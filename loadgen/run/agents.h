// Runs over several machines. Each load machine runs an agent, which waits for a conductor and is
// its hands there: a LocalCrew behind a wire. The conductor's half is a Crew like any other.
//
//   conductor                                   agent
//   {"do":"hello","protocol"}                   {"protocol", "name", "host", "connections_max"}
//   {"do":"clock"}, some times                  {"now_ns"}
//   {"do":"start","plan","first","workers","of","run","seed"}   {} or {"error"}
//   {"do":"look"}                               a glance
//   {"do":"load","epoch_ns"} {"do":"drain"}     {}
//   {"do":"stop"}                               {"sent"}: of each room here, how many of each
//   stream
//   {"do":"results","sent"}                     what it counted, judged by what all sent
//
// Silence From the first look until the stop a conductor asks several times a second: one that says
//         nothing for 10 seconds has gone, and so do the connections of its run.
// Clocks  An agent's clock is compared with the conductor's before each look: of the last exchanges
//         before the load that with the shortest round trip tells the offset, to within half of
//         that. When all is over it is compared again, and the report says how far it had drifted.
//         Latencies between members of different machines are right to within both together.
// Trust   An agent does what anybody who can connect to it asks: it listens on loopback unless told
//         otherwise, and belongs on a network of load machines.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "loadgen/plan/plan_options.h"
#include "loadgen/run/agent_facts.h"
#include "loadgen/run/crew.h"
#include "loadgen/run/wire.h"

namespace parley::loadgen {

class RemoteCrew final : public Crew {
 public:
  struct Order {
    const Plan& plan;
    const PlanTexts& texts;
    std::uint32_t run{};
    std::uint64_t seed{};
  };

  // Finds all agents, and has them begin to connect.
  [[nodiscard]] static Result<std::unique_ptr<RemoteCrew>> start(
      const std::vector<std::string>& agents, const Order& order);
  ~RemoteCrew() override;

  [[nodiscard]] Result<Glance> look() override;
  [[nodiscard]] Result<void> begin_load(Instant epoch) override;
  [[nodiscard]] Result<void> begin_drain() override;
  [[nodiscard]] Result<Results> finish() override;
  [[nodiscard]] std::uint32_t workers() const override;

  // Complete when the run is over.
  [[nodiscard]] std::vector<AgentFacts> facts() const;
  // Cores of all of them.
  [[nodiscard]] double cores() const { return cores_; }

 private:
  struct Agent;

  RemoteCrew() = default;
  [[nodiscard]] Result<void> meet(const std::string& address);
  [[nodiscard]] Result<void> give_work(const Order& order);

  std::vector<std::unique_ptr<Agent>> agents_;
  double cores_ = 0;
};

// Serves one conductor until it has gone or `stop_wanted` says so. What was counted here, when a
// run came to its end.
[[nodiscard]] std::optional<Counters> serve_conductor(Wire& wire, const StopWanted& stop_wanted);

}  // namespace parley::loadgen
