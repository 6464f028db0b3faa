#include "server/config/startup.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/server/config/config_fixture.h"

namespace parley::server {
namespace {

using ::testing::HasSubstr;

class Startup : public ConfigTest {
 protected:
  static std::string prepared(const std::string& path) {
    Config config;
    config.data_dir = path;
    const Result<void> result = prepare_data_dir(config);
    return result ? "prepared" : result.error().message;
  }
};

TEST_F(Startup, TheDataDirectoryIsMadeOrUsedAsItIs) {
  EXPECT_EQ(prepared(""), "prepared");
  EXPECT_EQ(prepared("data"), "prepared");
  EXPECT_TRUE(std::filesystem::is_directory("data"));
  EXPECT_EQ(prepared("data"), "prepared");
  EXPECT_TRUE(std::filesystem::is_empty("data"));
  struct stat status{};
  ASSERT_EQ(stat("data", &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0750u);
}

TEST_F(Startup, ADataDirectoryThatCannotBeUsedIsNamed) {
  write("file", "x");
  EXPECT_EQ(prepared("file"), "data_dir = file is not a directory");
  EXPECT_THAT(prepared("absent/data"), HasSubstr("data_dir = absent/data cannot be made: No such"));
  EXPECT_THAT(prepared("file/data"), HasSubstr("cannot be made: Not a directory"));
}

TEST_F(Startup, ADataDirectoryOfOthersIsRefused) {
  ASSERT_EQ(mkdir("closed", 0555), 0);
  ASSERT_EQ(chmod(".", 0755), 0);
  const pid_t child = fork();  // Which stops being root, for whom everything is writable.
  ASSERT_GE(child, 0);
  if (child == 0) {
    constexpr uid_t nobody = 65'534;
    const bool root = geteuid() == 0;
    if (root && setuid(nobody) != 0) _exit(2);
    _exit(prepared("closed").starts_with("data_dir = closed is not writable by this user") ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(Startup, TokenKeysComeFromTheSecretAndTheFile) {
  write("key.pem", "-----BEGIN PUBLIC KEY-----\n");
  Config config;
  EXPECT_TRUE(load_token_keys(config)->empty());
  config.jwt_secret = "secret";
  config.jwt_public_key_file = "key.pem";
  const Result<std::vector<services::TokenKey>> keys = load_token_keys(config);
  ASSERT_TRUE(keys.has_value()) << keys.error().message;
  ASSERT_EQ(keys->size(), 2u);
  EXPECT_EQ((*keys)[0].algorithm, services::TokenAlgorithm::hs256);
  EXPECT_EQ((*keys)[0].key, "secret");
  EXPECT_EQ((*keys)[1].algorithm, services::TokenAlgorithm::rs256);
  EXPECT_EQ((*keys)[1].key, "-----BEGIN PUBLIC KEY-----\n");
}

TEST_F(Startup, AKeyFileThatCannotBeReadIsNamed) {
  const auto loaded_keys = [](const std::string& path) {
    Config config;
    config.jwt_public_key_file = path;
    const Result<std::vector<services::TokenKey>> keys = load_token_keys(config);
    return keys ? "loaded" : keys.error().message;
  };
  const std::string option = "auth.jwt_public_key_file = ";
  EXPECT_EQ(loaded_keys("absent"), option + "absent cannot be read: No such file or directory");
  EXPECT_EQ(loaded_keys("."), option + ". cannot be read: Is a directory");
  write("large", std::string((1 << 20) + 1, 'x'));
  EXPECT_EQ(loaded_keys("large"), option + "large cannot be read: File too large");
}

}  // namespace
}  // namespace parley::server
