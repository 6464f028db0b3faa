#include "server/config/startup.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "server/config/file_text.h"

namespace parley::server {

namespace {

std::string because(int error) {
  return std::string(": ") + std::strerror(error);
}

}  // namespace

Result<void> prepare_data_dir(const Config& config) {
  const std::string& path = config.data_dir;
  if (path.empty()) return {};
  constexpr mode_t owner_and_group = 0750;
  if (mkdir(path.c_str(), owner_and_group) != 0 && errno != EEXIST) {
    return failure("data_dir = " + path + " cannot be made" + because(errno));
  }
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) {
    return failure("data_dir = " + path + " cannot be used" + because(errno));
  }
  if (!S_ISDIR(status.st_mode)) return failure("data_dir = " + path + " is not a directory");
  if (access(path.c_str(), W_OK | X_OK) != 0) {
    return failure("data_dir = " + path + " is not writable by this user" + because(errno));
  }
  return {};
}

Result<std::vector<services::TokenKey>> load_token_keys(const Config& config) {
  std::vector<services::TokenKey> keys;
  if (!config.jwt_secret.empty()) {
    keys.push_back({.algorithm = services::TokenAlgorithm::hs256, .key = config.jwt_secret});
  }
  const std::string& path = config.jwt_public_key_file;
  if (path.empty()) return keys;
  Result<std::string> pem = file_text(path);
  if (!pem) {
    return failure("auth.jwt_public_key_file = " + path +
                   " cannot be read: " + pem.error().message);
  }
  keys.push_back({.algorithm = services::TokenAlgorithm::rs256, .key = std::move(*pem)});
  return keys;
}

}  // namespace parley::server
