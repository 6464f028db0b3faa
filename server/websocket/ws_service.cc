#include "server/websocket/ws_service.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/check.h"
#include "server/chat/json_encoder.h"

namespace parley::server {

namespace {

using protocol::WsCloseCode;
using protocol::WsOpcode;

constexpr std::uint32_t json_values_max = 4096;
constexpr std::size_t readers_kept_max = 64;

std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

WsService::WsService(Borrowed borrowed) : borrowed_(borrowed), json_(json_values_max) {
  readers_.reserve(readers_kept_max);
  borrowed_.transport.set_slow_reader_frame(
      close_frame(borrowed.config.slow_reader_close_code, "slow reader"));
}

void WsService::on_upgrade(Connection& connection, Upgrade&& upgrade, MutableBytes rest) {
  connection.endpoint = upgrade.endpoint;
  borrowed_.transport.start_websocket(connection);
  set_timer(connection);
  if (upgrade.endpoint == Endpoint::classic) {
    connection.in_hub = true;
    hub_->on_open(connection.id, upgrade.identity, borrowed_.transport.peer(connection));
  }
  if (!rest.empty()) on_data(connection, rest);
}

void WsService::on_data(Connection& connection, MutableBytes bytes) {
  if (connection.ws() == nullptr) connection.input = take_reader();
  protocol::WsReader& reader = *connection.ws();
  read(connection, reader, bytes);
  if (reader.is_at_rest()) return put_reader_back(std::move(connection.input));
  if (connection.phase != Phase::websocket) connection.input.reset();
}

std::unique_ptr<Connection::Input> WsService::take_reader() {
  if (readers_.empty()) {
    return std::make_unique<Connection::Input>(std::in_place_type<protocol::WsReader>,
                                               protocol::WsRole::server,
                                               borrowed_.config.message_bytes_max);
  }
  std::unique_ptr<Connection::Input> input = std::move(readers_.back());
  readers_.pop_back();
  return input;
}

// REQUIRES: it is at rest, so that nobody sees from whom it came.
void WsService::put_reader_back(std::unique_ptr<Connection::Input> input) {
  if (readers_.size() < readers_kept_max) readers_.push_back(std::move(input));
}

void WsService::read(Connection& connection, protocol::WsReader& reader, MutableBytes bytes) {
  protocol::WsEvent event;
  while (connection.phase == Phase::websocket) {
    switch (reader.next(bytes, event)) {
      case protocol::WsReadStatus::event:
        on_event(connection, event);
        break;
      case protocol::WsReadStatus::need_more:
        return;
      case protocol::WsReadStatus::error:
        counters_.protocol_errors += 1;
        return close(connection, reader.error_code(), {});
    }
  }
}

void WsService::on_event(Connection& connection, const protocol::WsEvent& event) {
  switch (event.opcode) {
    case WsOpcode::ping:  // RFC 6455 5.5.3: the same application data.
      return borrowed_.transport.send_pong(
          connection, make_ws_frame(borrowed_.payloads, WsOpcode::pong, event.payload));
    case WsOpcode::pong:
      return;
    case WsOpcode::close:  // RFC 6455 5.5.1: the answer echoes the code.
      return borrowed_.transport.send_last(connection, close_frame(event.close_code, {}));
    case WsOpcode::text:
    case WsOpcode::binary:
      break;
    case WsOpcode::continuation:
      CHECK(event.opcode != WsOpcode::continuation);
  }
  counters_.messages += 1;
  if (connection.endpoint == Endpoint::echo) {
    return borrowed_.transport.send(connection,
                                    make_ws_frame(borrowed_.payloads, event.opcode, event.payload));
  }
  if (event.opcode == WsOpcode::binary) {
    return close(connection, WsCloseCode::unsupported_data, "text messages only");
  }
  on_text(connection, event.payload);
}

void WsService::on_text(Connection& connection, Bytes payload) {
  const Value* value = nullptr;
  switch (json_.read(text_of(payload), value)) {
    case protocol::JsonStatus::ok:
      break;
    case protocol::JsonStatus::invalid:
      return hub_->on_unreadable(connection.id, "bad_json", "this is not JSON");
    case protocol::JsonStatus::too_complex:
      return hub_->on_unreadable(connection.id, "bad_json", "too deep, or too many values");
  }
  if (value->kind != Value::Kind::object) {
    return hub_->on_unreadable(connection.id, "bad_message", "a message is an object with a type");
  }
  hub_->on_message(connection.id, *value);
}

core::PayloadRef WsService::close_frame(std::uint16_t code, std::string_view reason) {
  std::array<std::byte, protocol::ws_control_payload_bytes_max> payload;
  const std::uint32_t bytes = protocol::write_close_payload(code, reason, payload);
  return make_ws_frame(borrowed_.payloads, WsOpcode::close, Bytes(payload).first(bytes));
}

void WsService::close(Connection& connection, WsCloseCode code, std::string_view reason) {
  borrowed_.transport.send_last(connection, close_frame(static_cast<std::uint16_t>(code), reason));
}

void WsService::set_timer(Connection& connection) {
  const Config& config = borrowed_.config;
  const Instant now = borrowed_.transport.now();
  const Duration silence = borrowed_.transport.silence(connection);
  Instant deadline = Instant::never();
  if (config.idle_timeout_ms != 0) {
    deadline = now + (milliseconds(config.idle_timeout_ms) - silence);
  }
  if (connection.ping_unanswered) {
    deadline = std::min(deadline, now + milliseconds(config.ping_timeout_ms));
  } else if (config.ping_interval_ms != 0) {
    deadline = std::min(deadline, now + (milliseconds(config.ping_interval_ms) - silence));
  }
  core::TimerWheel& timers = borrowed_.transport.timers();
  if (deadline == Instant::never()) return timers.cancel(connection.id.slot);
  timers.set(connection.id.slot, deadline);
}

// Hearing from a peer only stores the time, so the timer finds out here what is due by now.
void WsService::on_timer(Connection& connection) {
  const Config& config = borrowed_.config;
  const Duration silence = borrowed_.transport.silence(connection);
  if (config.idle_timeout_ms != 0 && silence >= milliseconds(config.idle_timeout_ms)) {
    counters_.timeouts += 1;
    return close(connection, WsCloseCode::going_away, "idle timeout");
  }
  if (connection.ping_unanswered) {
    counters_.timeouts += 1;
    return borrowed_.transport.kill(connection);  // Nobody is there to read a close frame.
  }
  if (config.ping_interval_ms != 0 && silence >= milliseconds(config.ping_interval_ms)) {
    connection.ping_unanswered = true;
    borrowed_.transport.send(connection, make_ws_frame(borrowed_.payloads, WsOpcode::ping, {}));
  }
  if (connection.phase == Phase::websocket) set_timer(connection);
}

void WsService::tell_gaps(Connection& connection) {
  core::OutboxPool& pool = borrowed_.transport.outboxes();
  while (true) {
    gaps_.clear();
    connection.outbox.take_gaps(pool, gaps_);
    if (gaps_.empty()) return;
    for (auto gap = gaps_.rbegin(); gap != gaps_.rend(); ++gap) tell_gap(connection, *gap);
  }
}

void WsService::tell_gap(Connection& connection, const core::Gap& gap) {
  core::OutboxPool& pool = borrowed_.transport.outboxes();
  core::PayloadRef frame = hub_->encode_gap(gap.room, gap.first, gap.last);
  // Empty: the connection has left the room, and nobody here knows its name any more.
  if (!frame) return connection.outbox.drop_room(pool, gap.room);
  counters_.gap_notices += 1;
  // Beyond the bound: a notice takes far less than what was dropped for it.
  const core::OutboxStatus status = connection.outbox.push_front(pool, frame, UINT32_MAX);
  CHECK(status == core::OutboxStatus::queued);
}

void WsService::send(ConnId conn, core::PayloadRef frame) {
  Connection* connection = borrowed_.transport.table().find(conn);
  if (connection != nullptr) borrowed_.transport.send(*connection, std::move(frame));
}

void WsService::deliver(std::span<const std::uint32_t> slots, const core::PayloadRef& frame) {
  if (slots.empty()) return;
  // One atomic addition for all members; each then holds one of these references.
  const auto count = static_cast<std::uint32_t>(slots.size());
  core::PayloadRef::add_references(frame.get(), count);
  for (const std::uint32_t slot : slots) {
    borrowed_.transport.send(borrowed_.transport.table().at(slot),
                             core::PayloadRef::adopt(frame.get()));
  }
}

bool WsService::has_room(ConnId conn) {
  Connection* connection = borrowed_.transport.table().find(conn);
  return connection != nullptr && borrowed_.transport.has_room(*connection);
}

void WsService::close(ConnId conn, core::CloseCode code, std::string_view reason) {
  Connection* connection = borrowed_.transport.table().find(conn);
  if (connection == nullptr) return;
  close(*connection, static_cast<WsCloseCode>(code), reason);
}

bool WsService::admitted(ConnId conn, bool allowed) {
  Connection* connection = borrowed_.transport.table().find(conn);
  if (connection == nullptr || connection->phase != Phase::admission) return false;
  if (!allowed) {
    counters_.address_refused += 1;
    borrowed_.transport.start_reading(*connection);  // To hear its end, so that it hears ours.
    borrowed_.http.refuse(*connection, 429, "too many connections from your address");
    return true;
  }
  connection->counted = borrowed_.config.connections_per_address_max != 0;
  borrowed_.transport.start_reading(*connection);
  borrowed_.http.on_open(*connection);
  return true;
}

void WsService::post(WorkerId target, core::Mail&& mail) {
  borrowed_.mailbox.post(target, std::move(mail));
}

}  // namespace parley::server
