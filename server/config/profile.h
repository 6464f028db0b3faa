// Presets of options under the name of what they are for. They are data: a profile can set nothing
// that a configuration file could not.
#pragma once

#include <span>
#include <string_view>

namespace parley::server {

struct ProfileSetting {
  std::string_view key;
  std::string_view text;
};

struct Profile {
  std::string_view name;
  std::string_view description;
  std::span<const ProfileSetting> settings;
};

[[nodiscard]] std::span<const Profile> all_profiles();
[[nodiscard]] std::span<const std::string_view> profile_names();
[[nodiscard]] const Profile* find_profile(std::string_view name);

}  // namespace parley::server
