#include "tests/sim/simulation.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "core/base/check.h"
#include "tests/sim/digest.h"
#include "tests/sim/fiber.h"
#include "tests/sim/random.h"
#include "tests/sim/sim_net.h"
#include "tests/sim/sim_ring.h"
#include "tests/sim/sim_worker.h"

namespace parley::sim {
namespace {

constexpr Duration settle_max = seconds(120);  // Longer than any timeout of the server.
constexpr Duration drain_max = seconds(30);
constexpr std::uint32_t invariants_every_steps = 32;

FaultPlan plan_of(const Scenario& scenario, const RunOptions& options, Random& random) {
  FaultPlan plan = FaultPlan::swarm(random);
  if (scenario.client_slow_per_million > 0) {
    plan.set_rate(Fault::client_slow, scenario.client_slow_per_million);
  }
  for (const Fault fault : options.disabled) plan.disable(fault);
  return plan;
}

class Simulation final : public Sleeper {
 public:
  Simulation(const Scenario& scenario, const RunOptions& options)
      : scenario_(scenario),
        options_(options),
        random_(options.seed),
        faults_(plan_of(scenario, options, random_)),
        net_({.pipe_bytes_max = scenario.pipe_bytes_max},
             {.clock = clock_, .random = random_, .faults = faults_}),
        cluster_(scenario) {
    for (std::uint16_t i = 0; i < scenario.workers; ++i) add_worker(WorkerId{i});
    for (std::uint32_t i = 0; i < scenario.clients; ++i) add_client(i);
    if (scenario.presence_members_max > 4 * scenario.clients) oracle_.expect_all_announcements();
    if (options.broken_on_purpose) oracle_.overlook_one_message();
  }

  Outcome run();
  void sleep(SimRing& ring) override;

 private:
  struct Seat {  // A worker, its ring and its fiber.
    std::unique_ptr<SimRing> ring;
    std::unique_ptr<SimWorker> worker;
    std::unique_ptr<Fiber> fiber;
    Instant starved_until{};
    bool started = false;
  };

  void add_worker(WorkerId id);
  void add_client(std::uint32_t number);
  [[nodiscard]] Instant awake_at(const Seat& seat) const;
  void act_out();
  void come_to_rest();
  void say_goodbye();
  void drain();
  void check_nothing_left();
  // Steps until `done`, or the run has failed. Not done after `limit`: it fails with `what`.
  void run_until(const std::function<bool()>& done, Duration limit, const std::string& what);
  [[nodiscard]] std::string unrest() const;
  void run_for(Duration time);
  [[nodiscard]] bool step();
  void step_worker(Seat& seat);
  [[nodiscard]] bool all_clients(bool (SimClient::*is)() const) const;
  [[nodiscard]] bool workers_done() const;

  const Scenario& scenario_;
  const RunOptions& options_;
  SimClock clock_;
  Random random_;
  FaultPlan faults_;
  Digest digest_;
  Oracle oracle_;
  SimNet net_;
  RingDirectory directory_;
  Cluster cluster_;
  std::vector<Seat> seats_;
  std::vector<std::unique_ptr<SimClient>> clients_;
  std::vector<std::uint32_t> ready_;
  Seat* running_ = nullptr;
  std::uint64_t steps_ = 0;
};

void Simulation::add_worker(WorkerId id) {
  Seat& seat = seats_.emplace_back();
  const SimRingConfig config{.self = id,
                             .sockets_max = scenario_.sockets_max,
                             .recv_buffer_bytes = scenario_.recv_buffer_bytes,
                             .recv_buffers = scenario_.recv_buffers};
  seat.ring = std::make_unique<SimRing>(config, SimRing::Borrowed{.clock = clock_,
                                                                  .random = random_,
                                                                  .faults = faults_,
                                                                  .net = net_,
                                                                  .directory = directory_,
                                                                  .digest = digest_,
                                                                  .sleeper = this});
  seat.worker = std::make_unique<SimWorker>(id, cluster_, *seat.ring);
  seat.fiber = std::make_unique<Fiber>([worker = seat.worker.get()] { worker->run(); });
}

void Simulation::add_client(std::uint32_t number) {
  ClientScript script = scenario_.script;
  if (scenario_.dies_at_every_byte) {
    script.dies_after_bytes =
        static_cast<std::uint32_t>(options_.seed * scenario_.clients + number) % 1'000 + 1;
  }
  clients_.push_back(
      std::make_unique<SimClient>(number, script,
                                  SimClient::Borrowed{.clock = clock_,
                                                      .random = random_,
                                                      .faults = faults_,
                                                      .net = net_,
                                                      .oracle = oracle_,
                                                      .digest = digest_,
                                                      .workers = scenario_.workers}));
}

void Simulation::sleep(SimRing& ring) {
  CHECK(running_ != nullptr && running_->ring.get() == &ring);
  running_->fiber->pause();
}

Outcome Simulation::run() {
  act_out();
  if (scenario_.ending != Ending::drain_under_load) come_to_rest();
  if (scenario_.ending == Ending::goodbye) say_goodbye();
  drain();
  Outcome outcome;
  outcome.failure = oracle_.failure();
  outcome.digest = digest_.value();
  outcome.steps = steps_;
  outcome.faults = faults_.stats();
  outcome.seen = oracle_.counts();
  for (const Seat& seat : seats_) outcome.completions += seat.ring->completions_delivered();
  for (const std::unique_ptr<SimClient>& client : clients_) outcome.clients.add(client->counts());
  return outcome;
}

void Simulation::act_out() {
  if (scenario_.ending == Ending::drain_under_load) {
    return run_for(milliseconds(random_.between(50, 1'000)));
  }
  run_until([this] { return all_clients(&SimClient::acted_out); }, seconds(600),
            "the clients did not come to the end of their scripts");
}

// From here on nothing breaks any more: whatever the server owes to anybody must arrive.
void Simulation::come_to_rest() {
  faults_.stop_all();
  for (const std::unique_ptr<SimClient>& client : clients_) client->calm_down();
  run_until([this] { return all_clients(&SimClient::at_rest) && oracle_.quiet(); }, settle_max,
            "the run did not come to rest");
  run_for(seconds(3));
  if (!oracle_.failed()) oracle_.check_quiet();
  for (const std::unique_ptr<SimClient>& client : clients_) client->ask_who_is_online();
  run_for(seconds(1));
}

void Simulation::say_goodbye() {
  for (const std::unique_ptr<SimClient>& client : clients_) client->say_goodbye();
  run_until([this] { return all_clients(&SimClient::away); }, settle_max,
            "a client that said goodbye was not let go");
}

void Simulation::drain() {
  std::uint64_t sessions = 0;
  std::uint64_t told_before = 0;
  for (const std::unique_ptr<SimClient>& client : clients_) {
    client->stop_reconnecting();
    sessions += client->in_session() ? 1 : 0;
    told_before += client->counts().closed_1001;
  }
  cluster_.stop_requested = true;
  for (Seat& seat : seats_) seat.ring->wake(seat.ring->self());
  run_until([this] { return workers_done(); }, drain_max, "the workers did not stop");
  run_until([this] { return all_clients(&SimClient::away); }, settle_max,
            "a client was not let go by a server that stopped");
  if (oracle_.failed()) return;
  std::uint64_t told = 0;
  for (const std::unique_ptr<SimClient>& client : clients_) told += client->counts().closed_1001;
  if (scenario_.ending == Ending::drain && told - told_before != sessions) {
    oracle_.fail(std::to_string(told - told_before) + " of " + std::to_string(sessions) +
                 " sessions were closed with 1001");
  }
  check_nothing_left();
}

void Simulation::check_nothing_left() {
  for (const Seat& seat : seats_) {
    if (seat.ring->buffers_lent() > 0) oracle_.fail("a receive buffer was not recycled");
    if (seat.ring->sockets_open() > 0) oracle_.fail("a socket was not closed");
    const std::string left = seat.worker->leftovers();
    if (!left.empty()) oracle_.fail(left);
  }
}

void Simulation::run_until(const std::function<bool()>& done, Duration limit,
                           const std::string& what) {
  const Instant end = clock_.now + limit;
  while (!oracle_.failed() && !done()) {
    if (clock_.now > end || !step()) return oracle_.fail(what + unrest());
  }
}

std::string Simulation::unrest() const {
  std::string states = "\n  " + oracle_.unrest();
  for (const std::unique_ptr<SimClient>& client : clients_) states += "\n  " + client->state();
  return states;
}

void Simulation::run_for(Duration time) {
  const Instant end = clock_.now + time;
  while (!oracle_.failed() && clock_.now < end && step()) {
  }
}

Instant Simulation::awake_at(const Seat& seat) const {
  if (seat.fiber->done()) return Instant::never();
  return std::max(seat.started ? seat.ring->awake_at() : Instant{}, seat.starved_until);
}

// False: nothing will ever happen again, or too much has.
bool Simulation::step() {
  if (++steps_ > options_.steps_max) return false;
  ready_.clear();
  Instant next = Instant::never();
  for (std::uint32_t i = 0; i < seats_.size() + clients_.size(); ++i) {
    const Instant at =
        i < seats_.size() ? awake_at(seats_[i]) : clients_[i - seats_.size()]->awake_at();
    if (at <= clock_.now) ready_.push_back(i);
    next = std::min(next, at);
  }
  if (ready_.empty()) {
    if (next == Instant::never()) return false;
    clock_.now = next;
    return true;
  }
  const std::uint32_t chosen = ready_[random_.below(static_cast<std::uint32_t>(ready_.size()))];
  if (chosen < seats_.size()) {
    step_worker(seats_[chosen]);
  } else {
    clients_[chosen - seats_.size()]->step();
  }
  clock_.now = clock_.now + microseconds(random_.between(1, 5));
  if (faults_.fires(Fault::clock_jump, random_)) {
    clock_.wall_offset_ms += static_cast<std::int64_t>(random_.between(0, 7'200'000)) - 3'600'000;
  }
  return true;
}

void Simulation::step_worker(Seat& seat) {
  if (faults_.fires(Fault::worker_starved, random_)) {
    seat.starved_until = clock_.now + seconds(1);
    return;
  }
  seat.started = true;
  running_ = &seat;
  seat.fiber->resume();
  running_ = nullptr;
  if (steps_ % invariants_every_steps == 0) seat.worker->check_invariants();
}

bool Simulation::all_clients(bool (SimClient::*is)() const) const {
  return std::ranges::all_of(
      clients_, [is](const std::unique_ptr<SimClient>& client) { return (*client.*is)(); });
}

bool Simulation::workers_done() const {
  return std::ranges::all_of(seats_, [](const Seat& seat) { return seat.fiber->done(); });
}

}  // namespace

Outcome simulate(const Scenario& scenario, const RunOptions& options) {
  auto simulation = std::make_unique<Simulation>(scenario, options);
  Outcome outcome = simulation->run();
  if (!outcome.failure.empty()) {
    // Its workers did not come to their end and still own what their destructors would miss. Kept
    // in sight, so that it does not count as a leak.
    static auto* const wrecks = new std::vector<Simulation*>;
    wrecks->push_back(simulation.release());
  }
  return outcome;
}

}  // namespace parley::sim
