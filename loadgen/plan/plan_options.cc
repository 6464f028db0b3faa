#include "loadgen/plan/plan_options.h"

#include <algorithm>
#include <array>
#include <limits>

#include "loadgen/plan/protocols.h"
#include "loadgen/plan/units.h"
#include "loadgen/truth/stamp.h"

namespace parley::loadgen {

namespace {

// Moves a parsed value to its member, if it is at most `most`.
template <class Parsed, class Member>
Result<void> take(const Result<Parsed>& parsed, Member& member,
                  Parsed most = std::numeric_limits<Parsed>::max()) {
  if (!parsed) return std::unexpected(parsed.error());
  if (*parsed > most) return failure("must be at most " + std::to_string(most));
  member = static_cast<Member>(*parsed);
  return {};
}

Result<void> take_count(std::string_view text, std::uint32_t& member, std::uint64_t least,
                        std::uint64_t most) {
  const Result<std::uint64_t> count = parse_count(text);
  if (!count) return std::unexpected(count.error());
  if (*count < least || *count > most) {
    return failure("must be " + std::to_string(least) + " to " + std::to_string(most));
  }
  member = static_cast<std::uint32_t>(*count);
  return {};
}

Result<void> take_time(std::string_view text, Duration& member) {
  const Result<Duration> time = parse_duration(text);
  if (!time) return std::unexpected(time.error());
  member = *time;
  return {};
}

Result<void> take_flag(std::string_view text, bool& member) {
  if (text != "true" && text != "false") return failure("must be true or false");
  member = text == "true";
  return {};
}

template <class Enum, std::size_t count>
Result<void> take_choice(std::string_view text, const std::array<std::string_view, count>& names,
                         Enum& member) {
  const auto found = std::ranges::find(names, text);
  if (found == names.end()) {
    std::string known;
    for (const std::string_view name : names)
      known += (known.empty() ? "" : ", ") + std::string(name);
    return failure("must be one of " + known);
  }
  member = static_cast<Enum>(found - names.begin());
  return {};
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    items.emplace_back(trimmed(text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

Result<void> take_cores(std::string_view text, std::vector<std::uint32_t>& cores) {
  constexpr std::uint64_t core_max = 1'023;
  cores.clear();
  for (const std::string& item : split(text)) {
    const Result<std::uint64_t> core = parse_count(item);
    if (!core || *core > core_max) return failure("must be numbers of cores such as 1 or 2,3");
    cores.push_back(static_cast<std::uint32_t>(*core));
  }
  return {};
}

Result<void> take_curve(std::string_view text, RateCurve& member) {
  Result<RateCurve> curve = RateCurve::parse(text);
  if (!curve) return std::unexpected(curve.error());
  member = std::move(*curve);
  return {};
}

Result<void> take_sizes(std::string_view text, PayloadSizes& member) {
  Result<PayloadSizes> sizes = PayloadSizes::parse(text);
  if (!sizes) return std::unexpected(sizes.error());
  member = std::move(*sizes);
  return {};
}

Result<void> take_criteria(std::string_view text, std::vector<Criterion>& member) {
  Result<std::vector<Criterion>> criteria = parse_criteria(text);
  if (!criteria) return std::unexpected(criteria.error());
  member = std::move(*criteria);
  return {};
}

Result<void> take_text(std::string_view text, std::string& member) {
  member = text;
  return {};
}

constexpr std::array<std::string_view, 3> modes{"idle", "closed", "open"};
constexpr std::array<std::string_view, 2> arrivals{"even", "poisson"};
constexpr std::array<std::string_view, 3> waits{"block", "spin", "sweep"};
constexpr std::array<std::string_view, 2> framers{"parley", "wslay"};
constexpr std::uint64_t connections_limit = 10'000'000;
constexpr std::uint64_t slow_limit = 1'000'000'000;

using P = Plan;
using T = std::string_view;

constexpr std::array target_options{
    PlanOption{"title", "--title", "TEXT", "", "What the report calls this run.",
               [](P& p, T t) { return take_text(t, p.title); }},
    PlanOption{"target.urls", "--url", "LIST", "ws://127.0.0.1:8080/ws",
               "Where to connect, in turns; {room} and {index} are filled in.",
               [](P& p, T t) -> Result<void> {
                 p.urls = split(t);
                 return {};
               }},
    PlanOption{"target.protocol", "--protocol", "NAME", "classic",
               "classic, ws-raw or socketio: preset of the texts below.",
               [](P& p, T t) -> Result<void> {
                 if (find_protocol(t) == nullptr)
                   return failure("must be classic, ws-raw or socketio");
                 p.protocol = t;
                 return {};
               }},
    PlanOption{"target.hello", "--hello", "TEXT", "", "Sent when the WebSocket is open.",
               [](P& p, T t) { return take_text(t, p.hello); },
               [](const Protocol& q) { return q.hello; }},
    PlanOption{"target.ready", "--ready", "TEXT", "",
               "A frame that begins so says that the member is in. Empty: it is at once.",
               [](P& p, T t) { return take_text(t, p.ready); },
               [](const Protocol& q) { return q.ready; }},
    PlanOption{"target.message", "--message", "TEXT", "", "What carries a {payload}.",
               [](P& p, T t) { return take_text(t, p.message); },
               [](const Protocol& q) { return q.message; }},
    PlanOption{"target.delivery", "--delivery", "TEXT", "",
               "A frame that begins so carries a payload. Empty: any frame with a stamp.",
               [](P& p, T t) { return take_text(t, p.delivery); },
               [](const Protocol& q) { return q.delivery; }},
    PlanOption{"target.error", "--error", "TEXT", "",
               "A frame that begins so is an error that the server tells.",
               [](P& p, T t) { return take_text(t, p.error); },
               [](const Protocol& q) { return q.error; }},
    PlanOption{"target.ping", "--ping", "TEXT", "",
               "A frame that is this is answered with target.pong. Empty: none is.",
               [](P& p, T t) { return take_text(t, p.ping); },
               [](const Protocol& q) { return q.ping; }},
    PlanOption{"target.pong", "--pong", "TEXT", "", "The answer to target.ping.",
               [](P& p, T t) { return take_text(t, p.pong); },
               [](const Protocol& q) { return q.pong; }},
    PlanOption{"target.room_name", "--room-name", "TEXT", "load-{index}", "What {room} stands for.",
               [](P& p, T t) { return take_text(t, p.room_name); }},
    PlanOption{"target.binary", "--binary", "BOOL", "false", "Binary messages instead of text.",
               [](P& p, T t) { return take_flag(t, p.binary); }},
    PlanOption{"target.sender_hears", "--sender-hears", "BOOL", "true",
               "Whether who publishes receives its own message.",
               [](P& p, T t) { return take_flag(t, p.sender_hears); }},
};

constexpr std::array crowd_options{
    PlanOption{"connections.count", "--connections", "N", "1000", "Connections in all.",
               [](P& p, T t) { return take(parse_count(t), p.connections, connections_limit); }},
    PlanOption{"connections.ramp", "--ramp", "RATE", "off",
               "How many to open a second; off: as fast as possible.",
               [](P& p, T t) { return take(parse_rate(t), p.ramp); }},
    PlanOption{"connections.in_progress_max", "--in-progress-max", "N", "128",
               "Handshakes under way at a time, of each worker; at the end, goodbyes.",
               [](P& p, T t) { return take_count(t, p.in_progress_max, 1, 100'000); }},
    PlanOption{"connections.sources", "--sources", "LIST", "",
               "Source addresses or ranges such as 127.0.0.2-127.0.0.50. Empty: what the kernel "
               "chooses, and further addresses of 127.0.0.0/8 when ports run out on loopback.",
               [](P& p, T t) -> Result<void> {
                 p.sources = split(t);
                 return {};
               }},
    PlanOption{"connections.timeout", "--connect-timeout", "TIME", "30s",
               "From connect to ready; then it is an error, and tried again.",
               [](P& p, T t) { return take_time(t, p.connect_timeout); }},
    PlanOption{"rooms.members", "--members", "N", "100", "Members of each room.",
               [](P& p, T t) { return take_count(t, p.members, 1, connections_limit); }},
    PlanOption{"rooms.publishers", "--publishers", "N", "0",
               "Members of each room that publish, in turns. 0: all.",
               [](P& p, T t) { return take_count(t, p.publishers, 0, streams_max); }},
    PlanOption{"slow.share", "--slow-share", "SHARE", "0", "Share of the members that read slowly.",
               [](P& p, T t) { return take(parse_share(t), p.slow_share); }},
    PlanOption{"slow.bytes_per_second", "--slow-bytes", "BYTES", "0",
               "What each of them reads a second. 0: nothing at all.",
               [](P& p, T t) { return take(parse_bytes(t), p.slow_bytes_per_s, slow_limit); }},
    PlanOption{"churn.rate", "--churn", "RATE", "off",
               "Connections that are closed and opened again a second.",
               [](P& p, T t) { return take(parse_rate(t), p.churn); }},
    PlanOption{
        "storm.at", "--storm-at", "TIME", "0",
        "When, in the steady window, connections are cut all at once and come back. 0: never.",
        [](P& p, T t) { return take_time(t, p.storm_at); }},
    PlanOption{"storm.share", "--storm-share", "SHARE", "1", "How many of them.",
               [](P& p, T t) { return take(parse_share(t), p.storm_share); }},
};

constexpr std::array load_options{
    PlanOption{"load.mode", "--mode", "MODE", "closed",
               "closed: a room's next message goes out when one before it has reached everybody. "
               "open: messages go out when they are due. idle: none do.",
               [](P& p, T t) { return take_choice(t, modes, p.mode); }},
    PlanOption{"load.depth", "--depth", "N", "16", "closed: messages in flight in each room.",
               [](P& p, T t) { return take_count(t, p.depth, 1, slots_max); }},
    PlanOption{
        "load.rate", "--rate", "RATE", "1000/s",
        "open: publications of all rooms; steps 1k/s@0s,5k/s@10s or a ramp 1k/s@0s~5k/s@10s.",
        [](P& p, T t) { return take_curve(t, p.rate); }},
    PlanOption{"load.arrivals", "--arrivals", "NAME", "even", "open: even or poisson.",
               [](P& p, T t) { return take_choice(t, arrivals, p.arrivals); }},
    PlanOption{"load.payload", "--payload", "SIZES", "64",
               "Bytes of a payload: 64, 64-512, or by weight 64:9,4KiB:1.",
               [](P& p, T t) { return take_sizes(t, p.payload); }},
    PlanOption{"time.warm_up", "--warm-up", "TIME", "2s", "Load before the steady window.",
               [](P& p, T t) { return take_time(t, p.warm_up); }},
    PlanOption{"time.duration", "--duration", "TIME", "10s", "The steady window, which counts.",
               [](P& p, T t) { return take_time(t, p.duration); }},
    PlanOption{"time.drain", "--drain", "TIME", "10s",
               "How long to wait at most for what is under way at the end.",
               [](P& p, T t) { return take_time(t, p.drain); }},
};

constexpr std::array client_options{
    PlanOption{"client.workers", "--workers", "N", "0",
               "Threads, each with a ring. 0: one, or as many as the connections need.",
               [](P& p, T t) { return take_count(t, p.workers, 0, 512); }},
    PlanOption{"client.cores", "--cores", "LIST", "", "Workers run on these cores. Empty: on any.",
               [](P& p, T t) { return take_cores(t, p.cores); }},
    PlanOption{"client.wait", "--wait", "MODE", "block",
               "block: sleep until something arrives. spin: never sleep. sweep: look at intervals, "
               "so that the server never pays for waking us.",
               [](P& p, T t) { return take_choice(t, waits, p.wait); }},
    PlanOption{"client.sweep", "--sweep", "TIME", "100us", "sweep: the interval.",
               [](P& p, T t) { return take_time(t, p.sweep); }},
    PlanOption{"client.framer", "--framer", "NAME", "parley",
               "parley, or wslay: an independent one, for runs that judge correctness.",
               [](P& p, T t) { return take_choice(t, framers, p.framer); }},
    PlanOption{"client.seed", "--seed", "N", "0", "Of all that chance decides. 0: a new one.",
               [](P& p, T t) { return take(parse_count(t), p.seed); }},
    PlanOption{"client.lag_max", "--lag-max", "TIME", "1ms",
               "open: a lag behind the schedule (p99) above this makes the run invalid.",
               [](P& p, T t) { return take_time(t, p.lag_max); }},
    PlanOption{"criteria", "--criteria", "LIST", "",
               "What makes the run good, such as 'p99 < 5ms, loss == 0, deliveries >= 100k/s'.",
               [](P& p, T t) { return take_criteria(t, p.criteria); }},
};

template <std::size_t... sizes>
constexpr auto join(const std::array<PlanOption, sizes>&... parts) {
  std::array<PlanOption, (sizes + ...)> all{};
  std::size_t count = 0;
  const auto append = [&](const auto& part) {
    for (const PlanOption& option : part) all[count++] = option;
  };
  (append(parts), ...);
  return all;
}

constexpr auto options = join(target_options, crowd_options, load_options, client_options);

Result<void> check_together(const Plan& plan) {
  if (plan.urls.empty()) return failure("target.urls must not be empty");
  if (plan.connections == 0) return failure("connections.count must be at least 1");
  if (plan.message.find("{payload}") == std::string::npos) {
    return failure("target.message must hold {payload}");
  }
  if (plan.rooms() > rooms_max) {
    return failure("connections.count and rooms.members make more than " +
                   std::to_string(rooms_max) + " rooms");
  }
  if (plan.publishers > plan.members) {
    return failure("rooms.publishers must be at most rooms.members, which is " +
                   std::to_string(plan.members));
  }
  if (plan.message.find("{member}") != std::string::npos) {
    return failure("target.message must not hold {member}: it is the same for the whole room");
  }
  if (plan.mode != LoadMode::idle) {
    if (plan.publishers_of_room() > streams_max) {
      return failure("rooms.publishers must be set for rooms of more than " +
                     std::to_string(streams_max) + " members");
    }
    constexpr std::uint64_t ledger_max = 1u << 30;  // 4 bytes each: see truth/ledger.h.
    if (plan.connections * plan.publishers_of_room() > ledger_max) {
      return failure("rooms.publishers must be lower: to remember what each member received of " +
                     std::to_string(plan.publishers_of_room()) +
                     " publishers takes more than 4 GiB");
    }
  }
  if (plan.duration.ns <= 0) return failure("time.duration must be longer than 0");
  if (plan.storm_at > plan.duration) return failure("storm.at must be within time.duration");
  if (plan.wait == WaitMode::sweep && plan.sweep.ns <= 0) {
    return failure("client.sweep must be longer than 0");
  }
  return {};
}

}  // namespace

std::span<const PlanOption> plan_options() {
  return options;
}

Result<Plan> make_plan(const PlanTexts& texts, PlanTexts& effective) {
  for (const auto& [key, text] : texts) {
    if (std::ranges::find(options, key, &PlanOption::key) == options.end()) {
      return failure(key + " is not an option of a plan");
    }
  }
  const auto name = texts.find("target.protocol");
  const Protocol* protocol = find_protocol(name == texts.end() ? "classic" : name->second);
  if (protocol == nullptr) return failure("target.protocol must be classic, ws-raw or socketio");
  Plan plan;
  for (const PlanOption& option : options) {
    const auto given = texts.find(option.key);
    std::string_view text = option.standard;
    if (option.preset != nullptr) text = option.preset(*protocol);
    if (given != texts.end()) text = given->second;
    const Result<void> taken = option.set(plan, text);
    if (!taken) {
      return failure(std::string(option.key) + " = " + std::string(text) + " " +
                     taken.error().message);
    }
    effective[std::string(option.key)] = text;
  }
  const Result<void> together = check_together(plan);
  if (!together) return std::unexpected(together.error());
  return plan;
}

}  // namespace parley::loadgen
