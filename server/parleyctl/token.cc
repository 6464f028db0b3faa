#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "server/config/config.h"
#include "server/parleyctl/commands.h"
#include "server/parleyctl/flags.h"
#include "services/auth/token_verifier.h"

namespace parley::server {

namespace {

struct TokenOrder {
  std::string user;
  std::string name;
  std::string ttl = "12h";
  std::string secret;
  std::string config_file;
};

// NUMBER followed by s, m, h or d.
Result<std::int64_t> milliseconds_of(const std::string& text) {
  const auto wrong = [&] {
    return failure("--ttl " + text +
                   " must be a number and s, m, h or d, such as 12h; at most 10 years");
  };
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const std::from_chars_result result = std::from_chars(text.data(), end, number);
  if (result.ec != std::errc{} || result.ptr + 1 != end || number <= 0) return wrong();
  std::int64_t unit_s = 0;
  switch (*result.ptr) {
    case 's':
      unit_s = 1;
      break;
    case 'm':
      unit_s = 60;
      break;
    case 'h':
      unit_s = 3'600;
      break;
    case 'd':
      unit_s = 86'400;
      break;
    default:
      return wrong();
  }
  constexpr std::int64_t ttl_s_max = 10ll * 365 * 86'400;
  if (number > ttl_s_max / unit_s) return wrong();
  return number * unit_s * 1'000;
}

// The one parleyd would verify with: --secret, else its configuration.
Result<std::string> secret_of(const TokenOrder& order, const char* const* environment) {
  if (!order.secret.empty()) return order.secret;
  std::vector<const char*> argv{"parleyctl"};
  if (!order.config_file.empty()) {
    argv.push_back("--config");
    argv.push_back(order.config_file.c_str());
  }
  const std::expected<Options, Exit> options =
      load_options(static_cast<int>(argv.size()), argv.data(), environment);
  if (!options) {
    constexpr std::string_view prefix = "parleyctl: ";  // complaint() says it again.
    std::string text = options.error().text;
    if (text.starts_with(prefix)) text.erase(0, prefix.size());
    if (text.ends_with('\n')) text.pop_back();
    return failure(std::move(text));
  }
  if (options->config.jwt_secret.empty()) {
    return failure(
        "no secret to sign with: set JWT_SECRET (openssl rand -hex 32 makes one) for parleyctl "
        "and parleyd alike, or give --secret or --config");
  }
  return options->config.jwt_secret;
}

Result<std::string> token_for(const TokenOrder& order, const char* const* environment,
                              UnixMillis now) {
  const Result<std::int64_t> ttl_ms = milliseconds_of(order.ttl);
  if (!ttl_ms) return std::unexpected(ttl_ms.error());
  Result<std::string> secret = secret_of(order, environment);
  if (!secret) return std::unexpected(secret.error());
  const services::TokenKey key{.algorithm = services::TokenAlgorithm::hs256,
                               .key = std::move(*secret)};
  const services::TokenClaims claims{
      .subject = order.user, .username = order.name, .expires = UnixMillis{now.value + *ttl_ms}};
  return services::mint_token(key, claims, now);
}

}  // namespace

Outcome run_token(const Arguments& arguments, const char* const* environment, UnixMillis now) {
  TokenOrder order;
  CLI::App app(
      "Prints a token (JWT, HS256) that lets a user in: ws://HOST:PORT/ws?token=TOKEN.\n"
      "The secret is the one parleyd has: JWT_SECRET or PARLEY_JWT_SECRET, .env, or --config.",
      "parleyctl token");
  app.add_option("--user", order.user, "The user's id (sub), 1 to 128 bytes")->required();
  app.add_option("--name", order.name, "What others see, at most 64 bytes [the id]");
  app.add_option("--ttl", order.ttl, "How long it is valid: 90s, 30m, 12h, 7d [12h]");
  app.add_option("--secret", order.secret, "Secret to sign with; others see it in ps");
  app.add_option("--config", order.config_file, "parleyd's TOML file, to take the secret from");
  if (std::optional<Outcome> instead = read_flags(app, arguments)) return *instead;
  const Result<std::string> token = token_for(order, environment, now);
  if (!token) return complaint(exit_failed, token.error().message);
  return {.code = exit_ok, .out = *token + "\n", .err = {}};
}

}  // namespace parley::server
