// The workers of this process: a thread and a ring for each.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "io/probe.h"
#include "io/ring_directory.h"
#include "loadgen/engine/load_worker.h"
#include "loadgen/engine/shares.h"
#include "loadgen/engine/target.h"
#include "loadgen/run/crew.h"

namespace parley::loadgen {

// How many sent each stream of a room that is spread over workers: to be added up by whoever knows
// all workers, before anybody can say what is lost.
using SentCounts = std::map<std::uint32_t, std::vector<std::uint32_t>>;  // By room.

void add_sent(const SentCounts& more, SentCounts& sum);

class LocalCrew final : public Crew {
 public:
  struct Order {
    Plan plan;
    std::vector<WorkerShare> shares;  // Of the workers of this process.
    std::uint32_t run{};
    std::uint64_t seed{};
  };

  // Opens rings and starts threads; they begin to connect at once.
  [[nodiscard]] static Result<std::unique_ptr<LocalCrew>> start(Order order);
  ~LocalCrew() override;

  [[nodiscard]] Result<Glance> look() override;
  [[nodiscard]] Result<void> begin_load(Instant epoch) override;
  [[nodiscard]] Result<void> begin_drain() override;
  [[nodiscard]] Result<Results> finish() override;
  [[nodiscard]] std::uint32_t workers() const override;

  // The two halves of finish(), for an agent: what it sent, then what it lacks of what all sent.
  [[nodiscard]] SentCounts stop();
  // An error says that `sent_by_all` is not of the rooms of this run. REQUIRES: stop(), once.
  [[nodiscard]] Result<Results> results(const SentCounts& sent_by_all);

  // Connections of one ring here: the limit of open files, or what a kernel's table may hold. 0:
  // the limit is too low for any.
  [[nodiscard]] static std::uint32_t connections_max();

 private:
  struct Hand;  // A thread and what it works with.

  LocalCrew() = default;
  [[nodiscard]] Result<void> set_up(Order order);
  void run_hand(std::size_t index);
  void set_phase(Phase phase);

  Plan plan_;
  std::uint32_t run_{};
  io::Features features_;
  io::RingDirectory directory_;  // Nobody here wakes anybody, but a ring wants one.
  std::atomic<std::size_t> started_{0};
  std::vector<WorkerShare> shares_;
  std::vector<Target> targets_;
  std::unique_ptr<RunControl> control_;
  std::vector<std::unique_ptr<Hand>> hands_;
  std::uint64_t rss_bytes_ = 0;  // Of this process, before it closed its connections.
};

}  // namespace parley::loadgen
