// Plans in files: every error names the file and the line.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "loadgen/plan/plan_options.h"

namespace parley::loadgen {
namespace {

class PlanFile : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  Result<PlanTexts> read(std::string_view text) {
    std::ofstream(path_) << text;
    return read_plan(path_);
  }

  std::string error_of(std::string_view text) {
    const Result<PlanTexts> texts = read(text);
    return texts ? "good" : texts.error().message;
  }

  const std::string path_ =
      testing::TempDir() + "parley_plan_" + std::to_string(getpid()) + ".toml";
};

TEST_F(PlanFile, EveryKindOfValueIsRead) {
  const Result<PlanTexts> texts = read(R"(
    title = "A title"
    criteria = ["loss == 0", "p99 < 5ms"]
    [target]
    urls = ["ws://127.0.0.1:1/", "ws://127.0.0.1:2/"]
    binary = true
    [connections]
    count = 5000
    ramp = "1k/s"
    [slow]
    share = 0.05
    [storm]
    share = 0.00001
    [client]
    cores = [1, 2]
  )");
  ASSERT_TRUE(texts) << texts.error().message;
  const PlanTexts expected{{"title", "A title"},
                           {"criteria", "loss == 0,p99 < 5ms"},
                           {"target.urls", "ws://127.0.0.1:1/,ws://127.0.0.1:2/"},
                           {"target.binary", "true"},
                           {"connections.count", "5000"},
                           {"connections.ramp", "1k/s"},
                           {"slow.share", "0.05"},
                           {"storm.share", "0.00001"},
                           {"client.cores", "1,2"}};
  EXPECT_EQ(*texts, expected);
  PlanTexts effective;
  EXPECT_TRUE(make_plan(*texts, effective));
}

TEST_F(PlanFile, AnEmptyOneHasNoTexts) {
  EXPECT_TRUE(read("")->empty());
  EXPECT_TRUE(read("# nothing\n[rooms]\n")->empty());
}

TEST_F(PlanFile, AnUnknownKeyNamesItsLine) {
  EXPECT_EQ(error_of("[rooms]\nmembers = 5\nsize = 7\n"),
            path_ + ":3: rooms.size is not an option of a plan");
  EXPECT_EQ(error_of("[room]\nmembers = 5\n"),
            path_ + ":2: room.members is not an option of a plan");
  EXPECT_EQ(error_of("members = 5\n"), path_ + ":1: members is not an option of a plan");
}

TEST_F(PlanFile, AValueThatTheOptionRefusesNamesItsLine) {
  const std::string error = error_of("[rooms]\n\nmembers = \"many\"\n");
  EXPECT_TRUE(error.starts_with(path_ + ":3: rooms.members = many must be")) << error;
  EXPECT_TRUE(error_of("[rooms]\nmembers = 1.5\n").starts_with(path_ + ":2: "));
  EXPECT_TRUE(error_of("[rooms]\nmembers = -1\n").starts_with(path_ + ":2: "));
  EXPECT_TRUE(error_of("\n[rooms]\nmembers = true\n").starts_with(path_ + ":3: "));
  EXPECT_TRUE(error_of("[client]\nlag_max = 5\n").starts_with(path_ + ":2: "));
  EXPECT_TRUE(error_of("[target]\nbinary = 1\n").starts_with(path_ + ":2: "));
}

TEST_F(PlanFile, AValueOfNoKindThatOptionsHaveNamesItsLine) {
  EXPECT_EQ(error_of("[rooms]\nmembers = 1979-05-27\n"),
            path_ + ":2: rooms.members must be a text, a number or a list");
  EXPECT_EQ(error_of("title = [[1], [2]]\n"),
            path_ + ":1: title must be a text, a number or a list");
  EXPECT_EQ(error_of("title = [{a = 1}]\n"),
            path_ + ":1: title must be a text, a number or a list");
}

TEST_F(PlanFile, WhatIsNoTomlNamesItsLine) {
  EXPECT_TRUE(error_of("[rooms]\nmembers = \n").starts_with(path_ + ":2: "));
  EXPECT_TRUE(error_of("[rooms\n").starts_with(path_ + ":1: "));
  EXPECT_TRUE(error_of("[rooms]\nmembers = 1\nmembers = 2\n").starts_with(path_ + ":3: "));
}

TEST_F(PlanFile, ThatIsNotThereIsNamed) {
  const Result<PlanTexts> texts = read_plan("/nowhere/plan.toml");
  ASSERT_FALSE(texts);
  EXPECT_TRUE(texts.error().message.starts_with("/nowhere/plan.toml: ")) << texts.error().message;
  EXPECT_EQ(texts.error().message.find('\n'), std::string::npos);
}

TEST_F(PlanFile, AFolderIsNone) {
  const Result<PlanTexts> texts = read_plan(testing::TempDir());
  ASSERT_FALSE(texts);
  EXPECT_EQ(texts.error().message, testing::TempDir() + ": it is a directory");
}

TEST(ReadyMadePlans, AreAllGood) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(PARLEY_PLANS)) {
    if (entry.path().extension() != ".toml") continue;
    const Result<PlanTexts> texts = read_plan(entry.path());
    ASSERT_TRUE(texts) << texts.error().message;
    EXPECT_TRUE(texts->contains("title")) << entry.path();
    PlanTexts effective;
    const Result<Plan> plan = make_plan(*texts, effective);
    EXPECT_TRUE(plan) << entry.path() << ": " << plan.error().message;
    count += 1;
  }
  EXPECT_GE(count, 13u);
}

}  // namespace
}  // namespace parley::loadgen
