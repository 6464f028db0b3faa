#include "loadgen/cli/plan_of.h"

#include <sys/random.h>

#include <set>

#include "core/base/check.h"
#include "loadgen/cli/commands.h"
#include "loadgen/run/agents.h"
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

namespace {

// What chance decides in a run, and the number in its stamps.
struct Lot {
  std::uint64_t seed;
  std::uint32_t run;
  std::uint64_t workers_seed;
};

Lot draw(const Plan& plan) {
  const std::uint64_t seed = plan.seed != 0 ? plan.seed : new_seed();
  std::uint64_t random = seed;
  const auto run = static_cast<std::uint32_t>(next_random(random) % run_max);
  return {.seed = seed, .run = run, .workers_seed = random};
}

Result<RunReport> lead(Crew& crew, const PlanOf& plan, const Lot& lot, std::uint32_t server_pid,
                       double cores, std::size_t machines, Watcher& watcher) {
  // The plan's list is of each machine; a core that stands in it twice is one all the same.
  const std::set<std::uint32_t> listed(plan.plan.cores.begin(), plan.plan.cores.end());
  if (!listed.empty()) cores = static_cast<double>(listed.size() * machines);
  return conduct(crew,
                 {.plan = plan.plan,
                  .texts = plan.texts,
                  .run = lot.run,
                  .seed = lot.seed,
                  .server_pid = server_pid,
                  .cores = cores},
                 watcher);
}

}  // namespace

Result<RunReport> run_here(const PlanOf& plan, std::uint32_t server_pid, Watcher& watcher) {
  const std::uint32_t connections_max = LocalCrew::connections_max();
  const std::uint32_t workers =
      plan.plan.workers != 0 ? plan.plan.workers : workers_needed(plan.plan, connections_max);
  Result<std::vector<WorkerShare>> shares = deal(plan.plan, workers, connections_max);
  if (!shares) return std::unexpected(shares.error());
  const Lot lot = draw(plan.plan);
  Result<std::unique_ptr<LocalCrew>> crew = LocalCrew::start(
      {.plan = plan.plan, .shares = std::move(*shares), .run = lot.run, .seed = lot.workers_seed});
  if (!crew) return std::unexpected(crew.error());
  return lead(**crew, plan, lot, server_pid, usable_cores(), 1, watcher);
}

Result<RunReport> run_there(const PlanOf& plan, const std::vector<std::string>& agents,
                            std::uint32_t server_pid, Watcher& watcher,
                            std::vector<AgentFacts>& facts) {
  const Lot lot = draw(plan.plan);
  Result<std::unique_ptr<RemoteCrew>> crew = RemoteCrew::start(
      agents, {.plan = plan.plan, .texts = plan.texts, .run = lot.run, .seed = lot.workers_seed});
  if (!crew) return std::unexpected(crew.error());
  Result<RunReport> report =
      lead(**crew, plan, lot, server_pid, (*crew)->cores(), agents.size(), watcher);
  facts = (*crew)->facts();
  return report;
}

Heading heading_of(const Arguments& arguments) {
  return {.command = arguments.words, .host = host_facts(), .agents = {}};
}

int exit_code_of(const Verdict& verdict) {
  if (verdict.good()) return exit_good;
  // A fault is one, however busy the generator was.
  return verdict.says_nothing() ? exit_invalid : exit_not_good;
}

}  // namespace parley::loadgen
