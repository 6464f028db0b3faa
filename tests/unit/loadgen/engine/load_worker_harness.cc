#include "tests/unit/loadgen/engine/load_worker_harness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace parley::loadgen {

namespace {

constexpr WorkerId server_worker{0};
constexpr std::uint32_t run_number = 4'711;

Plan plan_of(const PlanTexts& over) {
  PlanTexts texts{{"target.protocol", "ws-raw"}, {"connections.count", "10"},
                  {"rooms.members", "5"},        {"load.depth", "2"},
                  {"time.warm_up", "100ms"},     {"time.duration", "400ms"},
                  {"time.drain", "5s"},          {"connections.timeout", "3s"}};
  for (const auto& [key, text] : over) texts[key] = text;
  PlanTexts effective;
  Result<Plan> plan = make_plan(texts, effective);
  EXPECT_TRUE(plan) << (plan ? "" : plan.error().message);
  return plan ? std::move(*plan) : Plan{};
}

}  // namespace

LoadWorkerHarness::LoadWorkerHarness(Options options)
    : plan_(plan_of(options.plan)),
      shares_(*deal(plan_, options.workers, 1'000)),
      random_(options.seed),
      faults_(sim::FaultPlan::none()),
      net_(sim::NetLimits{}, {.clock = clock_, .random = random_, .faults = faults_}),
      control_(std::make_unique<RunControl>(options.workers)) {
  options.faults(faults_);
  const SocketAddress address = sim::SimNet::address(server_worker);
  targets_.push_back(
      {.address = address.ip, .port = address.port, .host = "sim:8000", .target = "/{room}"});
  if (options.server_listens) {
    server_ = std::make_unique<SimServer>(options.script, clock_, net_);
  }
  for (std::uint32_t i = 0; i < options.workers; ++i) {
    const WorkerId self{static_cast<std::uint16_t>(server_worker.value + 1 + i)};
    rings_.push_back(std::make_unique<sim::SimRing>(
        sim::SimRingConfig{.self = self, .recv_buffers = 16, .listens = false},
        sim::SimRing::Borrowed{.clock = clock_,
                               .random = random_,
                               .faults = faults_,
                               .net = net_,
                               .directory = directory_,
                               .digest = digest_,
                               .sleeper = this}));
    workers_.push_back(
        std::make_unique<LoadWorker>(LoadWorkerSetup{.plan = plan_,
                                                     .share = shares_[i],
                                                     .targets = targets_,
                                                     .sources = options.sources,
                                                     .run = run_number,
                                                     .random_seed = options.seed + i,
                                                     .ring = *rings_[i],
                                                     .control = *control_,
                                                     .progress = control_->progress[i]}));
  }
}

LoadWorkerHarness::~LoadWorkerHarness() {
  workers_.clear();
  rings_.clear();
  server_.reset();
}

void LoadWorkerHarness::sleep(sim::SimRing& ring) {
  // Who only polls must see time pass.
  if (ring.awake_at() <= clock_.now) clock_.now = clock_.now + microseconds(1);
  do {
    const Instant server_at = server_ == nullptr ? Instant::never() : server_->next_at();
    clock_.now = std::max(clock_.now, std::min(ring.awake_at(), server_at));
    if (server_ != nullptr) server_->run();
  } while (ring.awake_at() > clock_.now);
}

bool LoadWorkerHarness::turn_until(const std::function<bool()>& done, Duration limit) {
  const Instant end = clock_.now + limit;
  while (!done()) {
    if (clock_.now >= end) return false;
    for (const std::unique_ptr<LoadWorker>& worker : workers_) worker->turn();
  }
  return true;
}

void LoadWorkerHarness::turn_for(Duration time) {
  const Instant end = clock_.now + time;
  static_cast<void>(turn_until([this, end] { return clock_.now >= end; }, time));
}

bool LoadWorkerHarness::ramp() {
  const auto all_live = [this] {
    std::uint64_t live = 0;
    for (const WorkerProgress& progress : control_->progress) {
      live += progress.live.load(std::memory_order_relaxed);
    }
    return live >= plan_.connections;
  };
  return turn_until(all_live, seconds(60));
}

void LoadWorkerHarness::begin_load() {
  control_->epoch_ns.store((clock_.now + lead).ns, std::memory_order_relaxed);
  control_->phase.store(Phase::load, std::memory_order_release);
}

void LoadWorkerHarness::load() {
  begin_load();
  turn_for(lead + plan_.warm_up + plan_.duration);
}

void LoadWorkerHarness::starve(Duration time) {
  clock_.now = clock_.now + time;
}

bool LoadWorkerHarness::drain() {
  control_->phase.store(Phase::drain, std::memory_order_release);
  const auto done = [this] {
    return std::ranges::none_of(
        control_->progress, [](const WorkerProgress& progress) { return progress.at_work.load(); });
  };
  return turn_until(done, plan_.drain);
}

void LoadWorkerHarness::begin_close() {
  control_->phase.store(Phase::close, std::memory_order_release);
}

void LoadWorkerHarness::close() {
  begin_close();
  const auto over = [this] {
    return std::ranges::all_of(workers_, [](const auto& worker) { return worker->over(); });
  };
  EXPECT_TRUE(turn_until(over, seconds(60)));
  for (const std::unique_ptr<sim::SimRing>& ring : rings_) {
    EXPECT_EQ(ring->sockets_open(), 0u);
    EXPECT_EQ(ring->buffers_lent(), 0u);
  }
  std::map<std::uint32_t, std::vector<std::uint32_t>> sent;  // By room, of all workers.
  for (const std::unique_ptr<LoadWorker>& worker : workers_) {
    for (const Room& room : worker->rooms()) {
      std::vector<std::uint32_t>& all = sent[room.share().room];
      all.resize(room.sent().size());
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (room.sent()[i] != Ledger::not_known) all[i] += room.sent()[i];
      }
    }
  }
  for (const std::unique_ptr<LoadWorker>& worker : workers_) {
    for (Room& room : worker->rooms()) {
      results_.total.lost += room.ledger().lost(sent[room.share().room]);
    }
    results_.add(worker->results());
  }
}

const Counters& LoadWorkerHarness::run() {
  EXPECT_TRUE(ramp());
  load();
  const bool drained = drain();
  close();
  // Only for what never comes does it wait as long as the plan allows.
  EXPECT_TRUE(drained || results().total.lost + results().total.damaged > 0);
  return results().total;
}

std::uint64_t LoadWorkerHarness::error_count(const std::string& kind) const {
  const auto found = results().errors.find(kind);
  return found == results().errors.end() ? 0 : found->second;
}

}  // namespace parley::loadgen
