#include "loadgen/cli/plan_of.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/base/check.h"
#include "loadgen/cli/commands.h"
#include "loadgen/run/local_crew.h"
#include "loadgen/truth/random.h"

namespace parley::loadgen {

namespace {

std::uint64_t new_seed() {
  std::uint64_t seed = 0;
  CHECK(getrandom(&seed, sizeof seed, 0) == sizeof seed);
  // As people write it: a number that is not too long, and not 0.
  return seed % 1'000'000'000 + 1;
}

Result<void> write_file(const std::string& path, const std::string& text) {
  std::FILE* file = std::fopen(path.c_str(), "we");
  const bool written =
      file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const bool closed = file != nullptr && std::fclose(file) == 0;
  if (!written || !closed) return failure("cannot write " + path + ": " + std::strerror(errno));
  return {};
}

}  // namespace

Result<PlanOf> plan_of(const Arguments& arguments, const PlanTexts& over) {
  PlanTexts texts;
  if (!arguments.plan_file.empty()) {
    Result<PlanTexts> file = read_plan(arguments.plan_file);
    if (!file) return std::unexpected(file.error());
    texts = std::move(*file);
  }
  for (const auto& [key, text] : arguments.texts) texts[key] = text;
  for (const auto& [key, text] : over) texts[key] = text;
  PlanOf made;
  Result<Plan> plan = make_plan(texts, made.texts);
  if (!plan) return std::unexpected(plan.error());
  made.plan = std::move(*plan);
  return made;
}

Result<RunReport> run_here(const PlanOf& plan, std::uint32_t server_pid, Watcher& watcher) {
  const std::uint32_t connections_max = LocalCrew::connections_max();
  const std::uint32_t workers =
      plan.plan.workers != 0 ? plan.plan.workers : workers_needed(plan.plan, connections_max);
  Result<std::vector<WorkerShare>> shares = deal(plan.plan, workers, connections_max);
  if (!shares) return std::unexpected(shares.error());
  const std::uint64_t seed = plan.plan.seed != 0 ? plan.plan.seed : new_seed();
  std::uint64_t random = seed;
  const auto run = static_cast<std::uint32_t>(next_random(random) % run_max);
  Result<std::unique_ptr<LocalCrew>> crew = LocalCrew::start(
      {.plan = plan.plan, .shares = std::move(*shares), .run = run, .seed = random});
  if (!crew) return std::unexpected(crew.error());
  return conduct(
      **crew,
      {.plan = plan.plan, .texts = plan.texts, .run = run, .seed = seed, .server_pid = server_pid},
      watcher);
}

Heading heading_of(const Arguments& arguments) {
  return {.command = arguments.words, .host = host_facts(), .agents = {}};
}

Result<void> write_reports(const Arguments& arguments, const std::string& json) {
  if (!arguments.json_file.empty()) {
    const Result<void> written = write_file(arguments.json_file, json);
    if (!written) return written;
  }
  return {};
}

int exit_code_of(const Verdict& verdict) {
  if (verdict.good()) return exit_good;
  return verdict.valid() ? exit_not_good : exit_invalid;
}

}  // namespace parley::loadgen
