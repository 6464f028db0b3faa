// The option table against itself and against what is written about it.
#include "server/config/option.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "server/config/describe.h"
#include "server/config/profile.h"

namespace parley::server {
namespace {

using ::testing::HasSubstr;

TEST(OptionTable, NamesAreUniqueAndOfOneForm) {
  std::set<std::string_view> keys;
  std::set<std::string_view> names;
  for (const Option& option : all_options()) {
    EXPECT_TRUE(keys.insert(option.key).second) << option.key;
    EXPECT_TRUE(names.insert(option.name).second) << option.name;
    EXPECT_THAT(std::string(option.key), ::testing::MatchesRegex("([a-z]+[.])?[a-z_]+"));
    EXPECT_THAT(std::string(option.name), ::testing::MatchesRegex("[a-z_]+"));
    EXPECT_TRUE(option.description.ends_with('.')) << option.key;
    EXPECT_FALSE(option.argument.empty()) << option.key;
  }
}

TEST(OptionTable, EveryDefaultIsAValueThatCouldBeSet) {
  const Config defaults;
  for (const Option& option : all_options()) {
    Config config;
    const std::string text = value_text(option, defaults);
    const Result<void> set = set_option(option, text, config);
    EXPECT_TRUE(set.has_value()) << option.key << " = " << text << " " << set.error().message;
    EXPECT_EQ(value_text(option, config), text) << option.key;
  }
}

TEST(OptionTable, NumbersAreTakenAtTheirBoundsAndNotBeyond) {
  for (const Option& option : all_options()) {
    if (option.max == 0) continue;
    Config config;
    EXPECT_TRUE(set_option(option, std::to_string(option.min), config)) << option.key;
    EXPECT_TRUE(set_option(option, std::to_string(option.max), config)) << option.key;
    EXPECT_EQ(value_text(option, config), std::to_string(option.max)) << option.key;
    EXPECT_FALSE(set_option(option, std::to_string(option.max + 1), config)) << option.key;
    if (option.min == 0) continue;
    EXPECT_FALSE(set_option(option, std::to_string(option.min - 1), config)) << option.key;
  }
}

TEST(OptionTable, EveryChoiceIsTakenAndReadBack) {
  for (const Option& option : all_options()) {
    for (const std::string_view choice : option.choices) {
      Config config;
      EXPECT_TRUE(set_option(option, choice, config)) << option.key << " " << choice;
      EXPECT_EQ(value_text(option, config), choice);
    }
  }
}

TEST(OptionTable, ProfilesSetOptionsToValuesTheyTake) {
  for (const Profile& profile : all_profiles()) {
    for (const ProfileSetting& setting : profile.settings) {
      const Option* option = find_option(setting.key);
      ASSERT_NE(option, nullptr) << setting.key;
      Config config;
      EXPECT_TRUE(set_option(*option, setting.text, config)) << setting.key;
    }
  }
}

TEST(OptionTable, TheHelpNamesEveryFlagAndFits100Columns) {
  const std::string help = help_text("parleyd");
  for (const Option& option : all_options()) {
    EXPECT_THAT(help, HasSubstr("  " + flag_of(option) + " " + std::string(option.argument)));
  }
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
}

TEST(OptionTable, TheDocumentationHoldsTheTable) {
  std::ifstream file(PARLEY_CONFIGURATION_MD);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(text.str().ends_with("\n\n" + options_markdown()))
      << "docs/configuration.md must end with the output of: parleyctl options";
}

TEST(Suggestion, NamesTheNearestIfItIsNear) {
  const std::vector<std::string> candidates{"listen.port", "listen.host", "log.level"};
  EXPECT_EQ(suggestion("listen.prot", candidates), " (did you mean listen.port?)");
  EXPECT_EQ(suggestion("lgo.levl", candidates), "");
  EXPECT_EQ(suggestion("log.levle", candidates), " (did you mean log.level?)");
  EXPECT_EQ(suggestion("something else", candidates), "");
  EXPECT_EQ(suggestion(std::string(100'000, 'x'), candidates), "");
}

}  // namespace
}  // namespace parley::server
