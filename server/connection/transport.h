// The life of connections below their protocols: accepting, receiving, sending, closing as a join.
//
//   for (const io::Completion& c : ring.wait(...)) {
//     const TransportEvent event = transport.on_completion(c);   // what a protocol must know of
//     ...
//     transport.end_event(event);
//   }
//
// Threading  The owning worker alone.
// Sending    send() queues; flush() hands each connection's queue to the kernel, one send per
//            connection in flight, so all that gathers meanwhile leaves together.
// Closing    finish() and kill() may be called from anywhere, also while protocols are at work on
//            the same connection: they change its phase and nothing else that a caller can see.
//            Sessions that this ended are reported by take_departures().
// Bounds     An outbox never holds more than outbox_bytes_max: the policy for slow readers applies.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/outbox/outbox_pool.h"
#include "core/payload/payload.h"
#include "core/timers/timer_wheel.h"
#include "io/ring.h"
#include "server/config/config.h"
#include "server/connection/connection.h"
#include "server/connection/connection_table.h"

namespace parley::server {

struct TransportEvent {
  enum class Kind : std::uint8_t { none, accepted, data, ended, freed };

  Kind kind = Kind::none;
  Connection* connection = nullptr;  // Not for freed.
  MutableBytes bytes;                // data only; valid until end_event().
  BufferId buffer;                   // data only.
};

struct TransportCounters {
  std::uint64_t accepted = 0;
  std::uint64_t accept_errors = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t sends = 0;
  std::uint64_t send_errors = 0;
  std::uint64_t receive_errors = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t slow_reader_disconnects = 0;
  std::uint64_t slow_reader_dropped = 0;  // Publications.
};

class Transport {
 public:
  // Slots for so many sockets: a few more, so that a socket that is used again before its close
  // was reported finds one.
  [[nodiscard]] static std::uint32_t slots_for(std::uint32_t connections_max);

  // All borrowed; they outlive this.
  Transport(const Config& config, std::uint32_t connections_max, io::Ring& ring);
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  ~Transport();

  void begin_turn(Instant now) { now_ = now; }

  void start_accepting();
  // Closes the listener: nobody gets in any more.
  void stop_accepting();
  // Accepts again after an error, if it should and does not.
  void retry_accepting();

  [[nodiscard]] TransportEvent on_completion(const io::Completion& completion);
  void end_event(const TransportEvent& event);

  // Starts to read. REQUIRES: phase admission, which it ends.
  void start_reading(Connection& connection);

  // Queues a frame, unless the connection says no more; applies the policy for slow readers.
  void send(Connection& connection, core::PayloadRef frame);
  // The same if it fits; else it is let go, and no policy applies.
  void send_if_it_fits(Connection& connection, core::PayloadRef frame);
  // Answers a ping. While output is stuck only the latest is kept (RFC 6455 5.5.3 allows that): a
  // pong takes a few bytes of the bound, but a whole block of memory.
  void send_pong(Connection& connection, core::PayloadRef frame);
  // A response: beyond the bound too, since one that was made must be sent; see http_service.cc.
  void send_response(Connection& connection, core::PayloadRef frame);
  // A last word: queued whatever the bound, then finish().
  void send_last(Connection& connection, core::PayloadRef frame);
  // Says no more: what is queued leaves, then the connection closes.
  void finish(Connection& connection);
  // Closes at once, whatever is queued.
  void kill(Connection& connection);
  void time_out(Connection& connection);  // The same, counted.
  void count_timeout() { counters_.timeouts += 1; }
  void kill_all();

  // Housekeeping, a few times a second.
  void tick();

  // Connections with something to send, each once. flush_one() takes them from the list.
  [[nodiscard]] std::span<const std::uint32_t> flush_due() const { return flush_due_; }
  void flush_one(Connection& connection);
  void clear_flush_due() { flush_due_.clear(); }

  // Connections that were in the hub or counted, and say no more since the last call. The caller
  // tells the hub, then calls departed(). Valid until the next call.
  [[nodiscard]] std::span<const ConnId> take_departures();
  [[nodiscard]] bool has_departures() const { return !departures_.empty(); }
  void departed(Connection& connection);

  // Whether less than a quarter of the bound is queued. If not, the connection is among those that
  // take_drained() names once it is.
  [[nodiscard]] bool has_room(Connection& connection);
  // Looks whether there is room now that was waited for: after a send, or when something was
  // dropped instead.
  void look_for_room(Connection& connection);
  [[nodiscard]] std::span<const ConnId> take_drained();
  [[nodiscard]] bool has_drained() const { return !drained_.empty(); }

  [[nodiscard]] core::TimerWheel& timers() { return timers_; }
  [[nodiscard]] core::OutboxPool& outboxes() { return outboxes_; }
  [[nodiscard]] const core::OutboxPool& outboxes() const { return outboxes_; }
  [[nodiscard]] ConnectionTable& table() { return table_; }
  [[nodiscard]] const ConnectionTable& table() const { return table_; }
  [[nodiscard]] IpAddress peer(const Connection& connection) const {
    return ring_.peer(connection.socket);
  }
  [[nodiscard]] const TransportCounters& counters() const { return counters_; }
  [[nodiscard]] Instant now() const { return now_; }
  // How long nothing was heard from it. Wraps after 2^32 ms, 49 days: no time-out is that long.
  [[nodiscard]] Duration silence(const Connection& connection) const;

  // REQUIRES: phase http, which it ends.
  void start_websocket(Connection& connection);

  // The close frame for slow readers, from the protocol that knows how to write one.
  void set_slow_reader_frame(core::PayloadRef frame) { slow_reader_frame_ = std::move(frame); }

 private:
  [[nodiscard]] std::uint32_t now_ms() const;  // Since begun_; wraps.
  void set_phase(Connection& connection, Phase phase);
  [[nodiscard]] TransportEvent on_accept(const io::Completion& completion);
  [[nodiscard]] TransportEvent on_recv(const io::Completion& completion);
  void on_send(const io::Completion& completion);
  void on_shutdown(const io::Completion& completion);
  [[nodiscard]] TransportEvent on_close(const io::Completion& completion);
  void mark_flush_due(Connection& connection);
  void apply_slow_reader_policy(Connection& connection, core::PayloadRef frame);
  void shut_down_when_flushed(Connection& connection);
  void close_when_joined(Connection& connection);

  const Config& config_;
  io::Ring& ring_;
  core::OutboxPool outboxes_;
  ConnectionTable table_;
  core::TimerWheel timers_;
  const Instant begun_;
  Instant now_;
  bool listening_ = false;
  bool accepting_ = false;
  std::vector<std::uint32_t> flush_due_;
  std::vector<ConnId> departures_;
  std::vector<ConnId> departures_taken_;
  std::vector<ConnId> drained_;
  std::vector<ConnId> drained_taken_;
  core::PayloadRef slow_reader_frame_;
  TransportCounters counters_;
};

}  // namespace parley::server
