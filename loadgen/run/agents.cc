#include "loadgen/run/agents.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "loadgen/engine/shares.h"
#include "loadgen/run/clock.h"
#include "loadgen/run/local_crew.h"
#include "loadgen/run/results_wire.h"

namespace parley::loadgen {

namespace {

using Json = nlohmann::json;

constexpr Duration answer_timeout = seconds(10);
constexpr Duration results_timeout = seconds(60);
constexpr int clock_exchanges = 20;
constexpr std::uint32_t agent_workers_max = 512;

// Asks and takes the answer, which is an error when it says so.
Result<Json> ask(Wire& wire, const Json& question, Duration timeout = answer_timeout) {
  const Result<void> sent = wire.send(question);
  if (!sent) return std::unexpected(sent.error());
  Result<Json> answer = wire.receive(timeout);
  if (answer && answer->contains("error")) return failure(answer->value("error", "?"));
  return answer;
}

std::string own_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "?";
}

}  // namespace

struct RemoteCrew::Agent {
  std::string address;
  std::unique_ptr<Wire> wire;
  std::string name;
  std::uint32_t cores{};
  std::uint32_t connections_max{};
  std::uint32_t workers = 0;
  Duration offset;  // Its clock less ours.
  Duration round_trip{INT64_MAX};

  [[nodiscard]] Error blame(const Error& error) const {
    return {"agent " + address + ": " + error.message};
  }
};

RemoteCrew::~RemoteCrew() = default;

Result<void> RemoteCrew::meet(const std::string& address) {
  Result<std::unique_ptr<Wire>> wire = Wire::connect(address);
  if (!wire) return std::unexpected(wire.error());
  auto agent = std::make_unique<Agent>();
  agent->address = address;
  agent->wire = std::move(*wire);
  const Result<Json> hello = ask(*agent->wire, {{"do", "hello"}});
  if (!hello) return std::unexpected(agent->blame(hello.error()));
  agent->name = hello->value("name", "?");
  agent->cores = hello->value("cores", 1u);
  agent->connections_max = hello->value("connections_max", 0u);
  if (agent->connections_max == 0) return std::unexpected(agent->blame({"it can connect nothing"}));
  for (int i = 0; i < clock_exchanges; ++i) {
    const Instant before = monotonic_now();
    const Result<Json> clock = ask(*agent->wire, {{"do", "clock"}});
    const Instant after = monotonic_now();
    if (!clock) return std::unexpected(agent->blame(clock.error()));
    if (after - before >= agent->round_trip) continue;
    agent->round_trip = after - before;
    const std::int64_t middle = before.ns + agent->round_trip.ns / 2;
    agent->offset = {clock->value("now_ns", std::int64_t{0}) - middle};
  }
  cores_ += agent->cores;
  agents_.push_back(std::move(agent));
  return {};
}

Result<void> RemoteCrew::give_work(const Order& order) {
  std::uint32_t connections_max = UINT32_MAX;
  for (const auto& agent : agents_) {
    connections_max = std::min(connections_max, agent->connections_max);
  }
  const auto count = static_cast<std::uint32_t>(agents_.size());
  std::uint32_t workers = order.plan.workers * count;  // The plan's number is of each machine.
  if (workers == 0) workers = std::max(workers_needed(order.plan, connections_max), count);
  const std::uint32_t each = (workers + count - 1) / count;
  const Result<std::vector<WorkerShare>> shares =
      deal(order.plan, each * count, connections_max);  // A plan that cannot be dealt is told here.
  if (!shares) return std::unexpected(shares.error());
  std::uint32_t first = 0;
  for (const auto& agent : agents_) {
    agent->workers = each;
    const Result<Json> started = ask(*agent->wire,
                                     {{"do", "start"},
                                      {"plan", order.texts},
                                      {"first", first},
                                      {"workers", each},
                                      {"of", each * count},
                                      {"connections_max", connections_max},
                                      {"run", order.run},
                                      {"seed", order.seed + first}},
                                     results_timeout);
    if (!started) return std::unexpected(agent->blame(started.error()));
    first += each;
  }
  return {};
}

Result<std::unique_ptr<RemoteCrew>> RemoteCrew::start(const std::vector<std::string>& agents,
                                                      const Order& order) {
  std::unique_ptr<RemoteCrew> crew(new RemoteCrew);
  for (const std::string& address : agents) {
    const Result<void> met = crew->meet(address);
    if (!met) return std::unexpected(met.error());
  }
  const Result<void> given = crew->give_work(order);
  if (!given) return std::unexpected(given.error());
  return crew;
}

Result<Glance> RemoteCrew::look() {
  Glance all;
  for (const auto& agent : agents_) {
    const Result<Json> answer = ask(*agent->wire, {{"do", "look"}});
    if (!answer) return std::unexpected(agent->blame(answer.error()));
    const Result<Glance> glance = glance_from_wire(*answer);
    if (!glance) return std::unexpected(agent->blame(glance.error()));
    all.live += glance->live;
    all.at_work = all.at_work || glance->at_work;
    all.counters.add(glance->counters);
    all.last.add(glance->last);
    for (const auto& [kind, count] : glance->errors) all.errors[kind] += count;
  }
  return all;
}

Result<void> RemoteCrew::begin_load(Instant epoch) {
  for (const auto& agent : agents_) {
    const Instant theirs = epoch + agent->offset;
    const Result<Json> begun = ask(*agent->wire, {{"do", "load"}, {"epoch_ns", theirs.ns}});
    if (!begun) return std::unexpected(agent->blame(begun.error()));
  }
  return {};
}

Result<void> RemoteCrew::begin_drain() {
  for (const auto& agent : agents_) {
    const Result<Json> begun = ask(*agent->wire, {{"do", "drain"}});
    if (!begun) return std::unexpected(agent->blame(begun.error()));
  }
  return {};
}

Result<Results> RemoteCrew::finish() {
  SentCounts sent_by_all;
  for (const auto& agent : agents_) {
    const Result<Json> stopped = ask(*agent->wire, {{"do", "stop"}}, results_timeout);
    if (!stopped) return std::unexpected(agent->blame(stopped.error()));
    const Result<SentCounts> sent = sent_from_wire(stopped->value("sent", Json::array()));
    if (!sent) return std::unexpected(agent->blame(sent.error()));
    add_sent(*sent, sent_by_all);
  }
  Results all;
  for (const auto& agent : agents_) {
    const Result<Json> answer =
        ask(*agent->wire, {{"do", "results"}, {"sent", to_wire(sent_by_all)}}, results_timeout);
    if (!answer) return std::unexpected(agent->blame(answer.error()));
    const Result<Results> results = results_from_wire(*answer);
    if (!results) return std::unexpected(agent->blame(results.error()));
    all.add(*results);
  }
  return all;
}

std::uint32_t RemoteCrew::workers() const {
  std::uint32_t workers = 0;
  for (const auto& agent : agents_) workers += agent->workers;
  return workers;
}

std::vector<AgentFacts> RemoteCrew::facts() const {
  std::vector<AgentFacts> facts;
  for (const auto& agent : agents_) {
    facts.push_back({.name = agent->name + " (" + agent->address + ")",
                     .workers = agent->workers,
                     .offset = agent->offset,
                     .round_trip = agent->round_trip});
  }
  return facts;
}

namespace {

// The agent's half: one conductor, one run.
class Hands {
 public:
  // The answer to one question. Throws nothing of its own; what is missing in a question makes
  // nlohmann::json throw, and answer() turns that into an error.
  [[nodiscard]] Json answer(const Json& question) {
    try {
      return act(question);
    } catch (const Json::exception& error) {
      return {{"error", std::string("a question that cannot be understood: ") + error.what()}};
    }
  }

  [[nodiscard]] std::optional<Counters> counted() const { return counted_; }

 private:
  [[nodiscard]] Json act(const Json& question);
  [[nodiscard]] Json start(const Json& question);

  std::unique_ptr<LocalCrew> crew_;
  std::optional<Counters> counted_;
};

Json Hands::act(const Json& question) {
  const std::string what = question.at("do").get<std::string>();
  if (what == "hello") {
    return {{"name", own_name()},
            {"cores", host_facts().cores},
            {"connections_max", LocalCrew::connections_max()}};
  }
  if (what == "clock") return {{"now_ns", monotonic_now().ns}};
  if (what == "start") return start(question);
  if (crew_ == nullptr) return {{"error", "nothing was started"}};
  if (what == "look") {
    const Result<Glance> glance = crew_->look();
    return glance ? to_wire(*glance) : Json{{"error", glance.error().message}};
  }
  Result<void> done;
  if (what == "load") {
    done = crew_->begin_load(Instant{question.at("epoch_ns").get<std::int64_t>()});
  } else if (what == "drain") {
    done = crew_->begin_drain();
  } else if (what == "stop") {
    return {{"sent", to_wire(crew_->stop())}};
  } else if (what == "results") {
    const Result<SentCounts> sent = sent_from_wire(question.at("sent"));
    if (!sent) return {{"error", sent.error().message}};
    const Results results = crew_->results(*sent);
    counted_ = results.total;
    return to_wire(results);
  } else {
    return {{"error", "no such question"}};
  }
  return done ? Json::object() : Json{{"error", done.error().message}};
}

Json Hands::start(const Json& question) {
  if (crew_ != nullptr) return {{"error", "a run is under way"}};
  const auto first = question.at("first").get<std::uint32_t>();
  const auto workers = question.at("workers").get<std::uint32_t>();
  const auto of = question.at("of").get<std::uint32_t>();
  if (workers == 0 || workers > agent_workers_max || first + workers > of) {
    return {{"error", "a share that does not exist"}};
  }
  PlanTexts effective;
  Result<Plan> plan = make_plan(question.at("plan").get<PlanTexts>(), effective);
  if (!plan) return {{"error", plan.error().message}};
  Result<std::vector<WorkerShare>> shares =
      deal(*plan, of, question.at("connections_max").get<std::uint32_t>());
  if (!shares) return {{"error", shares.error().message}};
  shares->erase(shares->begin() + first + workers, shares->end());
  shares->erase(shares->begin(), shares->begin() + first);
  Result<std::unique_ptr<LocalCrew>> crew =
      LocalCrew::start({.plan = std::move(*plan),
                        .shares = std::move(*shares),
                        .run = question.at("run").get<std::uint32_t>(),
                        .seed = question.at("seed").get<std::uint64_t>()});
  if (!crew) return {{"error", crew.error().message}};
  crew_ = std::move(*crew);
  return Json::object();
}

}  // namespace

std::optional<Counters> serve_conductor(Wire& wire) {
  // A conductor looks several times a second: one that is silent for so long has gone.
  constexpr Duration silence_max = seconds(300);
  Hands hands;
  while (true) {
    const Result<Json> question = wire.receive(silence_max);
    if (!question) return hands.counted();
    const Result<void> sent = wire.send(hands.answer(*question));
    if (!sent) return hands.counted();
  }
}

}  // namespace parley::loadgen
