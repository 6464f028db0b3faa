// One production worker over the simulated ring, and clients that are pipes: time is virtual, and
// nothing goes wrong that a test does not do itself.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/mail/post_office.h"
#include "core/payload/payload_pool.h"
#include "server/config/config.h"
#include "server/metrics/metrics.h"
#include "server/process/shares.h"
#include "server/worker/worker.h"
#include "tests/sim/naive_frames.h"
#include "tests/sim/sim_ring.h"

namespace parley::server {

class WorkerHarness {
 public:
  explicit WorkerHarness(const Config& config);
  ~WorkerHarness();  // Everything that was lent must be back.

  // Turns until `duration` of virtual time has passed.
  void run_for(Duration duration);
  // The same at once, without a turn before it has passed.
  void sleep_for(Duration duration) { clock_.now = clock_.now + duration; }
  // As many as it takes for what was sent to be answered.
  void settle() { run_for(milliseconds(1)); }

  using Link = sim::LinkId;
  Link connect();
  Link connect_from(const IpAddress& address);
  void write(Link link, std::string_view bytes);
  // All that has arrived by now.
  std::string read(Link link);
  // The same for what one request is answered with.
  std::string ask(Link link, std::string_view bytes);
  void half_close(Link link) { net_.shutdown(link, sim::Side::client); }
  void reset(Link link) { net_.reset(link, sim::Side::client); }
  // The server has closed its side: nothing more will come.
  bool ended(Link link) { return net_.at_end(link, sim::Side::client); }
  bool was_reset(Link link) { return net_.is_reset(link, sim::Side::client); }
  // The client goes, and the server's slot with it.
  void leave(Link link);

  // An upgraded link, its welcome (or nothing, on /echo) read.
  Link upgrade(std::string_view path);
  void send_frame(Link link, std::uint8_t opcode, std::string_view payload);
  void send_text(Link link, std::string_view text) { send_frame(link, 1, text); }
  // The frames that have arrived since; the bytes must be whole frames.
  std::vector<sim::NaiveFrame> frames(Link link);

  Worker& worker() { return *worker_; }
  const MetricBoard& metrics() const { return metrics_; }
  bool listening() const { return net_.listening(WorkerId{0}); }

 private:
  Config config_;
  sim::SimClock clock_;
  sim::Random random_{1};
  sim::FaultPlan faults_ = sim::FaultPlan::none();
  sim::Digest digest_;
  sim::SimNet net_;
  sim::RingDirectory directory_;
  core::HubConfig hub_config_;
  core::PayloadPool payloads_{0};
  core::PostOffice office_;
  MetricBoard metrics_{1};
  sim::SimRing ring_;
  std::unique_ptr<Worker> worker_;
};

inline constexpr std::string_view upgrade_headers =
    " HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

// A close frame's code; 0: it has none.
[[nodiscard]] std::uint16_t close_code(const sim::NaiveFrame& frame);

}  // namespace parley::server
