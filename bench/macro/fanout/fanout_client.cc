// Measures a fan-out from the receiving end and prints one JSON object.
//
//   chat  members of rooms of a parleyd, closed loop: the next message of a room goes out when one
//         has been delivered to all its members; order, loss and repetition are checked
//   raw   reads frames from send_floor as they come
//
// One thread. It sweeps its sockets at most once per --sweep-us and never sleeps in the kernel's
// socket code, so its server pays for no wake-up, in either mode.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "bench/macro/fanout/chat.h"

namespace parley::bench {
namespace {

struct Options {
  ChatOptions chat;
  std::string mode = "chat";
  int server_pid = 0;
  std::uint32_t sweep_us = 100;
  double warm_up_seconds = 2;
  double window_seconds = 5;
};

constexpr std::int64_t drain_ns_max = 5'000'000'000;

// What had been counted at one moment; two of them make a window.
struct Snapshot {
  std::int64_t at_ns = 0;
  std::int64_t own_cpu_ns = 0;
  std::int64_t server_cpu_ns = 0;
  Traffic traffic;
  std::uint64_t deliveries = 0;
};

std::int64_t to_ns(double seconds) {
  return static_cast<std::int64_t>(seconds * 1e9);
}

Snapshot snapshot(const Options& options, const Traffic& traffic, std::uint64_t deliveries) {
  return {.at_ns = monotonic_ns(),
          .own_cpu_ns = process_cpu_ns(static_cast<int>(getpid())),
          .server_cpu_ns = process_cpu_ns(options.server_pid),
          .traffic = traffic,
          .deliveries = deliveries};
}

// Calls sweep() again and again for that long, leaving sweep_us between the beginnings of two.
template <class Sweep>
void sweep_for(const Options& options, std::int64_t duration_ns, Sweep&& sweep) {
  const std::int64_t end = monotonic_ns() + duration_ns;
  for (std::int64_t now = monotonic_ns(); now < end;) {
    const std::int64_t next = now + std::int64_t{options.sweep_us} * 1000;
    sweep();
    now = monotonic_ns();
    if (now < next) {
      sleep_until(next);
      now = next;
    }
  }
}

std::uint32_t percentile(std::vector<std::uint32_t>& values, double share) {
  if (values.empty()) return 0;
  const auto rank = static_cast<std::ptrdiff_t>(static_cast<double>(values.size() - 1) * share);
  std::ranges::nth_element(values, values.begin() + rank);
  return values[static_cast<std::size_t>(rank)];
}

void print_window(const Snapshot& begin, const Snapshot& end) {
  const auto count = [](std::uint64_t after, std::uint64_t before) {
    return static_cast<double>(after - before);
  };
  const auto seconds = static_cast<double>(end.at_ns - begin.at_ns) / 1e9;
  const double deliveries = count(end.deliveries, begin.deliveries);
  const double bytes = count(end.traffic.bytes, begin.traffic.bytes);
  const double receives = count(end.traffic.receives, begin.traffic.receives);
  std::printf(
      R"("seconds":%.3f,"deliveries":%.0f,"deliveries_per_second":%.0f,"bytes_per_delivery":%.1f,)"
      R"("frames_per_receive":%.2f,"client_cpu":%.3f,"server_cpu":%.3f)",
      seconds, deliveries, deliveries / seconds, bytes / std::max(deliveries, 1.0),
      count(end.traffic.frames, begin.traffic.frames) / std::max(receives, 1.0),
      static_cast<double>(end.own_cpu_ns - begin.own_cpu_ns) / 1e9 / seconds,
      static_cast<double>(end.server_cpu_ns - begin.server_cpu_ns) / 1e9 / seconds);
}

int run_chat(const Options& options) {
  Chat chat(options.chat);
  chat.set_up();
  const auto sweep = [&] { chat.sweep(); };
  chat.start();
  sweep_for(options, to_ns(options.warm_up_seconds), sweep);

  chat.latencies_us().clear();
  const Snapshot begin = snapshot(options, chat.traffic(), chat.deliveries());
  sweep_for(options, to_ns(options.window_seconds), sweep);
  const Snapshot end = snapshot(options, chat.traffic(), chat.deliveries());
  std::vector<std::uint32_t> latencies_us = std::move(chat.latencies_us());

  chat.stop();
  const std::int64_t deadline = monotonic_ns() + drain_ns_max;
  while (!chat.drained() && monotonic_ns() < deadline) chat.sweep();
  const std::uint64_t expected = chat.published() * options.chat.members_per_room;
  const std::uint64_t lost = expected - std::min(expected, chat.deliveries());

  std::printf(R"({"mode":"chat","depth":%u,)", options.chat.depth);
  print_window(begin, end);
  std::printf(R"(,"frame_bytes":%llu,"latency_p50_us":%u,"latency_p99_us":%u,)",
              static_cast<unsigned long long>(chat.frame_bytes()), percentile(latencies_us, 0.50),
              percentile(latencies_us, 0.99));
  std::printf(R"("lost":%llu,"faults":%llu})", static_cast<unsigned long long>(lost),
              static_cast<unsigned long long>(chat.faults()));
  std::printf("\n");
  return lost == 0 && chat.faults() == 0 ? 0 : 1;
}

int run_raw(const Options& options) {
  Crowd crowd;
  for (std::uint32_t i = 0; i < options.chat.connections; ++i) {
    crowd.add(connect_loopback(options.chat.port), {});
  }
  const auto sweep = [&] {
    crowd.sweep([](std::uint32_t, const Frame& frame) {
      if (frame.first_byte != 0x81) fail("a frame does not begin where it should");
    });
  };
  sweep_for(options, to_ns(options.warm_up_seconds), sweep);
  const Snapshot begin = snapshot(options, crowd.traffic(), crowd.traffic().frames);
  sweep_for(options, to_ns(options.window_seconds), sweep);
  const Snapshot end = snapshot(options, crowd.traffic(), crowd.traffic().frames);
  std::printf(R"({"mode":"raw",)");
  print_window(begin, end);
  std::printf("}\n");
  return 0;
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Measures a fan-out from the receiving end");
  app.add_option("--mode", options.mode, "chat or raw")->check(CLI::IsMember({"chat", "raw"}));
  app.add_option("--port", options.chat.port)->required();
  app.add_option("--server-pid", options.server_pid, "Whose processor time counts")->required();
  app.add_option("--connections", options.chat.connections);
  app.add_option("--members", options.chat.members_per_room, "Of one room");
  app.add_option("--depth", options.chat.depth, "Messages in flight per room");
  app.add_option("--text-bytes", options.chat.text_bytes);
  app.add_option("--sweep-us", options.sweep_us);
  app.add_option("--warm-up", options.warm_up_seconds);
  app.add_option("--window", options.window_seconds);
  CLI11_PARSE(app, argc, argv);
  return options.mode == "chat" ? run_chat(options) : run_raw(options);
}

}  // namespace
}  // namespace parley::bench

int main(int argc, char** argv) {
  return parley::bench::run(argc, argv);
}
