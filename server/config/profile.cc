#include "server/config/profile.h"

#include <algorithm>
#include <array>

namespace parley::server {

namespace {

constexpr std::array roflfaucet{
    ProfileSetting{"listen.port", "3001"},
    ProfileSetting{"endpoints.classic_path", "/ws"},
    ProfileSetting{"auth.guests", "refuse"},
    ProfileSetting{"limits.rate_user", "10/30s"},
};

// A conformance suite sends 16 MiB messages, and as fast as it can.
constexpr std::array conformance{
    ProfileSetting{"endpoints.echo_path", "/echo"},
    ProfileSetting{"limits.message_bytes_max", "16777216"},
    ProfileSetting{"limits.outbox_bytes_max", "67108864"},
    ProfileSetting{"limits.rate_connection", "off"},
    ProfileSetting{"limits.rate_join", "off"},
    ProfileSetting{"limits.rate_user", "off"},
    ProfileSetting{"limits.rate_address", "off"},
    ProfileSetting{"limits.connections_per_address_max", "0"},
};

constexpr std::array bench{
    ProfileSetting{"limits.rate_connection", "off"},
    ProfileSetting{"limits.rate_join", "off"},
    ProfileSetting{"limits.rate_user", "off"},
    ProfileSetting{"limits.rate_address", "off"},
};

constexpr std::array<Profile, 4> profiles{{
    {"default", "The chat on port 8080, guests welcome.", {}},
    {"roflfaucet",
     "The roflfaucet chat: port 3001, /ws, a token for everybody, 10 messages in 30 s per user.",
     roflfaucet},
    {"conformance",
     "For public WebSocket conformance suites: /echo, messages of 16 MiB, no rate limits.",
     conformance},
    {"bench",
     "For load tests: no rate limits, so that they measure the engine. All else as in production.",
     bench},
}};

constexpr auto names = [] {
  std::array<std::string_view, profiles.size()> all{};
  for (std::size_t i = 0; i < profiles.size(); ++i) all[i] = profiles[i].name;
  return all;
}();

}  // namespace

std::span<const Profile> all_profiles() {
  return profiles;
}

std::span<const std::string_view> profile_names() {
  return names;
}

const Profile* find_profile(std::string_view name) {
  const auto found = std::ranges::find(profiles, name, &Profile::name);
  return found == profiles.end() ? nullptr : &*found;
}

}  // namespace parley::server
