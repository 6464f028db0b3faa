#include "server/worker/worker.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "core/base/check.h"
#include "server/http/token_identity.h"
#include "services/auth/token_verifier.h"

namespace parley::server {

namespace {

constexpr Duration tick_interval = milliseconds(200);
// A worker whose mail does not fit looks again this soon whether others have made room.
constexpr Duration hold_back_interval = microseconds(100);
constexpr std::uint32_t mail_per_turn_max = 4096;
// How often a turn looks for more before it delivers.
constexpr std::uint32_t looks_max = 4;
constexpr std::string_view shutdown_text = "Server shutting down";  // S0-18

}  // namespace

// The in-band `auth` of the classic vocabulary.
class Worker::Tokens final : public core::Hub::TokenVerifier {
 public:
  explicit Tokens(const services::TokenVerifier& verifier) : verifier_(verifier) {}

  [[nodiscard]] std::optional<core::Identity> verify(std::string_view token,
                                                     UnixMillis now) override {
    Result<services::TokenClaims> claims = verifier_.verify(token, now);
    if (!claims) return std::nullopt;
    return identity_of(std::move(*claims));
  }

 private:
  const services::TokenVerifier& verifier_;
};

Worker::Worker(const WorkerSetup& setup)
    : setup_(setup),
      transport_(setup.config, setup.connections_max, setup.ring),
      mailbox_(setup.office, setup.self),
      encoder_(setup.payloads),
      tokens_(setup.tokens == nullptr ? nullptr : std::make_unique<Tokens>(*setup.tokens)),
      http_({.config = setup.config,
             .transport = transport_,
             .payloads = setup.payloads,
             .metrics = setup.metrics,
             .tokens = setup.tokens},
            setup.random_seed + (std::uint64_t{setup.self.value} << 40)),
      ws_({.config = setup.config,
           .transport = transport_,
           .payloads = setup.payloads,
           .mailbox = mailbox_,
           .http = http_}),
      hub_(setup.hub_config, setup.self, setup.worker_count,
           {.pool = setup.payloads,
            .encoder = encoder_,
            .sink = ws_,
            .vocabulary = vocabulary_,
            .tokens = tokens_.get()}),
      next_tick_(setup.ring.now()) {
  CHECK(setup.self.value < setup.worker_count && setup.worker_count <= workers_max);
  CHECK(setup.hub_config.connections_max >= transport_.table().slots_max());
  ws_.set_hub(hub_);
  transport_.start_accepting();
}

Worker::~Worker() = default;

void Worker::turn() {
  const Instant deadline = next_deadline();
  // With mail that does not fit, take on no more work: only make room.
  const bool hold_back = mailbox_.must_hold_back();
  const bool sleeps = deadline > setup_.ring.now() && !hold_back && mailbox_.try_sleep();
  const std::span<const io::Completion> completions =
      setup_.ring.wait(hold_back ? setup_.ring.now() + hold_back_interval
                       : sleeps  ? deadline
                                 : Instant{},
                       hold_back ? 0 : io::Ring::completion_batch_max);
  if (sleeps) mailbox_.woke();
  turns_ += 1;

  const Instant now = setup_.ring.now();
  const UnixMillis wall_now = setup_.ring.wall_now();
  transport_.begin_turn(now);
  http_.begin_turn(wall_now);
  hub_.begin_turn(now, wall_now);

  handle_completions(completions);
  if (!hold_back) gather();
  for (const ConnId id : transport_.take_drained()) hub_.on_drained(id);
  drain_mailbox();
  expire_timers();
  if (now >= next_tick_) tick();
  settle();
  flush_sends();
  flush_mail();
}

Instant Worker::next_deadline() {
  const bool work_left = mail_left_ || transport_.has_departures() || transport_.has_drained() ||
                         !transport_.flush_due().empty();
  if (work_left) return Instant{};
  return std::min({transport_.timers().next(), next_tick_, drain_deadline_});
}

void Worker::handle_completions(std::span<const io::Completion> completions) {
  for (const io::Completion& completion : completions) {
    const TransportEvent event = transport_.on_completion(completion);
    switch (event.kind) {
      case TransportEvent::Kind::none:
      case TransportEvent::Kind::freed:
        break;
      case TransportEvent::Kind::accepted:
        on_accepted(*event.connection);
        break;
      case TransportEvent::Kind::data:
        on_data(*event.connection, event.bytes);
        break;
      case TransportEvent::Kind::ended:
        on_ended(*event.connection);
        break;
    }
    transport_.end_event(event);
  }
}

// A burst of messages takes a while to arrive, and what leaves together costs one send for each
// member: before a room's first message goes out, we look whether there are more.
void Worker::gather() {
  for (std::uint32_t looks = 0; looks < looks_max && hub_.has_gathered(); ++looks) {
    const std::span<const io::Completion> more =
        setup_.ring.wait(Instant{}, io::Ring::completion_batch_max);
    if (more.empty()) return;
    handle_completions(more);
  }
}

void Worker::on_accepted(Connection& connection) {
  if (draining_) return transport_.kill(connection);  // It was in the backlog when we stopped.
  hub_.admit(connection.id, transport_.peer(connection));
}

void Worker::on_data(Connection& connection, MutableBytes bytes) {
  if (connection.phase == Phase::websocket) return ws_.on_data(connection, bytes);
  CHECK(connection.phase == Phase::http);
  std::optional<Upgrade> upgrade = http_.on_data(connection, bytes);
  if (!upgrade || connection.phase != Phase::http) return;
  const MutableBytes rest = bytes.last(upgrade->rest_bytes);
  ws_.on_upgrade(connection, std::move(*upgrade), rest);
}

void Worker::on_ended(Connection& connection) {
  // RFC 6455 7.1.5: an end without a close frame is abnormal, and there is nobody to talk to.
  if (connection.phase == Phase::websocket) return transport_.kill(connection);
  transport_.finish(connection);
}

void Worker::drain_mailbox() {
  core::Mail mail;
  std::uint32_t count = 0;
  while (count < mail_per_turn_max && mailbox_.receive(mail)) {
    hub_.on_mail(std::move(mail));
    count += 1;
  }
  mail_received_ += count;
  mail_left_ = count == mail_per_turn_max;
}

void Worker::expire_timers() {
  std::uint32_t slot;
  while (transport_.timers().expire(transport_.now(), slot)) on_timer(transport_.table().at(slot));
}

void Worker::on_timer(Connection& connection) {
  switch (connection.phase) {
    case Phase::websocket:
      return ws_.on_timer(connection);
    case Phase::http:
      // Half a request is a client's fault worth telling; an idle kept connection just ends.
      if (connection.http() != nullptr && connection.http()->in_request()) {
        transport_.count_timeout();
        return http_.refuse(connection, 408, "the request did not arrive in time");
      }
      return transport_.finish(connection);
    case Phase::admission:
    case Phase::flushing:
    case Phase::half_closed:
      return transport_.time_out(connection);
    case Phase::free:
    case Phase::dying:
    case Phase::closing:
      return;
  }
}

void Worker::tick() {
  next_tick_ = transport_.now() + tick_interval;
  hub_.tick();
  transport_.tick();
  if (transport_.now() >= drain_deadline_) {
    drain_deadline_ = Instant::never();
    cut_off_ += transport_.table().in_use();
    transport_.kill_all();
  }
  publish_metrics();
}

// Sessions that ended leave their rooms, which may deliver to others, which may end more sessions.
void Worker::settle() {
  while (true) {
    const std::span<const ConnId> departures = transport_.take_departures();
    for (const ConnId id : departures) {
      Connection* connection = transport_.table().find(id);
      CHECK(connection != nullptr);
      if (connection->in_hub) hub_.on_closed(id);
      if (connection->counted) hub_.release(transport_.peer(*connection));
      transport_.departed(*connection);
    }
    hub_.end_turn();
    if (!transport_.has_departures()) return;
  }
}

void Worker::flush_sends() {
  for (const std::uint32_t slot : transport_.flush_due()) {
    Connection& connection = transport_.table().at(slot);
    if (connection.outbox.has_gaps() && !connection.outbox.in_flight() &&
        (connection.phase == Phase::websocket || connection.phase == Phase::flushing)) {
      ws_.tell_gaps(connection);
      transport_.look_for_room(connection);  // Nothing may be left that is sent.
    }
    transport_.flush_one(connection);
  }
  transport_.clear_flush_due();
}

void Worker::flush_mail() {
  for (const WorkerId target : mailbox_.flush()) {
    wakes_sent_ += 1;
    setup_.ring.wake(target);
  }
}

void Worker::start_draining() {
  if (draining_) return;
  draining_ = true;
  transport_.begin_turn(setup_.ring.now());
  http_.start_draining();
  transport_.stop_accepting();
  drain_deadline_ = transport_.now() + milliseconds(setup_.config.shutdown_timeout_ms);
  const core::PayloadRef goodbye = hub_.encode_announcement(shutdown_text);
  for (std::uint32_t slot = 0; slot < transport_.table().slots_touched(); ++slot) {
    Connection& connection = transport_.table().at(slot);
    if (connection.phase == Phase::websocket) {
      // The close frame says the same, and whoever is late to read shall not miss that.
      if (connection.in_hub) transport_.send_if_it_fits(connection, goodbye.share());
      ws_.close(connection, protocol::WsCloseCode::going_away, shutdown_text);
    } else if (connection.phase == Phase::http || connection.phase == Phase::admission) {
      transport_.finish(connection);
    }
  }
}

bool Worker::drained() const {
  return draining_ && transport_.table().in_use() == 0;
}

void Worker::check_invariants() const {
  hub_.check_invariants();
}

void Worker::publish_metrics() {
  MetricRow& row = setup_.metrics.row(setup_.self);
  const core::HubCounts hub = hub_.counts();
  const TransportCounters& transport = transport_.counters();
  row.set(Metric::connections, transport_.table().in_use());
  row.set(Metric::sessions, hub.sessions);
  row.set(Metric::rooms_home, hub.rooms_home);
  row.set(Metric::rooms_edge, hub.rooms_edge);
  row.set(Metric::memberships, hub.memberships);
  row.set(Metric::history_messages, hub.history_messages);
  row.set(Metric::history_bytes, hub.history_bytes);
  row.set(Metric::payload_blocks, setup_.payloads.blocks_in_use());
  row.set(Metric::payload_bytes, setup_.payloads.bytes_in_use());
  row.set(Metric::outbox_entries, transport_.outboxes().nodes_in_use());
  row.set(Metric::turns_total, turns_);
  row.set(Metric::accepted_total, transport.accepted);
  row.set(Metric::accept_errors_total, transport.accept_errors);
  row.set(Metric::received_bytes_total, transport.received_bytes);
  row.set(Metric::sent_bytes_total, transport.sent_bytes);
  row.set(Metric::sends_total, transport.sends);
  row.set(Metric::send_errors_total, transport.send_errors);
  row.set(Metric::receive_errors_total, transport.receive_errors);
  row.set(Metric::http_requests_total, http_.counters().requests);
  row.set(Metric::http_errors_total, http_.counters().errors);
  row.set(Metric::upgrades_total, http_.counters().upgrades);
  row.set(Metric::websocket_messages_total, ws_.counters().messages);
  row.set(Metric::websocket_errors_total, ws_.counters().protocol_errors);
  row.set(Metric::commands_total, hub.commands);
  row.set(Metric::errors_told_total, hub.errors_told);
  row.set(Metric::rate_limited_total, hub.rate_limited);
  row.set(Metric::address_refused_total, ws_.counters().address_refused);
  row.set(Metric::publications_total, hub.publications);
  row.set(Metric::deliveries_total, hub.deliveries);
  row.set(Metric::slow_reader_disconnects_total, transport.slow_reader_disconnects);
  row.set(Metric::slow_reader_dropped_total, transport.slow_reader_dropped);
  row.set(Metric::gap_notices_total, ws_.counters().gap_notices);
  row.set(Metric::timeouts_total, transport.timeouts + ws_.counters().timeouts);
  row.set(Metric::mail_received_total, mail_received_);
  row.set(Metric::wakes_sent_total, wakes_sent_);
}

}  // namespace parley::server
