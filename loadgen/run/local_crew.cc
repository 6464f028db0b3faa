#include "loadgen/run/local_crew.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "core/base/check.h"
#include "core/base/types.h"
#include "io/uring_ring.h"
#include "loadgen/run/clock.h"
#include "loadgen/run/host.h"
#include "loadgen/truth/random.h"

namespace parley::loadgen {

namespace {

// Of a ring's table, for sockets that are being closed while others are opened.
constexpr std::uint32_t sockets_closing = 64;
constexpr std::uint32_t recv_buffer_bytes = 16'384;
// Of all workers together; each has a power of two.
constexpr std::uint32_t recv_buffers_total = 4'096;
constexpr std::uint32_t recv_buffers_min = 64;
constexpr std::uint32_t recv_buffers_max = 1'024;

// Above this many a source runs out of ports of one parity, and the kernel looks for each further
// one 40 times as long (docs/decisions/0005-how-a-ring-connects.md).
constexpr std::uint64_t connections_per_source = 13'000;

std::uint32_t recv_buffers_of(std::size_t workers) {
  std::uint32_t buffers = recv_buffers_max;
  while (buffers > recv_buffers_min && buffers * workers > recv_buffers_total) buffers /= 2;
  return buffers;
}

// False: it is not there, or not for this process.
bool run_on_core(std::uint32_t core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  return pthread_setaffinity_np(pthread_self(), sizeof cores, &cores) == 0;
}

// The kernel connects within a family alone; a source that is 0.0.0.0 or :: is none.
Result<void> check_families(const std::vector<IpAddress>& sources, const std::string& text,
                            const std::vector<Target>& targets) {
  for (const Target& target : targets) {
    for (const IpAddress& source : sources) {
      if (source.is_unspecified() || source.is_v4() == target.address.is_v4()) continue;
      return failure("connections.sources = " + text + " is no address to reach " + target.host +
                     " from: one is IPv4, the other IPv6");
    }
  }
  return {};
}

Result<std::vector<IpAddress>> sources_of(const Plan& plan, const std::vector<Target>& targets,
                                          const WorkerShare& share) {
  std::vector<IpAddress> sources;
  for (const std::string& text : plan.sources) {
    const Result<std::vector<IpAddress>> range = parse_sources(text);
    if (!range) return std::unexpected(range.error());
    const Result<void> reach = check_families(*range, text, targets);
    if (!reach) return std::unexpected(reach.error());
    sources.insert(sources.end(), range->begin(), range->end());
  }
  if (sources.empty()) {
    const bool loopback = std::all_of(targets.begin(), targets.end(), [](const Target& target) {
      return is_loopback_v4(target.address);
    });
    const std::uint64_t each = connections_per_source * targets.size();
    if (loopback && plan.connections > each) {
      const auto count = static_cast<std::uint32_t>(plan.connections / share.count / each + 1);
      for (std::uint32_t i = 0; i < count; ++i) {
        sources.push_back(loopback_source(share.index * count + i));
      }
    }
    return sources;
  }
  // Each worker begins at another one.
  const std::size_t first = share.index * sources.size() / share.count;
  std::rotate(sources.begin(), sources.begin() + static_cast<std::ptrdiff_t>(first), sources.end());
  return sources;
}

}  // namespace

struct LocalCrew::Hand {
  std::unique_ptr<LoadWorker> worker;
  std::thread thread;
  std::string problem;  // Why it could not start.
  std::vector<IpAddress> sources;
  std::uint64_t seed{};
};

std::uint32_t LocalCrew::connections_max() {
  constexpr std::uint64_t table_max = 1u << 20;
  rlimit limit{};
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const std::uint64_t sockets = std::min<std::uint64_t>(limit.rlim_cur, table_max);
  return sockets > sockets_closing ? static_cast<std::uint32_t>(sockets - sockets_closing) : 0;
}

Result<std::unique_ptr<LocalCrew>> LocalCrew::start(Order order) {
  std::unique_ptr<LocalCrew> crew(new LocalCrew);
  const Result<void> ready = crew->set_up(std::move(order));
  if (!ready) return std::unexpected(ready.error());
  return crew;
}

namespace {

// Processor time of the calling thread within the steady window.
class SteadyCpu {
 public:
  void look(LoadWorker& worker) {
    const bool steady = worker.is_steady();
    if (steady == inside_) return;
    inside_ = steady;
    if (steady) {
      began_ = thread_cpu();
    } else {
      worker.results().cpu = thread_cpu() - began_;
    }
  }

 private:
  bool inside_ = false;
  Duration began_;
};

void work(LoadWorker& worker) {
  SteadyCpu cpu;
  while (!worker.over()) {
    worker.turn();
    cpu.look(worker);
  }
}

}  // namespace

Result<void> LocalCrew::set_up(Order order) {
  plan_ = std::move(order.plan);
  shares_ = std::move(order.shares);
  run_ = order.run;
  if (shares_.size() > workers_max) {
    return failure("it takes " + std::to_string(shares_.size()) + " workers, and a process has " +
                   std::to_string(workers_max) +
                   " at most: raise the limit of open files (ulimit -n) or use agents");
  }
  for (const std::string& url : plan_.urls) {
    Result<Target> target = parse_target(url);
    if (!target) return std::unexpected(target.error());
    targets_.push_back(std::move(*target));
  }
  Result<io::Features> features = io::probe_kernel();
  if (!features) return std::unexpected(features.error());
  features_ = *features;
  std::uint64_t random = order.seed;
  for (const WorkerShare& share : shares_) {
    Result<std::vector<IpAddress>> sources = sources_of(plan_, targets_, share);
    if (!sources) return std::unexpected(sources.error());
    hands_.push_back(std::make_unique<Hand>());
    hands_.back()->sources = std::move(*sources);
    hands_.back()->seed = next_random(random);
  }
  control_ = std::make_unique<RunControl>(shares_.size());
  for (std::size_t i = 0; i < hands_.size(); ++i) {
    hands_[i]->thread = std::thread([this, i] { run_hand(i); });
  }
  while (started_.load(std::memory_order_acquire) < hands_.size()) sleep_for(milliseconds(1));
  for (const std::unique_ptr<Hand>& hand : hands_) {
    if (!hand->problem.empty()) return failure(hand->problem);
  }
  return {};
}

// The life of one thread.
void LocalCrew::run_hand(std::size_t index) {
  Hand& hand = *hands_[index];
  if (!plan_.cores.empty()) {
    const std::uint32_t core = plan_.cores[index % plan_.cores.size()];
    if (!run_on_core(core)) {
      hand.problem = "client.cores: there is no core " + std::to_string(core) + " to run on";
      started_.fetch_add(1, std::memory_order_release);  // With set_up(), which reads hand.
      return;
    }
  }
  const auto sockets = static_cast<std::uint32_t>(shares_[index].connections) + sockets_closing;
  Result<std::unique_ptr<io::UringRing>> ring =
      io::UringRing::open({.worker = WorkerId{static_cast<std::uint16_t>(index)},
                           .directory = &directory_,
                           .connections_max = sockets,
                           .recv_buffer_bytes = recv_buffer_bytes,
                           .recv_buffers = recv_buffers_of(shares_.size()),
                           .features = features_});
  if (ring) {
    hand.worker =
        std::make_unique<LoadWorker>(LoadWorkerSetup{.plan = plan_,
                                                     .share = shares_[index],
                                                     .targets = targets_,
                                                     .sources = hand.sources,
                                                     .run = run_,
                                                     .random_seed = hand.seed,
                                                     .ring = **ring,
                                                     .control = *control_,
                                                     .progress = control_->progress[index]});
  } else {
    hand.problem = ring.error().message;
  }
  started_.fetch_add(1, std::memory_order_release);  // With set_up(), which reads hand.
  if (hand.worker != nullptr) work(*hand.worker);
}

LocalCrew::~LocalCrew() {
  set_phase(Phase::close);
  for (const std::unique_ptr<Hand>& hand : hands_) {
    if (hand->thread.joinable()) hand->thread.join();
  }
}

void LocalCrew::set_phase(Phase phase) {
  if (control_ != nullptr) control_->phase.store(phase, std::memory_order_release);
}

Result<Glance> LocalCrew::look() {
  Glance glance;
  for (WorkerProgress& progress : control_->progress) {
    glance.live += progress.live.load(std::memory_order_relaxed);
    glance.at_work = glance.at_work || progress.at_work.load(std::memory_order_acquire);
    const std::lock_guard lock(progress.mutex);
    glance.counters.add(progress.counters);
    glance.last.add(progress.last);
    for (const auto& [kind, count] : progress.errors) glance.errors[kind] += count;
  }
  return glance;
}

Result<void> LocalCrew::begin_load(Instant epoch) {
  control_->epoch_ns.store(epoch.ns, std::memory_order_relaxed);  // Released by the phase.
  set_phase(Phase::load);
  return {};
}

Result<void> LocalCrew::begin_drain() {
  set_phase(Phase::drain);
  return {};
}

std::uint32_t LocalCrew::workers() const {
  return static_cast<std::uint32_t>(shares_.size());
}

SentCounts LocalCrew::stop() {
  if (const auto use = process_use(static_cast<std::uint32_t>(getpid()))) {
    rss_bytes_ = use->rss_bytes;
  }
  set_phase(Phase::close);
  for (const std::unique_ptr<Hand>& hand : hands_) {
    if (hand->thread.joinable()) hand->thread.join();
  }
  SentCounts sent;
  for (const std::unique_ptr<Hand>& hand : hands_) {
    for (const Room& room : hand->worker->rooms()) {
      std::vector<std::uint32_t> counts(room.sent().begin(), room.sent().end());
      std::replace(counts.begin(), counts.end(), Ledger::not_known, 0u);
      add_sent({{room.share().room, std::move(counts)}}, sent);
    }
  }
  return sent;
}

void add_sent(const SentCounts& more, SentCounts& sum) {
  for (const auto& [room, counts] : more) {
    std::vector<std::uint32_t>& all = sum[room];
    if (all.size() < counts.size()) all.resize(counts.size(), 0);
    for (std::size_t i = 0; i < counts.size(); ++i) all[i] += counts[i];
  }
}

Result<Results> LocalCrew::results(const SentCounts& sent_by_all) {
  // All rooms first: what is added to a worker's results stays there.
  for (const std::unique_ptr<Hand>& hand : hands_) {
    for (const Room& room : hand->worker->rooms()) {
      const auto sent = sent_by_all.find(room.share().room);
      if (sent != sent_by_all.end() && sent->second.size() == room.sent().size()) continue;
      return failure("it is not said what was sent in room " + std::to_string(room.share().room));
    }
  }
  Results results;
  results.rss_bytes = rss_bytes_;
  for (const std::unique_ptr<Hand>& hand : hands_) {
    for (Room& room : hand->worker->rooms()) {
      const auto sent = sent_by_all.find(room.share().room);
      hand->worker->results().total.lost += room.ledger().lost(sent->second);
    }
    results.add(hand->worker->results());
  }
  return results;
}

Result<Results> LocalCrew::finish() {
  return results(stop());
}

}  // namespace parley::loadgen
