#include <optional>
#include <string>

#include "server/parleyctl/commands.h"
#include "server/parleyctl/flags.h"
#include "services/probe/http_probe.h"

namespace parley::server {

Outcome run_health(const Arguments& arguments) {
  std::string url = "http://127.0.0.1:8080";
  CLI::App app("Asks a running server for /health. Exit code 0: well, 1: not, or not reached.",
               "parleyctl health");
  app.add_option("--url", url, "http://HOST:PORT of the server [http://127.0.0.1:8080]");
  if (std::optional<Outcome> instead = read_flags(app, arguments)) return *instead;

  const Result<services::HttpOrigin> origin = services::parse_http_origin(url);
  if (!origin) return complaint(exit_usage, "--url " + url + " " + origin.error().message);
  const Result<services::HttpAnswer> answer = services::http_get(*origin, "/health");
  if (!answer) return complaint(exit_failed, answer.error().message);
  constexpr int ok = 200;
  if (answer->status == ok) return {.code = exit_ok, .out = answer->body + "\n", .err = {}};
  Outcome outcome = complaint(exit_failed, "not well: " + answer->status_line);
  outcome.out = answer->body + "\n";
  return outcome;
}

}  // namespace parley::server
