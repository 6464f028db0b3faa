// parleyctl: what an operator does beside running the server.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include "server/config/describe.h"
#include "server/parleyctl/commands.h"

namespace parley::server {

namespace {

constexpr const char* help =
    "Usage: parleyctl COMMAND [FLAGS]\n"
    "\n"
    "Commands:\n"
    "  token         Print a token that lets a user in: parleyctl token --user alice\n"
    "  health        Ask a running server whether it is well; exit code 0 or 1\n"
    "  check-config  Validate a configuration and print it; takes the flags of parleyd\n"
    "  options       Print all options of parleyd as Markdown tables\n"
    "\n"
    "parleyctl COMMAND --help explains a command. Exit codes: 0 done, 1 failed, 2 usage.\n";

UnixMillis wall_clock() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count()};
}

Outcome run(std::string_view command, const Arguments& arguments) {
  if (command == "token") return run_token(arguments, environ, wall_clock());
  if (command == "health") return run_health(arguments);
  if (command == "check-config") return run_check_config(arguments, environ);
  if (command == "options") return run_options(arguments);
  if (command == "--help" || command == "-h" || command == "help") {
    return {.code = exit_ok, .out = help, .err = {}};
  }
  if (command == "--version") {
    return {.code = exit_ok, .out = version_text("parleyctl"), .err = {}};
  }
  return complaint(exit_usage,
                   "unknown command " + std::string(command) + "; see parleyctl --help");
}

Outcome run_or_explain(int argc, char** argv) {
  if (argc < 2) return {.code = exit_usage, .out = {}, .err = help};
  try {
    return run(argv[1], Arguments(argv + 2, argv + argc));
  } catch (const std::exception& error) {
    return complaint(exit_failed, error.what());
  }
}

}  // namespace

}  // namespace parley::server

int main(int argc, char** argv) {
  const parley::server::Outcome outcome = parley::server::run_or_explain(argc, argv);
  std::fputs(outcome.out.c_str(), stdout);
  std::fputs(outcome.err.c_str(), stderr);
  return outcome.code;
}
