#include "server/connection/transport.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "core/base/check.h"

namespace parley::server {

namespace {

constexpr Duration timer_tick = milliseconds(100);
constexpr ConnId listener_id{0, 0};  // Names no connection: generation 0 is never given out.

}  // namespace

std::uint32_t Transport::slots_for(std::uint32_t connections_max) {
  constexpr std::uint32_t spare_slots = io::Ring::completion_batch_max;
  return connections_max + spare_slots;
}

Transport::Transport(const Config& config, std::uint32_t connections_max, io::Ring& ring)
    : config_(config),
      ring_(ring),
      table_(slots_for(connections_max)),
      timers_(slots_for(connections_max), timer_tick, ring.now()),
      begun_(ring.now()),
      now_(begun_) {}

Transport::~Transport() = default;

std::uint32_t Transport::now_ms() const {
  return static_cast<std::uint32_t>((now_ - begun_).ns / milliseconds(1).ns);
}

Duration Transport::silence(const Connection& connection) const {
  return milliseconds(now_ms() - connection.heard_ms);
}

void Transport::start_accepting() {
  CHECK(!listening_);
  listening_ = true;
  retry_accepting();
}

void Transport::stop_accepting() {
  if (!listening_) return;
  listening_ = false;
  ring_.stop_listening();
}

void Transport::retry_accepting() {
  if (!listening_ || accepting_) return;
  accepting_ = true;
  ring_.accept(listener_id);
}

TransportEvent Transport::on_completion(const io::Completion& completion) {
  switch (completion.op) {
    case io::Op::accept:
      return on_accept(completion);
    case io::Op::recv:
      return on_recv(completion);
    case io::Op::send:
      on_send(completion);
      return {};
    case io::Op::shutdown:
      on_shutdown(completion);
      return {};
    case io::Op::cancel:
      if (Connection* connection = table_.find(completion.conn); connection != nullptr) {
        connection->cancelling = false;
        close_when_joined(*connection);
      }
      return {};
    case io::Op::close:
      return on_close(completion);
    case io::Op::connect:  // A worker's ring has a listener: it does not connect.
    case io::Op::wake:
      return {};
  }
  return {};
}

void Transport::end_event(const TransportEvent& event) {
  if (event.kind != TransportEvent::Kind::data) return;
  ring_.recycle(event.buffer);
  Connection& connection = *event.connection;
  if (connection.receiving || connection.peer_ended) return;
  if (connection.phase == Phase::dying || connection.phase == Phase::closing) return;
  connection.receiving = true;  // The kernel ended a multishot receive by itself: begin another.
  ring_.recv(connection.id, connection.socket);
}

TransportEvent Transport::on_accept(const io::Completion& completion) {
  if (!completion.more) accepting_ = false;
  if (completion.result < 0) {
    // No connection, or none the process may have (-EMFILE, -ENFILE, -ENOBUFS, -ECONNABORTED):
    // retry_accepting() comes by when one closes, and every tick.
    if (completion.result != -ECANCELED) counters_.accept_errors += 1;
    return {};
  }
  if (!completion.more) retry_accepting();
  counters_.accepted += 1;
  Connection* connection = table_.allocate();
  CHECK(connection != nullptr);  // The ring stops accepting before its sockets outnumber our slots.
  connection->socket = SocketId{static_cast<std::uint32_t>(completion.result)};
  connection->phase = Phase::admission;
  connection->heard_ms = now_ms();
  timers_.set(connection->id.slot, now_ + milliseconds(config_.handshake_timeout_ms));
  return {
      .kind = TransportEvent::Kind::accepted, .connection = connection, .bytes = {}, .buffer = {}};
}

void Transport::start_reading(Connection& connection) {
  CHECK(connection.phase == Phase::admission);
  connection.phase = Phase::http;
  connection.receiving = true;
  ring_.recv(connection.id, connection.socket);
}

TransportEvent Transport::on_recv(const io::Completion& completion) {
  Connection* connection = table_.find(completion.conn);
  if (connection == nullptr) {
    if (completion.has_buffer) ring_.recycle(completion.buffer);
    return {};
  }
  connection->receiving = completion.more;
  if (completion.result > 0) {
    const auto bytes = static_cast<std::uint32_t>(completion.result);
    counters_.received_bytes += bytes;
    connection->heard_ms = now_ms();
    connection->ping_unanswered = false;
    TransportEvent event{.kind = TransportEvent::Kind::data,
                         .connection = connection,
                         .bytes = ring_.buffer(completion.buffer, bytes),
                         .buffer = completion.buffer};
    if (connection->accepts_output()) return event;
    end_event(event);  // It says no more, so what it hears only has to be taken from the kernel.
    close_when_joined(*connection);
    return {};
  }
  if (completion.result == 0) {
    connection->peer_ended = true;
    if (connection->accepts_output()) {
      return {
          .kind = TransportEvent::Kind::ended, .connection = connection, .bytes = {}, .buffer = {}};
    }
    if (connection->phase == Phase::half_closed) kill(*connection);
    close_when_joined(*connection);
    return {};
  }
  const bool dying = connection->phase == Phase::dying || connection->phase == Phase::closing;
  if (completion.result == -ENOBUFS && !dying) {
    // All buffers are lent; they come back within this turn, before this is submitted.
    if (!connection->receiving) {
      connection->receiving = true;
      ring_.recv(connection->id, connection->socket);
    }
    return {};
  }
  if (completion.result != -ECANCELED) counters_.receive_errors += 1;
  if (!dying) kill(*connection);
  close_when_joined(*connection);
  return {};
}

void Transport::on_send(const io::Completion& completion) {
  Connection* connection = table_.find(completion.conn);
  CHECK(connection != nullptr);  // A slot is not released while a send is in flight.
  if (completion.result < 0) {
    connection->outbox.on_sent(outboxes_, 0);
    if (completion.result != -ECANCELED) counters_.send_errors += 1;
    if (connection->phase != Phase::dying) kill(*connection);
    close_when_joined(*connection);
    return;
  }
  const auto bytes = static_cast<std::uint32_t>(completion.result);
  counters_.sent_bytes += bytes;
  connection->outbox.on_sent(outboxes_, bytes);
  if (connection->phase == Phase::dying) return close_when_joined(*connection);
  if (connection->phase == Phase::flushing && bytes > 0) {
    timers_.set(connection->id.slot, now_ + milliseconds(config_.close_timeout_ms));
  }
  if (connection->pong) send_pong(*connection, std::move(connection->pong));
  look_for_room(*connection);
  if (!connection->outbox.empty()) return mark_flush_due(*connection);
  shut_down_when_flushed(*connection);
}

void Transport::on_shutdown(const io::Completion& completion) {
  Connection* connection = table_.find(completion.conn);
  CHECK(connection != nullptr);
  connection->shutting_down = false;
  if (connection->phase == Phase::half_closed &&
      (completion.result < 0 || connection->peer_ended || !connection->receiving)) {
    kill(*connection);
  }
  close_when_joined(*connection);
}

TransportEvent Transport::on_close(const io::Completion& completion) {
  Connection* connection = table_.find(completion.conn);
  CHECK(connection != nullptr && connection->phase == Phase::closing);
  connection->phase = Phase::free;
  table_.release(*connection);
  retry_accepting();
  return {.kind = TransportEvent::Kind::freed, .connection = nullptr, .bytes = {}, .buffer = {}};
}

void Transport::mark_flush_due(Connection& connection) {
  if (connection.flush_due) return;
  connection.flush_due = true;
  flush_due_.push_back(connection.id.slot);
}

void Transport::send(Connection& connection, core::PayloadRef frame) {
  if (!connection.accepts_output()) return;
  if (connection.outbox.push(outboxes_, frame, config_.outbox_bytes_max) ==
      core::OutboxStatus::full) {
    return apply_slow_reader_policy(connection, std::move(frame));
  }
  mark_flush_due(connection);
}

void Transport::send_if_it_fits(Connection& connection, core::PayloadRef frame) {
  if (!connection.accepts_output()) return;
  if (connection.outbox.push(outboxes_, frame, config_.outbox_bytes_max) ==
      core::OutboxStatus::queued) {
    mark_flush_due(connection);
  }
}

void Transport::send_pong(Connection& connection, core::PayloadRef frame) {
  constexpr std::uint32_t stuck_bytes = 1024;
  if (connection.outbox.queued_bytes() < stuck_bytes) return send(connection, std::move(frame));
  connection.pong = std::move(frame);
}

void Transport::send_response(Connection& connection, core::PayloadRef frame) {
  if (!connection.accepts_output()) return;
  const core::OutboxStatus status = connection.outbox.push(outboxes_, frame, UINT32_MAX);
  CHECK(status == core::OutboxStatus::queued);
  mark_flush_due(connection);
}

bool Transport::has_room(Connection& connection) {
  if (connection.outbox.queued_bytes() < config_.outbox_bytes_max / 4) return true;
  connection.drain_wanted = true;
  return false;
}

void Transport::look_for_room(Connection& connection) {
  if (!connection.drain_wanted || !has_room(connection)) return;
  connection.drain_wanted = false;
  drained_.push_back(connection.id);
}

std::span<const ConnId> Transport::take_drained() {
  drained_taken_.swap(drained_);
  drained_.clear();
  return drained_taken_;
}

void Transport::apply_slow_reader_policy(Connection& connection, core::PayloadRef frame) {
  if (connection.phase == Phase::websocket &&
      config_.slow_reader == SlowReaderPolicy::drop_oldest) {
    // More than this frame needs, so that not each frame of a flood pays for a notice.
    const std::uint32_t wanted =
        std::max(static_cast<std::uint32_t>(frame->frame().size()), config_.outbox_bytes_max / 8);
    counters_.slow_reader_dropped +=
        connection.outbox.drop_oldest(outboxes_, wanted, config_.outbox_bytes_max).publications;
    if (connection.outbox.push(outboxes_, frame, config_.outbox_bytes_max) ==
        core::OutboxStatus::queued) {
      return mark_flush_due(connection);
    }
  }
  counters_.slow_reader_disconnects += 1;
  if (connection.phase != Phase::websocket) return kill(connection);
  connection.outbox.discard_unsent(outboxes_);
  send_last(connection, slow_reader_frame_.share());
}

void Transport::send_last(Connection& connection, core::PayloadRef frame) {
  if (!connection.accepts_output()) return;
  const core::OutboxStatus status = connection.outbox.push(outboxes_, frame, UINT32_MAX);
  CHECK(status == core::OutboxStatus::queued);
  mark_flush_due(connection);
  finish(connection);
}

void Transport::finish(Connection& connection) {
  if (!connection.accepts_output()) return;
  set_phase(connection, Phase::flushing);
  timers_.set(connection.id.slot, now_ + milliseconds(config_.close_timeout_ms));
  shut_down_when_flushed(connection);
}

void Transport::kill(Connection& connection) {
  if (connection.phase == Phase::dying || connection.phase == Phase::closing) return;
  set_phase(connection, Phase::dying);
  timers_.cancel(connection.id.slot);
  if (connection.receiving || connection.outbox.in_flight()) {
    connection.cancelling = true;
    ring_.cancel(connection.id, connection.socket);
  }
  close_when_joined(connection);
}

void Transport::time_out(Connection& connection) {
  if (connection.phase == Phase::dying || connection.phase == Phase::closing) return;
  counters_.timeouts += 1;
  kill(connection);
}

void Transport::kill_all() {
  for (std::uint32_t slot = 0; slot < table_.slots_touched(); ++slot) {
    Connection& connection = table_.at(slot);
    if (connection.phase != Phase::free) time_out(connection);
  }
}

void Transport::tick() {
  retry_accepting();
  outboxes_.trim();
}

void Transport::shut_down_when_flushed(Connection& connection) {
  if (connection.phase != Phase::flushing || !connection.outbox.empty()) return;
  if (connection.peer_ended) return kill(connection);
  set_phase(connection, Phase::half_closed);
  connection.shutting_down = true;
  ring_.shutdown(connection.id, connection.socket);
}

void Transport::close_when_joined(Connection& connection) {
  if (connection.phase != Phase::dying) return;
  // A session is told first: what it still owns names this connection.
  if (connection.in_hub || connection.counted) return;
  if (connection.receiving || connection.shutting_down || connection.cancelling) return;
  if (connection.outbox.in_flight()) return;
  connection.outbox.clear(outboxes_);
  set_phase(connection, Phase::closing);
  ring_.close(connection.id, connection.socket);
}

void Transport::flush_one(Connection& connection) {
  connection.flush_due = false;
  if (connection.outbox.in_flight() || connection.outbox.empty()) return;
  if (connection.phase == Phase::dying || connection.phase == Phase::closing ||
      connection.phase == Phase::free) {
    return;
  }
  std::array<Bytes, io::Ring::send_pieces_max> pieces;
  const std::uint32_t count = connection.outbox.take(outboxes_, pieces);
  CHECK(count > 0);  // Gaps were taken before.
  counters_.sends += 1;
  ring_.send(connection.id, connection.socket, std::span(pieces).first(count));
}

void Transport::set_phase(Connection& connection, Phase phase) {
  const bool had_session = connection.in_hub || connection.counted;
  const bool accepted_output = connection.accepts_output();
  connection.phase = phase;
  if (had_session && accepted_output && !connection.accepts_output()) {
    departures_.push_back(connection.id);
  }
}

void Transport::start_websocket(Connection& connection) {
  CHECK(connection.phase == Phase::http);
  connection.phase = Phase::websocket;
}

std::span<const ConnId> Transport::take_departures() {
  departures_taken_.swap(departures_);
  departures_.clear();
  return departures_taken_;
}

void Transport::departed(Connection& connection) {
  connection.in_hub = false;
  connection.counted = false;
  close_when_joined(connection);
}

}  // namespace parley::server
