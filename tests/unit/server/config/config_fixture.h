// Runs load_options() in an empty working directory of its own.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "server/config/config.h"

namespace parley::server {

class ConfigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "parley_config_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
    before_ = std::filesystem::current_path();
    std::filesystem::current_path(directory_);
  }

  void TearDown() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(directory_);
  }

  static void write(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }

  static std::expected<Options, Exit> load(const std::vector<std::string>& arguments,
                                           const std::vector<std::string>& environment) {
    std::vector<const char*> argv{"/usr/bin/parleyd"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    std::vector<const char*> envp;
    for (const std::string& variable : environment) envp.push_back(variable.c_str());
    envp.push_back(nullptr);
    return load_options(static_cast<int>(argv.size()), argv.data(), envp.data());
  }

  // REQUIRES: the configuration is right; otherwise the test fails and defaults are returned.
  static Options loaded(const std::vector<std::string>& arguments,
                        const std::vector<std::string>& environment) {
    std::expected<Options, Exit> options = load(arguments, environment);
    EXPECT_TRUE(options.has_value()) << options.error().text;
    return options.value_or(Options{});
  }

  static Config config(const std::vector<std::string>& arguments,
                       const std::vector<std::string>& environment) {
    return loaded(arguments, environment).config;
  }

  // "CODE text", or "accepted".
  static std::string refusal(const std::vector<std::string>& arguments,
                             const std::vector<std::string>& environment) {
    const std::expected<Options, Exit> options = load(arguments, environment);
    if (options) return "accepted";
    return std::to_string(options.error().code) + " " + options.error().text;
  }

  static std::string refused_file(const std::string& toml) {
    write("x.toml", toml);
    return refusal({"--config", "x.toml"}, {});
  }

  // "value # origin" of one entry.
  static std::string entry(const Options& options, const std::string& key) {
    for (const ConfigEntry& candidate : options.entries) {
      if (candidate.key == key) return candidate.value + " # " + candidate.origin;
    }
    return "no such entry";
  }

  std::filesystem::path directory_;
  std::filesystem::path before_;
};

}  // namespace parley::server
