#include "server/process/server.h"

#include <pthread.h>
#include <sched.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/mail/post_office.h"
#include "core/payload/payload_pool.h"
#include "io/listener.h"
#include "io/probe.h"
#include "io/ring_directory.h"
#include "io/uring_ring.h"
#include "io/waker.h"
#include "protocol/websocket/ws_handshake.h"
#include "server/config/startup.h"
#include "server/metrics/metrics.h"
#include "server/process/shares.h"
#include "server/worker/worker.h"
#include "services/auth/token_verifier.h"

namespace parley::server {

namespace {

// Descriptors of the process itself: the log, the rings of main, files that a library opens.
constexpr std::uint64_t descriptors_reserved = 64;
constexpr std::uint64_t descriptors_per_worker = 4;

std::uint16_t cores_available() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  return static_cast<std::uint16_t>(std::max(CPU_COUNT(&set), 1));
}

std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0 && getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  return limit.rlim_cur;
}

void pin_to_core(std::uint16_t worker) {
  cpu_set_t available;
  if (sched_getaffinity(0, sizeof(available), &available) != 0) return;
  int skip = worker % CPU_COUNT(&available);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &available) || skip-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
    return;
  }
}

template <class T>
T random_value() {
  T value{};
  CHECK(getentropy(&value, sizeof(value)) == 0);
  return value;
}

}  // namespace

struct Server::State {
  enum class Stage : std::uint8_t { running, draining, ended };           // What main wants.
  enum class Progress : std::uint8_t { starting, ready, deaf, drained };  // Where a worker is.

  State(const Config& the_config, Log& the_log, std::uint16_t workers)
      : config(the_config),
        log(the_log),
        worker_count(workers),
        office(workers, mailbox_capacity(the_config, workers)),
        metrics(workers),
        progress(workers) {}

  void run_worker(std::uint16_t index, int listener_fd);
  [[nodiscard]] Result<void> open_listeners(std::vector<io::Listener>& listeners);
  [[nodiscard]] Result<void> start_workers();
  void set_stage(Stage next);
  void report(std::uint16_t index, Progress reached);
  void fail(std::uint16_t index, std::string message);
  void wait_for_all(Progress reached);

  const Config& config;
  Log& log;
  const std::uint16_t worker_count;
  std::vector<services::TokenKey> token_keys;
  io::Features features;
  std::uint32_t connections_per_worker = 0;
  std::array<std::uint8_t, 16> hash_key = random_value<std::array<std::uint8_t, 16>>();
  std::uint64_t seed = random_value<std::uint64_t>();
  std::uint16_t port = 0;

  io::RingDirectory directory;
  // Outlive all workers and the mail between them, which share blocks.
  std::vector<std::unique_ptr<core::PayloadPool>> pools;
  core::PostOffice office;
  MetricBoard metrics;
  std::vector<std::thread> threads;

  // What main and the workers tell each other; cold.
  std::atomic<Stage> stage{Stage::running};
  std::atomic<bool> all_left{true};
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Progress> progress;  // By worker.
  std::string failure;             // Of the first worker that could not start.
};

void Server::State::report(std::uint16_t index, Progress reached) {
  const std::lock_guard lock(mutex);
  progress[index] = reached;
  changed.notify_all();
}

void Server::State::fail(std::uint16_t index, std::string message) {
  const std::lock_guard lock(mutex);
  progress[index] = Progress::drained;  // Nobody has to wait for it any more.
  if (failure.empty()) failure = std::move(message);
  changed.notify_all();
}

void Server::State::wait_for_all(Progress reached) {
  std::unique_lock lock(mutex);
  changed.wait(lock, [this, reached] {
    return std::all_of(progress.begin(), progress.end(),
                       [reached](Progress at) { return at >= reached; });
  });
}

void Server::State::run_worker(std::uint16_t index, int listener_fd) {
  if (config.pin_workers) pin_to_core(index);
  Result<std::unique_ptr<io::UringRing>> ring =
      io::UringRing::open({.worker = WorkerId{index},
                           .directory = &directory,
                           .listener_fd = listener_fd,
                           .connections_max = connections_per_worker,
                           .recv_buffer_bytes = config.recv_buffer_bytes,
                           .recv_buffers = recv_buffers_per_worker(config, worker_count),
                           .features = features});
  if (!ring) return fail(index, ring.error().message);
  Result<std::unique_ptr<services::TokenVerifier>> tokens =
      services::TokenVerifier::open(token_keys);
  if (!tokens) return fail(index, tokens.error().message);
  const core::HubConfig hub_config = hub_config_of(
      config, {.workers = worker_count, .connections = connections_per_worker}, hash_key, seed);
  Worker worker({.config = config,
                 .hub_config = hub_config,
                 .self = WorkerId{index},
                 .worker_count = worker_count,
                 .connections_max = connections_per_worker,
                 .random_seed = seed,
                 .payloads = *pools[index],
                 .office = office,
                 .metrics = metrics,
                 .tokens = token_keys.empty() ? nullptr : tokens->get(),
                 .ring = **ring});
  report(index, Progress::ready);

  Progress reached = Progress::ready;
  // acquire: pairs with the release in set_stage().
  for (Stage now = stage.load(std::memory_order_acquire); now != Stage::ended;
       now = stage.load(std::memory_order_acquire)) {
    if (now == Stage::draining) worker.start_draining();
    worker.turn();
    if (now == Stage::draining && reached == Progress::ready) {
      reached = Progress::deaf;
      report(index, reached);
    }
    if (reached == Progress::deaf && worker.drained()) {
      if (worker.cut_off() > 0) all_left.store(false, std::memory_order_relaxed);
      reached = Progress::drained;  // It goes on: others may still send it mail.
      report(index, reached);
    }
  }
}

Result<void> Server::State::open_listeners(std::vector<io::Listener>& listeners) {
  port = config.listen_port;
  for (std::uint16_t worker = 0; worker < worker_count; ++worker) {
    Result<io::Listener> listener = io::open_listener({.host = config.listen_host,
                                                       .port = port,
                                                       .backlog = config.listen_backlog,
                                                       .shares_port = worker > 0});
    if (!listener) {
      for (const io::Listener& opened : listeners) ::close(opened.fd);
      return std::unexpected(listener.error());
    }
    port = listener->port;
    listeners.push_back(*listener);
  }
  if (listeners.front().backlog < config.listen_backlog) {
    log.warn("the kernel cuts the listen backlog",
             {{"wanted", config.listen_backlog},
              {"granted", listeners.front().backlog},
              {"fix", "sysctl -w net.core.somaxconn=" + std::to_string(config.listen_backlog)}});
  }
  return {};
}

Result<void> Server::State::start_workers() {
  std::vector<io::Listener> listeners;
  if (Result<void> opened = open_listeners(listeners); !opened) return opened;
  const std::uint64_t idle_bytes = std::max<std::uint64_t>((64u << 20) / worker_count, 1u << 20);
  for (std::uint16_t worker = 0; worker < worker_count; ++worker) {
    pools.push_back(std::make_unique<core::PayloadPool>(idle_bytes));
  }
  for (std::uint16_t worker = 0; worker < worker_count; ++worker) {
    threads.emplace_back([this, worker, fd = listeners[worker].fd] { run_worker(worker, fd); });
  }
  wait_for_all(Progress::ready);
  if (!failure.empty()) return ::parley::failure(failure);
  return {};
}

void Server::State::set_stage(Stage next) {
  stage.store(next, std::memory_order_release);  // Pairs with the loads in run_worker().
  Result<std::unique_ptr<io::Waker>> waker = io::Waker::open(directory);
  for (std::uint16_t worker = 0; worker < worker_count; ++worker) {
    // Without a waker they look by themselves: no worker sleeps longer than a tick.
    if (waker) static_cast<void>((*waker)->wake(WorkerId{worker}));
  }
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Server>> Server::start(const Config& config, Log& log) {
  const Result<io::Features> features = io::probe_kernel();
  if (!features) return std::unexpected(features.error());
  const std::uint16_t workers = config.workers != 0 ? config.workers : cores_available();
  const std::uint64_t descriptors = raise_descriptor_limit();
  if (descriptors < descriptors_reserved + workers * descriptors_per_worker) {
    return failure("the limit of open files is " + std::to_string(descriptors) + ", too few for " +
                   std::to_string(workers) +
                   " workers: raise it with ulimit -n, or LimitNOFILE= in the systemd unit");
  }
  const Result<std::vector<services::TokenKey>> keys = load_token_keys(config);
  if (!keys) return std::unexpected(keys.error());

  auto state = std::make_unique<State>(config, log, workers);
  state->token_keys = *keys;
  state->features = *features;
  state->connections_per_worker = connections_per_worker(config, workers, descriptors);
  protocol::load_ws_accept();
  const Result<void> started = state->start_workers();
  std::unique_ptr<Server> server(new Server(std::move(state)));
  if (!started) return std::unexpected(started.error());  // ~Server ends those that run.
  return server;
}

Server::~Server() {
  shut_down();
}

std::uint16_t Server::port() const {
  return state_->port;
}

std::uint16_t Server::workers() const {
  return state_->worker_count;
}

void Server::stop_listening() {
  if (state_->stage.load(std::memory_order_relaxed) != State::Stage::running) return;
  state_->set_stage(State::Stage::draining);
  state_->wait_for_all(State::Progress::deaf);
}

bool Server::shut_down() {
  State& s = *state_;
  if (s.stage.load(std::memory_order_relaxed) == State::Stage::ended || s.threads.empty()) {
    return true;
  }
  stop_listening();
  s.wait_for_all(State::Progress::drained);
  s.set_stage(State::Stage::ended);
  for (std::thread& thread : s.threads) thread.join();
  return s.all_left.load(std::memory_order_relaxed);
}

}  // namespace parley::server
