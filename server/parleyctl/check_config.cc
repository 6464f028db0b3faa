#include "server/config/config.h"
#include "server/config/describe.h"
#include "server/config/startup.h"
#include "server/parleyctl/commands.h"
#include "services/auth/token_verifier.h"

namespace parley::server {

namespace {

Result<void> check_startup(const Config& config) {
  const Result<std::vector<services::TokenKey>> keys = load_token_keys(config);
  if (!keys) return std::unexpected(keys.error());
  const auto verifier = services::TokenVerifier::open(*keys);
  if (!verifier) return std::unexpected(verifier.error());
  return prepare_data_dir(config);
}

}  // namespace

Outcome run_check_config(const Arguments& arguments, const char* const* environment) {
  std::vector<const char*> argv{"parleyctl check-config"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  const std::expected<Options, Exit> options =
      load_options(static_cast<int>(argv.size()), argv.data(), environment);
  if (!options) {
    const Exit& exit = options.error();
    if (exit.code == exit_ok) return {.code = exit_ok, .out = exit.text, .err = {}};
    return {.code = exit.code, .out = {}, .err = exit.text};
  }
  const Result<void> started = check_startup(options->config);
  if (!started) return complaint(exit_failed, started.error().message);
  return {.code = exit_ok, .out = entries_text(options->entries), .err = {}};
}

Outcome run_options(const Arguments& arguments) {
  if (!arguments.empty()) return complaint(exit_usage, "options takes no arguments");
  return {.code = exit_ok, .out = options_markdown(), .err = {}};
}

}  // namespace parley::server
