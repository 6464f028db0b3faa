#include <signal.h>
#include <time.h>

#include <cstdio>

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
  while (!stop_wanted()) {
    const std::unique_ptr<Wire> wire = (*listener)->accept(look_for_signals);
    if (wire != nullptr) serve_conductor(*wire);
  }
  return exit_good;
}

}  // namespace parley::loadgen
