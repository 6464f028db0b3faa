#include "server/config/startup.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "server/config/file_text.h"

namespace parley::server {

namespace {

std::string because(int error) {
  return std::string(": ") + std::strerror(error);
}

// By writing: permissions alone do not tell of a file system that is read-only or full.
Result<void> check_writable(const std::string& path) {
  const std::string probe = path + "/.parley-write-check";
  std::FILE* file = std::fopen(probe.c_str(), "we");
  if (file == nullptr) {
    return failure("data_dir = " + path + " is not writable by this user" + because(errno));
  }
  std::fclose(file);
  std::remove(probe.c_str());
  return {};
}

}  // namespace

Result<void> prepare_data_dir(const Config& config) {
  namespace fs = std::filesystem;
  const std::string& path = config.data_dir;
  if (path.empty()) return {};
  std::error_code error;
  const bool made = fs::create_directory(path, error);
  std::error_code absent;
  if (!made && !fs::exists(path, absent)) {
    return failure("data_dir = " + path + " cannot be made" + because(error.value()));
  }
  if (!fs::is_directory(path, error)) return failure("data_dir = " + path + " is not a directory");
  constexpr fs::perms owner_and_group = fs::perms::owner_all | fs::perms::group_read |
                                        fs::perms::group_exec;  // What others say is private.
  if (made) fs::permissions(path, owner_and_group, error);
  return check_writable(path);
}

Result<std::vector<services::TokenKey>> load_token_keys(const Config& config) {
  std::vector<services::TokenKey> keys;
  if (!config.jwt_secret.empty()) {
    keys.push_back({.algorithm = services::TokenAlgorithm::hs256, .key = config.jwt_secret});
  }
  const std::string& path = config.jwt_public_key_file;
  if (path.empty()) return keys;
  std::expected<std::string, int> pem = file_text(path);
  if (!pem) {
    return failure("auth.jwt_public_key_file = " + path + " cannot be read" + because(pem.error()));
  }
  keys.push_back({.algorithm = services::TokenAlgorithm::rs256, .key = std::move(*pem)});
  return keys;
}

}  // namespace parley::server
