// parleyd: reads its configuration, starts the workers, waits for a signal, lets everybody go.
#include <malloc.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>

#include "server/config/config.h"
#include "server/config/startup.h"
#include "server/log/log.h"
#include "server/process/server.h"

namespace {

using parley::server::Config;
using parley::server::Log;
using parley::server::Server;

std::string_view name_of(int signal) {
  switch (signal) {
    case SIGTERM:
      return "SIGTERM";
    case SIGINT:
      return "SIGINT";
    default:
      return "SIGHUP";
  }
}

// S0-16: the three signals that stop the server. Blocked before any thread starts, so that only
// main takes them.
sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

std::string url_of(const Config& config, std::uint16_t port) {
  const bool is_v6 = config.listen_host.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + config.listen_host + "]" : config.listen_host;
  return "http://" + host + ":" + std::to_string(port);
}

int fail(const parley::Error& error) {
  std::fprintf(stderr, "parleyd: %s\n", error.message.c_str());
  return 1;
}

int run(const Config& config) {
  if (const auto prepared = parley::server::prepare_data_dir(config); !prepared) {
    return fail(prepared.error());
  }
  const auto log = Log::open(config);
  if (!log) return fail(log.error());
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  const auto server = Server::start(config, **log);
  if (!server) return fail(server.error());
  (*log)->info("listening on " + url_of(config, (*server)->port()),
               {{"workers", (*server)->workers()}, {"profile", config.profile}});

  int signal = 0;
  sigwait(&signals, &signal);
  // S0-17: these three lines.
  (*log)->info("Received " + std::string(name_of(signal)) + ", shutting down gracefully...");
  (*server)->stop_listening();
  (*log)->info("HTTP server closed");
  const bool all_left = (*server)->shut_down();
  if (!all_left) (*log)->warn("some clients did not leave in time and were cut off");
  (*log)->info("Graceful shutdown complete");
  return 0;
}

}  // namespace

int main(int argc, char** argv, char** environment) {
  // Large payloads are freed by whichever worker is last. With a threshold that adapts, the
  // allocator keeps them in its arenas for ever: fixed, they go back to the kernel.
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  const auto options = parley::server::load_options(argc, argv, environment);
  if (!options) {
    std::FILE* const out = options.error().code == 0 ? stdout : stderr;
    std::fputs(options.error().text.c_str(), out);
    return options.error().code;
  }
  if (options->check_config) {
    if (const auto keys = parley::server::load_token_keys(options->config); !keys) {
      return fail(keys.error());
    }
    std::fputs(parley::server::entries_text(options->entries).c_str(), stdout);
    return 0;
  }
  return run(options->config);
}
