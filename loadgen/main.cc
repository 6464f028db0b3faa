// parley-load: drives WebSocket servers, and checks what they deliver.
#include <signal.h>

#include <cstdio>

#include "loadgen/cli/commands.h"

namespace {

int execute(const parley::loadgen::Arguments& arguments) {
  using parley::loadgen::Command;
  switch (arguments.command) {
    case Command::run:
      return parley::loadgen::run_command(arguments);
    case Command::plan:
      return parley::loadgen::plan_command(arguments);
    case Command::capacity:
      return parley::loadgen::capacity_command(arguments);
    case Command::compare:
      return parley::loadgen::compare_command(arguments);
    case Command::agent:
      return parley::loadgen::agent_command(arguments);
  }
  return parley::loadgen::exit_usage;
}

}  // namespace

int main(int argc, char** argv) {
  const std::expected arguments = parley::loadgen::read_arguments(argc, argv);
  if (!arguments) {
    std::fputs(arguments.error().text.c_str(), arguments.error().code == 0 ? stdout : stderr);
    return arguments.error().code;
  }
  // They end a run early, and what was measured until then is reported: see LiveView.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  return execute(*arguments);
}
