#include "loadgen/run/results_wire.h"

#include <array>
#include <nlohmann/json.hpp>

#include "loadgen/plan/units.h"

namespace parley::loadgen {

namespace {

using Json = nlohmann::json;

// Counters travel as an array in this order.
constexpr std::array counter_members{
    &Counters::connects,    &Counters::disconnects,     &Counters::publications,
    &Counters::deliveries,  &Counters::slow_deliveries, &Counters::other_frames,
    &Counters::duplicates,  &Counters::reordered,       &Counters::leaks,
    &Counters::damaged,     &Counters::foreign,         &Counters::lost,
    &Counters::skipped,     &Counters::overdue,         &Counters::sends,
    &Counters::receives,    &Counters::bytes_sent,      &Counters::bytes_received,
    &Counters::bytes_unsent};
static_assert(sizeof(Counters) == counter_members.size() * sizeof(std::uint64_t),
              "Each counter is on the list.");

Json to_wire(const Counters& counters) {
  Json wire = Json::array();
  for (const auto member : counter_members) wire.push_back(counters.*member);
  return wire;
}

Counters counters_from(const Json& wire) {
  Counters counters;
  for (std::size_t i = 0; i < counter_members.size(); ++i) {
    counters.*counter_members[i] = wire.at(i).get<std::uint64_t>();
  }
  return counters;
}

Json to_wire(const Histogram& histogram) {
  Json filled = Json::array();
  for (const Histogram::Filled& entry : histogram.filled()) {
    filled.push_back({entry.bucket, entry.count});
  }
  return {{"filled", std::move(filled)},
          {"max", histogram.max().ns},
          {"clipped", histogram.clipped()},
          {"sum", histogram.sum_units()}};
}

void add_from(const Json& wire, Histogram& histogram) {
  std::vector<Histogram::Filled> filled;
  for (const Json& entry : wire.at("filled")) {
    filled.push_back({entry.at(0).get<std::uint32_t>(), entry.at(1).get<std::uint64_t>()});
  }
  const bool good = histogram.add_filled(filled, Duration{wire.at("max").get<std::int64_t>()},
                                         wire.at("clipped").get<std::uint64_t>(),
                                         wire.at("sum").get<std::uint64_t>());
  if (!good) throw std::out_of_range("a bucket that does not exist");
}

Json to_wire(const Second& second) {
  Json latency = Json::array();
  const std::span<const std::uint32_t> counts = second.latency.counts();
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] != 0) latency.push_back({i, counts[i]});
  }
  return {second.connects, second.publications, second.deliveries, second.errors,
          std::move(latency)};
}

Second second_from(const Json& wire) {
  Second second{.connects = wire.at(0).get<std::uint64_t>(),
                .publications = wire.at(1).get<std::uint64_t>(),
                .deliveries = wire.at(2).get<std::uint64_t>(),
                .errors = wire.at(3).get<std::uint64_t>(),
                .latency = {}};
  for (const Json& entry : wire.at(4)) {
    const auto bucket = entry.at(0).get<std::size_t>();
    if (bucket >= CoarseHistogram::buckets) throw std::out_of_range("a bucket that does not exist");
    second.latency.counts()[bucket] += entry.at(1).get<std::uint32_t>();
  }
  return second;
}

// An agent is a stranger, too, until its texts are printable.
std::map<std::string, std::uint64_t> errors_from(const Json& wire) {
  std::map<std::string, std::uint64_t> errors;
  for (const auto& [kind, count] : wire.get<std::map<std::string, std::uint64_t>>()) {
    errors[printable(kind)] += count;
  }
  return errors;
}

std::map<std::string, std::string> texts_from(const Json& wire) {
  std::map<std::string, std::string> texts;
  for (const auto& [name, text] : wire.get<std::map<std::string, std::string>>()) {
    texts[printable(name)] = printable(text);
  }
  return texts;
}

// Whatever is missing or of another kind makes nlohmann::json throw: none of that gets out.
template <class Value, class Read>
Result<Value> guarded(Read read) {
  try {
    return read();
  } catch (const std::exception& error) {
    return failure(std::string("it says what cannot be understood: ") + error.what());
  }
}

}  // namespace

Json to_wire(const Results& results) {
  Json seconds = Json::array();
  for (const Second& second : results.seconds) seconds.push_back(to_wire(second));
  return {{"total", to_wire(results.total)},
          {"steady", to_wire(results.steady)},
          {"latency", to_wire(results.latency)},
          {"lag", to_wire(results.lag)},
          {"connecting", to_wire(results.connecting)},
          {"seconds", std::move(seconds)},
          {"errors", results.errors},
          {"busy", results.busy.ns},
          {"cpu", results.cpu.ns},
          {"rss", results.rss_bytes},
          {"ramp", results.ramp.ns},
          {"drained_after", results.drained_after.ns},
          {"recovery", results.recovery.ns}};
}

Json to_wire(const Glance& glance) {
  return {{"live", glance.live},
          {"at_work", glance.at_work},
          {"counters", to_wire(glance.counters)},
          {"last", to_wire(glance.last)},
          {"errors", glance.errors}};
}

Json to_wire(const SentCounts& sent) {
  Json wire = Json::array();
  for (const auto& [room, counts] : sent) wire.push_back({room, counts});
  return wire;
}

Result<Results> results_from_wire(const Json& wire) {
  return guarded<Results>([&wire] {
    Results results;
    results.total = counters_from(wire.at("total"));
    results.steady = counters_from(wire.at("steady"));
    add_from(wire.at("latency"), results.latency);
    add_from(wire.at("lag"), results.lag);
    add_from(wire.at("connecting"), results.connecting);
    for (const Json& second : wire.at("seconds")) results.seconds.push_back(second_from(second));
    results.errors = errors_from(wire.at("errors"));
    results.busy = {wire.at("busy").get<std::int64_t>()};
    results.cpu = {wire.at("cpu").get<std::int64_t>()};
    results.rss_bytes = wire.at("rss").get<std::uint64_t>();
    results.ramp = {wire.at("ramp").get<std::int64_t>()};
    results.drained_after = {wire.at("drained_after").get<std::int64_t>()};
    results.recovery = {wire.at("recovery").get<std::int64_t>()};
    return results;
  });
}

Result<Glance> glance_from_wire(const Json& wire) {
  return guarded<Glance>([&wire] {
    return Glance{.live = wire.at("live").get<std::uint64_t>(),
                  .at_work = wire.at("at_work").get<bool>(),
                  .counters = counters_from(wire.at("counters")),
                  .last = second_from(wire.at("last")),
                  .errors = errors_from(wire.at("errors"))};
  });
}

Result<SentCounts> sent_from_wire(const Json& wire) {
  return guarded<SentCounts>([&wire] {
    SentCounts sent;
    for (const Json& entry : wire) {
      sent[entry.at(0).get<std::uint32_t>()] = entry.at(1).get<std::vector<std::uint32_t>>();
    }
    return sent;
  });
}

Json to_wire(const HostFacts& host) {
  return {{"cpu", host.cpu},       {"cores", host.cores},
          {"kernel", host.kernel}, {"memory_bytes", host.memory_bytes},
          {"nofile", host.nofile}, {"mitigations", host.mitigations},
          {"sysctl", host.sysctl}};
}

Result<HostFacts> host_from_wire(const Json& wire) {
  return guarded<HostFacts>([&wire] {
    return HostFacts{.cpu = printable(wire.at("cpu").get<std::string>()),
                     .kernel = printable(wire.at("kernel").get<std::string>()),
                     .cores = wire.at("cores").get<std::uint32_t>(),
                     .memory_bytes = wire.at("memory_bytes").get<std::uint64_t>(),
                     .nofile = wire.at("nofile").get<std::uint64_t>(),
                     .mitigations = texts_from(wire.at("mitigations")),
                     .sysctl = texts_from(wire.at("sysctl"))};
  });
}

}  // namespace parley::loadgen
