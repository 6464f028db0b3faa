// What `parley-load` was asked to do.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "loadgen/plan/plan_options.h"

namespace parley::loadgen {

enum class Command : std::uint8_t { run, plan, capacity, compare, agent };

struct Arguments {
  Command command{};
  std::string plan_file;  // Empty: defaults and flags alone.
  PlanTexts texts;        // Of the flags: over those of the file.
  std::string json_file;
  std::string html_file;
  std::uint32_t server_pid = 0;
  bool quiet = false;
  std::vector<std::string> agents;  // run: "host:port" of each.

  // capacity
  std::string vary = "rate";
  double least = 0;  // 0: that of the plan.
  double precision = 0.05;
  std::uint32_t confirm = 2;
  std::string server_command;  // Started anew for each try; empty: the server is there.

  // compare
  std::string command_a;
  std::string command_b;
  std::uint32_t pairs = 7;

  // agent
  std::string listen = "127.0.0.1:7070";

  std::vector<std::string> words;  // All of it, for the report.
};

// What to do instead: --help and --version (code 0), or a usage error (code 2).
struct Exit {
  int code{};
  std::string text;
};

[[nodiscard]] std::expected<Arguments, Exit> read_arguments(int argc, const char* const* argv);

}  // namespace parley::loadgen
