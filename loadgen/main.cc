// parley-load: drives WebSocket servers, and checks what they deliver.
#include <signal.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <string>

#include "loadgen/cli/commands.h"
#include "loadgen/cli/report_files.h"

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

// What would be noticed only when all has been measured.
parley::Result<void> ready_to_measure(const parley::loadgen::Arguments& arguments) {
  const std::uint32_t pid = arguments.server_pid;
  if (pid != 0 && (pid > INT32_MAX || (kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH))) {
    return parley::failure("--pid: there is no process " + std::to_string(pid));
  }
  return parley::loadgen::check_reports(arguments);
}

// A ring holds as many sockets as the process may have open files: all that it may be allowed.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  const std::expected arguments = parley::loadgen::read_arguments(argc, argv);
  if (!arguments) {
    std::fputs(arguments.error().text.c_str(), arguments.error().code == 0 ? stdout : stderr);
    return arguments.error().code;
  }
  raise_file_limit();
  // They end a run early, and what was measured until then is reported: see LiveView.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  const parley::Result<void> ready = ready_to_measure(*arguments);
  if (!ready) {
    std::fprintf(stderr, "parley-load: %s\n", ready.error().message.c_str());
    return parley::loadgen::exit_failed;
  }
  return execute(*arguments);
}
