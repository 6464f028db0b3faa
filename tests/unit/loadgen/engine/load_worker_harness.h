// LoadWorkers over simulated rings, with a SimServer at the other end: a whole run, in simulated
// time, the same for each seed. Where there are several workers, they take turns.
#pragma once

#include <functional>
#include <memory>

#include "loadgen/engine/load_worker.h"
#include "loadgen/plan/plan_options.h"
#include "tests/sim/sim_ring.h"
#include "tests/unit/loadgen/engine/sim_server.h"

namespace parley::loadgen {

class LoadWorkerHarness final : public sim::Sleeper {
 public:
  struct Options {
    PlanTexts plan;  // Over ws-raw with 10 connections in rooms of 5, and short times.
    Script script;
    std::uint64_t seed = 1;
    std::function<void(sim::FaultPlan&)> faults = [](sim::FaultPlan&) {};
    bool server_listens = true;
    std::uint32_t workers = 1;
    std::vector<IpAddress> sources;
  };

  explicit LoadWorkerHarness(Options options);
  ~LoadWorkerHarness() override;

  void sleep(sim::SimRing& ring) override;

  // Turns until `done`, which must come within `limit` of simulated time; false: it did not.
  bool turn_until(const std::function<bool()>& done, Duration limit);
  void turn_for(Duration time);
  bool ramp();  // Until all are live.
  void load();  // begin_load(), the warm-up and the steady window.
  void begin_load();
  void starve(Duration time);  // Time passes, and the workers get none of it.
  bool drain();                // Until nobody waits any more.
  void begin_close();
  // Closes everything, adds up, counts what is lost, and looks that nothing is left behind.
  void close();
  // All of it.
  const Counters& run();

  // Of all workers, since close().
  [[nodiscard]] const Results& results() const { return results_; }
  [[nodiscard]] std::uint64_t error_count(const std::string& kind) const;
  [[nodiscard]] const Deeds& deeds() const { return server_->deeds(); }
  [[nodiscard]] std::size_t peers() const { return server_->peers(); }
  [[nodiscard]] Instant now() const { return clock_.now; }

  static constexpr Duration lead = milliseconds(200);  // From begin_load() to the warm-up.

 private:
  Plan plan_;
  std::vector<WorkerShare> shares_;
  std::vector<Target> targets_;
  sim::SimClock clock_;
  sim::Random random_;
  sim::FaultPlan faults_;
  sim::Digest digest_;
  sim::SimNet net_;
  sim::RingDirectory directory_;
  std::unique_ptr<SimServer> server_;
  std::vector<std::unique_ptr<sim::SimRing>> rings_;
  std::unique_ptr<RunControl> control_;
  std::vector<std::unique_ptr<LoadWorker>> workers_;
  Results results_;
};

}  // namespace parley::loadgen
