#include "server/parleyctl/flags.h"

namespace parley::server {

std::optional<Outcome> read_flags(CLI::App& app, const Arguments& arguments) {
  Arguments reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    return Outcome{.code = exit_ok, .out = app.help(), .err = {}};
  } catch (const CLI::Error& error) {
    return complaint(exit_usage, std::string(error.what()) + "; see " + app.get_name() + " --help");
  }
  return std::nullopt;
}

}  // namespace parley::server
