// One worker: a ring, the connections it accepted, and its share of the chat domain. Workers share
// nothing but mailboxes.
//
// A turn: take completions; drain the mailbox; expire timers; settle who left; deliver what rooms
// gathered; hand sends to the kernel; flush the mailbox and wake who sleeps. Replies leave at the
// end of the turn.
//
// Threading  One thread calls everything; two workers may share a thread (tests/sim does that).
// Stopping   start_draining() closes the listener and says goodbye to everybody. drained() is true
//            when nobody is left; the worker must go on taking turns, since others may still send
//            it mail, until all workers are drained.
#pragma once

#include <cstdint>
#include <memory>

#include "core/chat/hub.h"
#include "core/classic/classic.h"
#include "core/mail/post_office.h"
#include "core/payload/payload_pool.h"
#include "io/ring.h"
#include "server/chat/json_encoder.h"
#include "server/config/config.h"
#include "server/connection/transport.h"
#include "server/http/http_service.h"
#include "server/metrics/metrics.h"
#include "server/websocket/ws_service.h"

namespace parley::services {
class TokenVerifier;
}

namespace parley::server {

// What a worker is made of. All references are borrowed and outlive it.
struct WorkerSetup {
  const Config& config;
  const core::HubConfig& hub_config;  // Of this worker: limits are its share.
  WorkerId self;
  std::uint16_t worker_count;
  std::uint32_t connections_max;  // Sockets the ring may hold.
  std::uint64_t random_seed;      // New for each process: guests' ids come from it.
  core::PayloadPool& payloads;    // This worker's; outlives all workers, since they share.
  core::PostOffice& office;
  MetricBoard& metrics;
  const services::TokenVerifier* tokens;  // This worker's; null: no key is configured.
  io::Ring& ring;
};

class Worker {
 public:
  explicit Worker(const WorkerSetup& setup);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  // Waits until there is something to do, or until the next deadline, and does it.
  void turn();

  void start_draining();
  [[nodiscard]] bool drained() const;
  // Connections that did not leave in time and were closed without another word.
  [[nodiscard]] std::uint64_t cut_off() const { return cut_off_; }

  // Aborts when something does not add up. For tests; O(everything).
  void check_invariants() const;

  [[nodiscard]] std::uint32_t connections() const { return transport_.table().in_use(); }
  [[nodiscard]] const core::Hub& hub() const { return hub_; }
  [[nodiscard]] const Transport& transport() const { return transport_; }

 private:
  class Tokens;

  [[nodiscard]] Instant next_deadline();
  void handle_completions(std::span<const io::Completion> completions);
  void gather();
  void on_accepted(Connection& connection);
  void on_data(Connection& connection, MutableBytes bytes);
  void on_ended(Connection& connection);
  void drain_mailbox();
  void expire_timers();
  void on_timer(Connection& connection);
  void tick();
  void settle();
  void flush_sends();
  void flush_mail();
  void publish_metrics();

  const WorkerSetup setup_;
  Transport transport_;
  core::Mailbox mailbox_;
  JsonEncoder encoder_;
  core::ClassicVocabulary vocabulary_;
  std::unique_ptr<Tokens> tokens_;
  HttpService http_;
  WsService ws_;
  core::Hub hub_;

  Instant next_tick_;
  Instant drain_deadline_ = Instant::never();
  bool draining_ = false;
  bool mail_left_ = false;  // The last turn stopped before its mailbox was empty.
  std::uint64_t cut_off_ = 0;
  std::uint64_t turns_ = 0;
  std::uint64_t mail_received_ = 0;
  std::uint64_t wakes_sent_ = 0;
};

}  // namespace parley::server
