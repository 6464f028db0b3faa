#include "server/log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

namespace parley::server {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class LogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "parley_log_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
    file_ = directory_ / "parley.log";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<Log> opened(LogLevel level, const char* format) {
    Result<std::unique_ptr<Log>> log =
        Log::open({.log_level = level, .log_format = format, .log_file = file_.string()});
    EXPECT_TRUE(log.has_value()) << log.error().message;
    return std::move(*log);
  }

  std::vector<std::string> lines() {
    std::ifstream file(file_);
    std::vector<std::string> all;
    for (std::string line; std::getline(file, line);) all.push_back(line);
    return all;
  }

  // What follows the time of the only line.
  std::string text_line(std::string_view event, Log::Fields fields) {
    std::filesystem::remove(file_);
    opened(LogLevel::info, "text")->info(event, fields);
    const std::vector<std::string> all = lines();
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? "" : all.front().substr(25);
  }

  std::filesystem::path directory_;
  std::filesystem::path file_;
};

TEST_F(LogTest, WritesALineOfTimeLevelEventAndFields) {
  opened(LogLevel::info, "text")
      ->warn("listening on all", {{"address", "[::]:80"},
                                  {"workers", 4},
                                  {"bytes", std::uint64_t{1} << 63},
                                  {"share", 0.5},
                                  {"pinned", true},
                                  {"offset", std::int16_t{-3}}});
  ASSERT_EQ(lines().size(), 1u);
  EXPECT_THAT(lines()[0],
              MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z warn "
                           "listening on all address=\\[::\\]:80 workers=4 "
                           "bytes=9223372036854775808 share=0.5 pinned=true offset=-3"));
}

TEST_F(LogTest, QuotesWhatIsNotOneWord) {
  EXPECT_EQ(text_line("e", {{"k", "two words"}}), "info e k=\"two words\"");
  EXPECT_EQ(text_line("e", {{"k", ""}}), "info e k=\"\"");
  EXPECT_EQ(text_line("e", {{"k", "a=b"}}), "info e k=\"a=b\"");
  EXPECT_EQ(text_line("e", {{"k", "say \"hi\"\\"}}), R"(info e k="say \"hi\"\\")");
  EXPECT_EQ(text_line("e", {{"k", std::string("\u00e9")}}), "info e k=\"\u00e9\"");
}

TEST_F(LogTest, ControlCharactersAndBrokenUtf8CannotForgeALine) {
  EXPECT_EQ(text_line("e", {{"k", "x\n2026 error forged"}}), R"(info e k="x\n2026 error forged")");
  EXPECT_EQ(text_line("a\nb", {}), "info a\\nb");
  EXPECT_EQ(text_line("e", {{"k", "\x1b[2J\x7f"}}), R"(info e k="\u001b[2J\u007f")");
  EXPECT_EQ(text_line("e", {{"k", "\xff"}}), "info e k=\"\ufffd\"");
  EXPECT_EQ(text_line("e", {{"k", std::string("a\0b", 3)}}), R"(info e k="a\u0000b")");
}

TEST_F(LogTest, PercentAndBracesAreText) {
  EXPECT_EQ(text_line("100% {} %v", {{"k", "{}%s"}}), "info 100% {} %v k={}%s");
}

TEST_F(LogTest, JsonLinesAreObjects) {
  opened(LogLevel::info, "json")
      ->error("cannot \"do\"\n", {{"text", "\xff\x7f\n\""}, {"count", -7}, {"ok", false}});
  ASSERT_EQ(lines().size(), 1u);
  const json line = json::parse(lines()[0]);
  EXPECT_THAT(line["ts"].get<std::string>(), MatchesRegex("20[0-9-]+T[0-9:.]+Z"));
  EXPECT_EQ(line["level"], "error");
  EXPECT_EQ(line["msg"], "cannot \"do\"\n");
  EXPECT_EQ(line["text"], "\ufffd\x7f\n\"");
  EXPECT_EQ(line["count"], -7);
  EXPECT_EQ(line["ok"], false);
  EXPECT_EQ(line.size(), 6u);
}

TEST_F(LogTest, WhatIsLessSevereThanTheLevelIsNotWritten) {
  const std::unique_ptr<Log> log = opened(LogLevel::warn, "text");
  log->debug("no", {});
  log->info("no");
  log->warn("yes");
  log->error("yes");
  EXPECT_EQ(lines().size(), 2u);
}

TEST_F(LogTest, OffWritesNothing) {
  opened(LogLevel::off, "text")->error("no");
  EXPECT_TRUE(lines().empty());
}

TEST_F(LogTest, LinesAreInTheFileAtOnceAndAppended) {
  const std::unique_ptr<Log> first = opened(LogLevel::info, "text");
  first->info("one");
  EXPECT_EQ(lines().size(), 1u);
  opened(LogLevel::info, "text")->info("two");
  EXPECT_EQ(lines().size(), 2u);
}

TEST_F(LogTest, LinesOfManyThreadsDoNotInterleave) {
  const std::unique_ptr<Log> log = opened(LogLevel::info, "json");
  constexpr int thread_count = 4;
  constexpr int line_count = 250;
  std::vector<std::thread> threads;
  for (int t = 0; t < thread_count; ++t) {
    threads.emplace_back([&log, t] {
      for (int i = 0; i < line_count; ++i) log->info("event", {{"thread", t}, {"i", i}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<int> next(thread_count, 0);
  for (const std::string& text : lines()) {
    const json line = json::parse(text);
    EXPECT_EQ(line["i"].get<int>(), next[line["thread"].get<std::size_t>()]++);
  }
  EXPECT_EQ(next, std::vector<int>(thread_count, line_count));
}

TEST_F(LogTest, AFileThatCannotBeOpenedIsNamed) {
  const std::string path = file_.string();
  std::ofstream(path) << "a file, not a directory";
  const Result<std::unique_ptr<Log>> log = Log::open({.log_file = path + "/x.log"});
  ASSERT_FALSE(log.has_value());
  EXPECT_THAT(log.error().message, HasSubstr("log.file = " + path + "/x.log cannot be opened: "));
}

TEST_F(LogTest, StandardErrorIsTheDefault) {
  ::testing::internal::CaptureStderr();
  const Result<std::unique_ptr<Log>> log = Log::open(Config{});
  ASSERT_TRUE(log.has_value());
  (*log)->info("hello");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("Z info hello\n"));
}

}  // namespace
}  // namespace parley::server
