#include <signal.h>
#include <time.h>

#include <cstdio>
#include <optional>

#include "loadgen/cli/commands.h"
#include "loadgen/run/agents.h"

namespace parley::loadgen {

namespace {

bool stop_wanted() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  const timespec at_once{};
  return sigtimedwait(&signals, nullptr, &at_once) > 0;
}

}  // namespace

int agent_command(const Arguments& arguments) {
  const Result<std::unique_ptr<WireListener>> listener = WireListener::open(arguments.listen);
  if (!listener) {
    std::fprintf(stderr, "parley-load: %s\n", listener.error().message.c_str());
    return exit_failed;
  }
  std::printf("agent on port %u\n", (*listener)->port());
  std::fflush(stdout);
  constexpr Duration look_for_signals = milliseconds(500);
  bool stopped = false;  // A signal is taken once.
  const auto look = [&stopped] { return stopped = stopped || stop_wanted(); };
  while (!look()) {
    const std::unique_ptr<Wire> wire = (*listener)->accept(look_for_signals);
    if (wire == nullptr) continue;
    const std::optional<Counters> counted = serve_conductor(*wire, look);
    if (!counted) continue;
    std::printf("a run: %llu members, %llu publications, %llu deliveries, %llu lost\n",
                static_cast<unsigned long long>(counted->connects),
                static_cast<unsigned long long>(counted->publications),
                static_cast<unsigned long long>(counted->deliveries),
                static_cast<unsigned long long>(counted->lost));
    std::fflush(stdout);
  }
  return exit_good;
}

}  // namespace parley::loadgen
