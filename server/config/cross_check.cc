#include "server/config/cross_check.h"

#include <array>

namespace parley::server {

namespace {

constexpr std::size_t secret_bytes_min = 32;  // RFC 7518 3.2

std::optional<Violation> access_violation(const Config& config) {
  if (!config.jwt_secret.empty() && config.jwt_secret.size() < secret_bytes_min) {
    return Violation{"auth.jwt_secret",
                     "must be at least 32 bytes (openssl rand -hex 32 makes one)"};
  }
  if (config.guests == GuestPolicy::refuse && config.jwt_secret.empty() &&
      config.jwt_public_key_file.empty()) {
    return Violation{"auth.guests",
                     "must not be refuse while no token can be verified, or nobody could log in: "
                     "set JWT_SECRET or auth.jwt_public_key_file"};
  }
  return std::nullopt;
}

std::optional<Violation> path_violation(const Config& config) {
  struct Path {
    std::string_view key;
    std::string_view path;
  };
  const std::array<Path, 6> paths{{{"/health", "/health"},
                                   {"/ready", "/ready"},
                                   {"/metrics", "/metrics"},
                                   {"endpoints.classic_path", config.classic_path},
                                   {"endpoints.echo_path", config.echo_path},
                                   {"endpoints.page_path", config.page_path}}};
  for (std::size_t i = 3; i < paths.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (paths[i].path.empty() || paths[i].path != paths[j].path) continue;
      return Violation{paths[i].key, "must not be the path of " + std::string(paths[j].key)};
    }
  }
  return std::nullopt;
}

std::optional<Violation> size_violation(const Config& config) {
  // Room for a message behind a history that holds one, and for what greets a new member.
  const std::uint64_t outbox_bytes_min =
      2ull * config.message_bytes_max + message_overhead_bytes +
      std::uint64_t{config.presence_members_max} * user_bytes_max;
  if (config.outbox_bytes_max < outbox_bytes_min) {
    return Violation{"limits.outbox_bytes_max",
                     "must be at least " + std::to_string(outbox_bytes_min) +
                         ", which is twice limits.message_bytes_max and the people of a room"};
  }
  if (config.rooms_initial.size() > config.rooms_max) {
    return Violation{"rooms.initial", "must not be more rooms than limits.rooms_max, which is " +
                                          std::to_string(config.rooms_max)};
  }
  if (config.history_room_bytes_max > config.history_bytes_max) {
    return Violation{"history.room_bytes_max",
                     "must not be more than history.bytes_max, which is " +
                         std::to_string(config.history_bytes_max)};
  }
  if (config.history_count_max > 0 && config.history_on_join > config.history_count_max) {
    return Violation{"history.on_join", "must not be more than history.count_max, which is " +
                                            std::to_string(config.history_count_max)};
  }
  return std::nullopt;
}

// Who was cut off comes back to all rooms at once, and must get into them.
std::optional<Violation> rate_violation(const Config& config) {
  const bool enough =
      config.rate_join.count == 0 || config.rate_join.count >= config.rooms_per_connection_max;
  if (enough) return std::nullopt;
  return Violation{"limits.rate_join",
                   "must be off or at least limits.rooms_per_connection_max at once, which is " +
                       std::to_string(config.rooms_per_connection_max)};
}

std::optional<Violation> time_violation(const Config& config) {
  constexpr std::uint32_t ping_interval_ms_min = 100;
  if (config.ping_interval_ms > 0 && config.ping_interval_ms < ping_interval_ms_min) {
    return Violation{"times.ping_interval_ms", "must be 0 (no pings) or at least 100"};
  }
  if (config.close_timeout_ms > config.shutdown_timeout_ms) {
    return Violation{"times.close_timeout_ms",
                     "must not be more than times.shutdown_timeout_ms, which is " +
                         std::to_string(config.shutdown_timeout_ms)};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Violation> first_violation(const Config& config) {
  for (const auto check :
       {access_violation, path_violation, size_violation, rate_violation, time_violation}) {
    if (std::optional<Violation> violation = check(config)) return violation;
  }
  return std::nullopt;
}

}  // namespace parley::server
