#include "loadgen/run/agents.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <deque>
#include <exception>
#include <nlohmann/json.hpp>

#include "core/base/types.h"
#include "loadgen/engine/shares.h"
#include "loadgen/plan/units.h"
#include "loadgen/run/clock.h"
#include "loadgen/run/local_crew.h"
#include "loadgen/run/results_wire.h"
#include "loadgen/truth/stamp.h"

namespace parley::loadgen {

namespace {

using Json = nlohmann::json;

constexpr Duration answer_timeout = seconds(10);
constexpr Duration results_timeout = seconds(60);
constexpr std::size_t clock_exchanges = 20;  // Those that count.
// Of all machines together, so that a question cannot ask for a table that fills the memory.
constexpr std::uint32_t workers_of_run_max = 65'536;
// Changes with the questions and answers: both sides must speak the same.
constexpr std::string_view wire_protocol = "parley-load/2";

// Asks and takes the answer, which is an error when it says so.
Result<Json> ask(Wire& wire, const Json& question, Duration timeout = answer_timeout) {
  const Result<void> sent = wire.send(question);
  if (!sent) return std::unexpected(sent.error());
  Result<Json> answer = wire.receive(timeout);
  if (!answer) return answer;
  const auto error = answer->find("error");
  if (error == answer->end()) return answer;
  return failure(error->is_string() ? printable(error->get<std::string>()) : error->dump());
}

// Reads an answer: whatever is missing in it or of another kind makes nlohmann::json throw, and
// none of that gets out.
template <class Read>
Result<void> read_answer(Read read) {
  try {
    read();
    return {};
  } catch (const Json::exception& error) {
    return failure(std::string("it says what cannot be understood: ") + error.what());
  }
}

// A number that is none, or out of range, is 0: nlohmann::json would convert it silently.
std::uint32_t count_of(const Json& object, const char* name) {
  const Json& value = object.at(name);
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > UINT32_MAX) return 0;
  return value.get<std::uint32_t>();
}

std::string own_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "?";
}

}  // namespace

struct RemoteCrew::Agent {
  struct Exchange {
    Duration offset;  // Its clock less ours.
    Duration round_trip;
  };

  std::string address;
  std::unique_ptr<Wire> wire;
  std::string name;
  HostFacts host;
  std::uint32_t connections_max{};
  std::uint32_t workers = 0;
  std::deque<Exchange> exchanges;  // The last ones.
  Exchange at_load{};              // What the load went by.
  Duration drift;

  [[nodiscard]] Error blame(const Error& error) const {
    return {"agent " + address + ": " + error.message};
  }
  [[nodiscard]] Result<void> say_hello();
  [[nodiscard]] Result<void> compare_clocks();
  [[nodiscard]] Result<void> compare_clocks_anew();
  // REQUIRES: they were compared.
  [[nodiscard]] Exchange best_exchange() const {
    return *std::ranges::min_element(exchanges, {}, &Exchange::round_trip);
  }
};

Result<void> RemoteCrew::Agent::say_hello() {
  const Result<Json> hello = ask(*wire, {{"do", "hello"}, {"protocol", wire_protocol}});
  if (!hello) return std::unexpected(hello.error());
  std::string protocol;
  Result<HostFacts> facts;
  const Result<void> read = read_answer([&] {
    protocol = hello->value("protocol", "an older protocol");
    if (protocol != wire_protocol) return;
    name = printable(hello->at("name").get<std::string>());
    facts = host_from_wire(hello->at("host"));
    connections_max = count_of(*hello, "connections_max");
  });
  if (!read) return read;
  if (protocol != wire_protocol) {
    return failure("it speaks " + printable(protocol) + ", and this is " +
                   std::string(wire_protocol) + ": use the same version on all machines");
  }
  if (!facts) return std::unexpected(facts.error());
  host = std::move(*facts);
  if (connections_max == 0) return failure("it can connect nothing: raise its limit of open files");
  return {};
}

Result<void> RemoteCrew::Agent::compare_clocks() {
  const Instant before = monotonic_now();
  const Result<Json> clock = ask(*wire, {{"do", "clock"}});
  const Instant after = monotonic_now();
  if (!clock) return std::unexpected(clock.error());
  return read_answer([&] {
    const auto theirs = clock->at("now_ns").get<std::int64_t>();
    const Duration round_trip = after - before;
    exchanges.push_back(
        {.offset = {theirs - (before.ns + round_trip.ns / 2)}, .round_trip = round_trip});
    if (exchanges.size() > clock_exchanges) exchanges.pop_front();
  });
}

Result<void> RemoteCrew::Agent::compare_clocks_anew() {
  exchanges.clear();
  for (std::size_t i = 0; i < clock_exchanges; ++i) {
    const Result<void> compared = compare_clocks();
    if (!compared) return compared;
  }
  return {};
}

RemoteCrew::~RemoteCrew() = default;

Result<void> RemoteCrew::meet(const std::string& address) {
  Result<std::unique_ptr<Wire>> wire = Wire::connect(address);
  if (!wire) return std::unexpected(wire.error());
  auto agent = std::make_unique<Agent>();
  agent->address = address;
  agent->wire = std::move(*wire);
  Result<void> met = agent->say_hello();
  if (met) met = agent->compare_clocks_anew();
  if (!met) return std::unexpected(agent->blame(met.error()));
  cores_ += agent->host.cores;
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
  const std::uint32_t each = (workers - 1) / count + 1;
  if (each > workers_max || each > workers_of_run_max / count) {
    return failure("each agent would need " + std::to_string(each) + " workers, and has at most " +
                   std::to_string(workers_max) +
                   ": raise the limit of open files there, or use more agents");
  }
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
    if (std::ranges::count(agents, address) > 1) {
      return failure("agent " + address + ": it is named twice, and serves one run at a time");
    }
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
    const Result<void> compared = agent->compare_clocks();
    if (!compared) return std::unexpected(agent->blame(compared.error()));
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
    agent->at_load = agent->best_exchange();
    const Instant theirs = epoch + agent->at_load.offset;
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
    const auto counts = stopped->find("sent");
    const Result<SentCounts> sent =
        sent_from_wire(counts == stopped->end() ? Json::array() : *counts);
    if (!sent) return std::unexpected(agent->blame(sent.error()));
    add_sent(*sent, sent_by_all);
  }
  Results all;
  for (const auto& agent : agents_) {
    const Result<void> compared = agent->compare_clocks_anew();
    if (!compared) return std::unexpected(agent->blame(compared.error()));
    agent->drift = agent->best_exchange().offset - agent->at_load.offset;
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
                     .offset = agent->at_load.offset,
                     .round_trip = agent->at_load.round_trip,
                     .drift = agent->drift,
                     .host = agent->host});
  }
  return facts;
}

namespace {

// The agent's half: one conductor, one run.
class Hands {
 public:
  // The answer to one question. What is missing in a question, or of another kind, makes
  // nlohmann::json throw, and what is too large the allocator: both are the asker's mistakes.
  [[nodiscard]] Json answer(const Json& question) {
    try {
      return act(question);
    } catch (const std::exception& error) {
      return refusal(std::string("a question that cannot be understood: ") + error.what());
    }
  }

  [[nodiscard]] std::optional<Counters> counted() const { return counted_; }
  // From the first look until the stop the conductor looks several times a second.
  [[nodiscard]] bool is_looked_at() const { return looked_at_ && stage_ < Stage::stopped; }

 private:
  enum class Stage : std::uint8_t { nothing, connecting, loading, draining, stopped, counted };

  [[nodiscard]] static Json refusal(const std::string& why) { return {{"error", why}}; }
  [[nodiscard]] Json act(const Json& question);
  [[nodiscard]] Json hello(const Json& question);
  [[nodiscard]] Json start(const Json& question);
  [[nodiscard]] Json load(const Json& question);
  [[nodiscard]] Json drain();
  [[nodiscard]] Json results(const Json& question);

  bool greeted_ = false;
  bool looked_at_ = false;
  Stage stage_ = Stage::nothing;
  std::unique_ptr<LocalCrew> crew_;
  std::optional<Counters> counted_;
};

Json Hands::act(const Json& question) {
  const std::string what = question.at("do").get<std::string>();
  if (what == "hello") return hello(question);
  if (what == "clock") return {{"now_ns", monotonic_now().ns}};
  if (what == "start") return start(question);
  if (crew_ == nullptr) return refusal("nothing was started");
  if (what == "look") {
    looked_at_ = true;
    const Result<Glance> glance = crew_->look();
    return glance ? to_wire(*glance) : refusal(glance.error().message);
  }
  if (what == "load") return load(question);
  if (what == "drain") return drain();
  if (what == "stop") {
    if (stage_ >= Stage::stopped) return refusal("it was stopped before");
    stage_ = Stage::stopped;
    return {{"sent", to_wire(crew_->stop())}};
  }
  if (what == "results") return results(question);
  return refusal("no such question");
}

Json Hands::hello(const Json& question) {
  const std::string protocol = question.value("protocol", "an older protocol");
  if (protocol != wire_protocol) {
    return refusal("the conductor speaks " + protocol + ", and this agent " +
                   std::string(wire_protocol) + ": use the same version on all machines");
  }
  greeted_ = true;
  return {{"protocol", wire_protocol},
          {"name", own_name()},
          {"host", to_wire(host_facts())},
          {"connections_max", LocalCrew::connections_max()}};
}

Json Hands::start(const Json& question) {
  if (!greeted_) return refusal("hello comes first");
  if (crew_ != nullptr) return refusal("a run is under way");
  const Json& first_said = question.at("first");
  const std::uint32_t first = count_of(question, "first");
  const std::uint32_t workers = count_of(question, "workers");
  const std::uint32_t of = count_of(question, "of");
  if ((first == 0 && first_said != 0) || of > workers_of_run_max || first >= of || workers == 0 ||
      workers > workers_max || workers > of - first) {
    return refusal("a share that does not exist");
  }
  const std::uint32_t connections_max = count_of(question, "connections_max");
  if (connections_max == 0 || connections_max > LocalCrew::connections_max()) {
    return refusal("more connections to a worker than this machine allows");
  }
  const auto run = question.at("run").get<std::uint32_t>();
  if (run >= run_max) return refusal("a run that does not exist");
  PlanTexts effective;
  Result<Plan> plan = make_plan(question.at("plan").get<PlanTexts>(), effective);
  if (!plan) return refusal(plan.error().message);
  Result<std::vector<WorkerShare>> shares = deal(*plan, of, connections_max);
  if (!shares) return refusal(shares.error().message);
  shares->erase(shares->begin() + first + workers, shares->end());
  shares->erase(shares->begin(), shares->begin() + first);
  Result<std::unique_ptr<LocalCrew>> crew =
      LocalCrew::start({.plan = std::move(*plan),
                        .shares = std::move(*shares),
                        .run = run,
                        .seed = question.at("seed").get<std::uint64_t>()});
  if (!crew) return refusal(crew.error().message);
  crew_ = std::move(*crew);
  stage_ = Stage::connecting;
  return Json::object();
}

Json Hands::load(const Json& question) {
  // An open loop makes up for all that was due since the epoch.
  constexpr Duration ahead_max = seconds(60);
  constexpr Duration behind_max = seconds(10);
  if (stage_ != Stage::connecting) return refusal("the load has begun before");
  const Instant epoch{question.at("epoch_ns").get<std::int64_t>()};
  const Instant now = monotonic_now();
  if (epoch + behind_max < now || epoch > now + ahead_max) return refusal("an epoch far from now");
  const Result<void> begun = crew_->begin_load(epoch);
  if (!begun) return refusal(begun.error().message);
  stage_ = Stage::loading;
  return Json::object();
}

Json Hands::drain() {
  if (stage_ != Stage::loading) return refusal("there is no load under way");
  const Result<void> begun = crew_->begin_drain();
  if (!begun) return refusal(begun.error().message);
  stage_ = Stage::draining;
  return Json::object();
}

Json Hands::results(const Json& question) {
  if (stage_ != Stage::stopped) return refusal("results come once, after the stop");
  const Result<SentCounts> sent = sent_from_wire(question.at("sent"));
  if (!sent) return refusal(sent.error().message);
  const Result<Results> results = crew_->results(*sent);
  if (!results) return refusal(results.error().message);
  stage_ = Stage::counted;
  counted_ = results->total;
  return to_wire(*results);
}

}  // namespace

std::optional<Counters> serve_conductor(Wire& wire, const StopWanted& stop_wanted) {
  // Before the first look and after the stop a conductor may be busy with another agent, as long
  // as that may take.
  constexpr Duration silence_max = seconds(10);
  constexpr Duration silence_between_max = results_timeout + seconds(10);
  Hands hands;
  while (true) {
    const Result<Json> question =
        wire.receive(hands.is_looked_at() ? silence_max : silence_between_max, stop_wanted);
    if (!question) return hands.counted();
    const Result<void> sent = wire.send(hands.answer(*question));
    if (!sent) return hands.counted();
  }
}

}  // namespace parley::loadgen
