#include "tests/unit/server/worker/worker_harness.h"

#include <gtest/gtest.h>

#include <optional>
#include <span>

namespace parley::server {

namespace {

constexpr std::uint32_t sockets_max = 16;

}  // namespace

WorkerHarness::WorkerHarness(const Config& config)
    : config_(config),
      net_({}, {.clock = clock_, .random = random_, .faults = faults_}),
      hub_config_(hub_config_of(config_, {.workers = 1, .connections = sockets_max}, {}, 1)),
      office_(1, 64),
      ring_({.self = WorkerId{0}, .sockets_max = sockets_max}, {.clock = clock_,
                                                                .random = random_,
                                                                .faults = faults_,
                                                                .net = net_,
                                                                .directory = directory_,
                                                                .digest = digest_,
                                                                .sleeper = nullptr}),
      worker_(std::make_unique<Worker>(WorkerSetup{.config = config_,
                                                   .hub_config = hub_config_,
                                                   .self = WorkerId{0},
                                                   .worker_count = 1,
                                                   .connections_max = sockets_max,
                                                   .random_seed = 1,
                                                   .payloads = payloads_,
                                                   .office = office_,
                                                   .metrics = metrics_,
                                                   .tokens = nullptr,
                                                   .ring = ring_})) {}

WorkerHarness::~WorkerHarness() {
  worker_->start_draining();
  run_for(seconds(20));
  EXPECT_TRUE(worker_->drained());
  EXPECT_EQ(ring_.sockets_open(), 0u);
  EXPECT_EQ(ring_.buffers_lent(), 0u);
  EXPECT_EQ(worker_->hub().counts().sessions, 0u);
  EXPECT_EQ(worker_->hub().counts().memberships, 0u);
}

void WorkerHarness::run_for(Duration duration) {
  const Instant end = clock_.now + duration;
  while (clock_.now < end) worker_->turn();
  worker_->check_invariants();
}

WorkerHarness::Link WorkerHarness::connect() {
  return connect_from(IpAddress::v4(127, 0, 0, 1));
}

WorkerHarness::Link WorkerHarness::connect_from(const IpAddress& address) {
  const std::optional<Link> link = net_.connect(WorkerId{0}, address);
  EXPECT_TRUE(link.has_value());
  settle();
  return *link;
}

void WorkerHarness::write(Link link, std::string_view bytes) {
  while (!bytes.empty()) {
    const sim::WriteResult result =
        net_.write(link, sim::Side::client, std::as_bytes(std::span(bytes)));
    if (result.status == sim::WriteStatus::reset) return;
    bytes.remove_prefix(result.status == sim::WriteStatus::bytes ? result.bytes : 0);
    if (result.status == sim::WriteStatus::full) worker_->turn();
  }
}

std::string WorkerHarness::read(Link link) {
  std::string text;
  while (true) {
    std::string part(4'096, '\0');
    const sim::ReadResult result =
        net_.read(link, sim::Side::client, std::as_writable_bytes(std::span(part)));
    if (result.status != sim::ReadStatus::bytes || result.bytes == 0) return text;
    text.append(part, 0, result.bytes);
    if (net_.readable_bytes(link, sim::Side::client) == 0) settle();
  }
}

std::string WorkerHarness::ask(Link link, std::string_view bytes) {
  write(link, bytes);
  settle();
  return read(link);
}

void WorkerHarness::leave(Link link) {
  net_.close(link, sim::Side::client);
  settle();
}

WorkerHarness::Link WorkerHarness::upgrade(std::string_view path) {
  const Link link = connect();
  const std::string answer = ask(link, "GET " + std::string(path) + std::string(upgrade_headers));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 ")) << answer;
  return link;
}

void WorkerHarness::send_frame(Link link, std::uint8_t opcode, std::string_view payload) {
  write(link, sim::naive_client_frame(
                  {.opcode = opcode, .fin = true, .payload = std::string(payload)}, 0x01020304));
  settle();
}

std::vector<sim::NaiveFrame> WorkerHarness::frames(Link link) {
  sim::NaiveFrames parser;
  parser.feed(read(link));
  std::vector<sim::NaiveFrame> frames;
  sim::NaiveFrame frame;
  sim::NaiveStatus status = parser.next(frame);
  for (; status == sim::NaiveStatus::frame; status = parser.next(frame)) frames.push_back(frame);
  EXPECT_EQ(status, sim::NaiveStatus::need_more);
  return frames;
}

std::uint16_t close_code(const sim::NaiveFrame& frame) {
  EXPECT_EQ(frame.opcode, 8);
  if (frame.payload.size() < 2) return 0;
  return static_cast<std::uint16_t>(static_cast<std::uint8_t>(frame.payload[0]) << 8 |
                                    static_cast<std::uint8_t>(frame.payload[1]));
}

}  // namespace parley::server
