#include "core/chat/hub.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/chat/edge.h"
#include "core/chat/gatekeeper.h"
#include "core/chat/post.h"
#include "core/limits/session_limits.h"
#include "core/rooms/join_request.h"
#include "core/rooms/room_homes.h"
#include "core/rooms/room_name.h"

namespace parley::core {

namespace {

constexpr Duration sessions_told_interval = seconds(1);
// Sessions whose limits are looked at per tick: all of 100,000 active ones within some seconds.
constexpr std::uint32_t limits_expired_per_tick = 4096;
constexpr WorkerId sessions_counter{0};  // Adds up the sessions of all workers.

}  // namespace

struct Hub::State final : Post {
  // One connection during one call of its vocabulary.
  class Call;

  State(const HubConfig& the_config, WorkerId the_self, std::uint16_t the_worker_count,
        Borrowed the_borrowed)
      : config(the_config),
        self(the_self),
        worker_count(the_worker_count),
        borrowed(the_borrowed),
        gatekeeper(the_config, the_self, the_worker_count, *this),
        edge(the_config, the_self, the_worker_count,
             {.post = *this,
              .gatekeeper = gatekeeper,
              .pool = the_borrowed.pool,
              .sink = the_borrowed.sink,
              .encoder = the_borrowed.encoder,
              .vocabulary = the_borrowed.vocabulary}),
        homes(the_config, the_self,
              {.post = *this,
               .pool = the_borrowed.pool,
               .encoder = the_borrowed.encoder,
               .vocabulary = the_borrowed.vocabulary}),
        sessions_of(the_self == sessions_counter ? the_worker_count : 0) {}

  void send(WorkerId target, Mail&& mail) override;
  void handle(Mail&& mail);
  void on_refused_mail(const Mail& mail);
  void on_limited(const Mail& mail);
  void on_verdict(const Mail& mail);
  void on_sessions(const Mail& mail);
  void tell_sessions();

  const HubConfig config;
  const WorkerId self;
  const std::uint16_t worker_count;
  Borrowed borrowed;
  Instant now;
  UnixMillis wall_now;
  Gatekeeper gatekeeper;
  Edge edge;
  RoomHomes homes;
  SessionLimits limits;
  HubCounts counts;
  std::vector<std::uint64_t> sessions_of;  // By worker, at sessions_counter only.
  std::uint64_t sessions_total = 0;
  std::uint64_t sessions_told = 0;  // To sessions_counter, by this worker.
  std::uint64_t total_told = 0;     // To all, by sessions_counter.
  Instant sessions_told_at;
};

class Hub::State::Call final : public EdgeSession {
 public:
  Call(State& state, Session& session) : state_(state), session_(session) {}

  [[nodiscard]] IdentityView identity() const override { return session_.identity.view(spelling_); }
  [[nodiscard]] UnixMillis now() const override { return state_.wall_now; }
  [[nodiscard]] const HubConfig& config() const override { return state_.config; }
  [[nodiscard]] std::uint32_t rooms_joined() const override { return session_.rooms.size(); }
  [[nodiscard]] bool in_room(std::string_view room) const override {
    const RoomId id = id_of(room);
    if (!state_.edge.is_live(session_, id)) return false;
    if (is_home_of(id)) state_.homes.expect_publication(id);  // That is what most who ask want.
    return true;
  }
  [[nodiscard]] bool is_joining(std::string_view room) const override {
    return state_.edge.is_joining(session_, id_of(room));
  }
  [[nodiscard]] std::uint64_t sessions_total() const override {
    return std::max(state_.sessions_total, state_.edge.sessions());
  }

  Encoder& encoder() override { return state_.borrowed.encoder; }
  void reply(PayloadRef frame) override {
    state_.borrowed.sink.send(session_.conn, std::move(frame));
  }
  void reply_error(PayloadRef frame) override {
    state_.counts.errors_told += 1;
    reply(std::move(frame));
  }
  void close(CloseCode code, std::string_view reason) override {
    state_.borrowed.sink.close(session_.conn, code, reason);
  }

  [[nodiscard]] Duration take_command() override {
    return take(SessionLimit::commands, state_.config.connection_commands);
  }
  [[nodiscard]] Duration take_join() override {
    return take(SessionLimit::joins, state_.config.joins);
  }

  JoinStatus join(std::string_view room, const JoinOptions& options) override {
    return state_.edge.join(session_, room, options, identity());
  }
  void leave(std::string_view room) override { state_.edge.leave(session_, id_of(room)); }

  void publish(std::string_view room, PayloadRef frame, std::string_view tag) override {
    if (session_.identity.guest()) {
      const Duration wait = take(SessionLimit::messages, state_.config.user_messages);
      if (wait.ns > 0) {
        state_.borrowed.vocabulary.on_refused(*this, Refusal::rate_limited, room, tag, wait);
        return;
      }
    }
    Mail mail = mail_of(MailKind::publish, room);
    mail.payload = std::move(frame);
    const bool is_checked = session_.gates.user_key != 0 || session_.gates.address_key != 0;
    if (is_checked && !tag.empty()) mail.subject = payload_of(state_.borrowed.pool, tag);
    state_.gatekeeper.pass(std::move(mail), session_.gates);
  }

  void signal(std::string_view room, PayloadRef frame) override {
    const Duration wait = state_.limits.take(session_.conn.slot, SessionLimit::signals,
                                             state_.config.signals, state_.now);
    if (wait.ns > 0) return;
    Mail mail = mail_of(MailKind::publish, room);
    mail.flags = RoomMailFlags::signal;
    mail.payload = std::move(frame);
    state_.gatekeeper.pass(std::move(mail), session_.gates);
  }

  [[nodiscard]] Duration ask_history(std::string_view room, const HistoryQuery& query) override {
    Mail mail = mail_of(MailKind::ask_history, room);
    mail.flags = query.before != 0 ? RoomMailFlags::before : std::uint8_t{0};
    mail.number = query.before != 0 ? query.before : query.since;
    mail.number2 = query.limit;
    return ask(std::move(mail));
  }

  [[nodiscard]] Duration ask_presence(std::string_view room) override {
    return ask(mail_of(MailKind::ask_presence, room));
  }

  [[nodiscard]] bool authenticate(std::string_view token) override {
    CHECK(session_.rooms.empty());
    if (state_.borrowed.tokens == nullptr) return false;
    const std::optional<Identity> identity = state_.borrowed.tokens->verify(token, state_.wall_now);
    if (!identity) return false;
    session_.identity = CompactIdentity(view_of(*identity));
    session_.gates.user_key = state_.gatekeeper.user_key(view_of(*identity));
    return true;
  }

  [[nodiscard]] Duration rename(std::string_view name) override {
    CHECK(session_.rooms.empty() && session_.identity.guest());
    CHECK(state_.config.guests_may_choose_names);
    const Duration wait = take(SessionLimit::messages, state_.config.user_messages);
    if (wait.ns == 0) {
      session_.identity = CompactIdentity({.id = identity().id, .name = name, .guest = true});
    }
    return wait;
  }

 private:
  // A command names one room and asks for its id several times, so the last one is remembered.
  [[nodiscard]] RoomId id_of(std::string_view room) const {
    if (room.empty() || room != std::string_view(named_.data(), named_bytes_)) {
      named_id_ = room_id(room, state_.config.hash_key);
      state_.edge.expect(named_id_);
      if (is_home_of(named_id_)) state_.homes.expect(named_id_);
      named_bytes_ = room.size() <= named_.size() ? room.size() : 0;
      std::copy_n(room.data(), named_bytes_, named_.data());
    }
    return named_id_;
  }
  [[nodiscard]] bool is_home_of(RoomId id) const {
    return home_of(id, state_.worker_count) == state_.self;
  }
  [[nodiscard]] Mail mail_of(MailKind kind, std::string_view room) const {
    Mail mail;
    mail.kind = kind;
    mail.conn = session_.conn;
    mail.origin = state_.self;
    mail.room = id_of(room);
    return mail;
  }
  [[nodiscard]] Duration ask(Mail&& mail) {
    if (state_.edge.ask(session_, std::move(mail))) return {};
    state_.counts.rate_limited += 1;
    return seconds(1);
  }
  [[nodiscard]] Duration take(SessionLimit which, const RateLimit& limit) {
    const Duration wait = state_.limits.take(session_.conn.slot, which, limit, state_.now);
    if (wait.ns > 0) state_.counts.rate_limited += 1;
    return wait;
  }

  State& state_;
  Session& session_;
  mutable IdentitySpelling spelling_;
  mutable std::array<char, room_name_bytes_max> named_{};
  mutable std::size_t named_bytes_ = 0;  // 0: none yet.
  mutable RoomId named_id_;
};

Hub::Hub(const HubConfig& config, WorkerId self, std::uint16_t worker_count, Borrowed borrowed)
    : state_(std::make_unique<State>(config, self, worker_count, borrowed)) {
  for (const std::string& name : config.rooms_initial) {
    CHECK(valid_room_name(name));
    const RoomId id = room_id(name, config.hash_key);
    if (home_of(id, worker_count) == self) state_->homes.create_permanent(id, name);
  }
}

Hub::~Hub() = default;

void Hub::begin_turn(Instant now, UnixMillis wall_now) {
  state_->now = now;
  state_->wall_now = wall_now;
  state_->homes.begin_turn(wall_now);
  state_->gatekeeper.begin_turn(now);
}

void Hub::admit(ConnId conn, const IpAddress& address) {
  if (state_->config.connections_per_address_max == 0) {
    static_cast<void>(state_->borrowed.sink.admitted(conn, true));
    return;
  }
  state_->gatekeeper.ask(MailKind::ip_admit, conn, address);
}

void Hub::release(const IpAddress& address) {
  if (state_->config.connections_per_address_max == 0) return;
  state_->gatekeeper.ask(MailKind::ip_release, ConnId{}, address);
}

void Hub::on_open(ConnId conn, const Identity& identity, const IpAddress& address) {
  State& s = *state_;
  Session& session = s.edge.open(conn, view_of(identity));
  session.gates = {.user_key = s.gatekeeper.user_key(view_of(identity)),
                   .address_key = s.gatekeeper.address_key(address)};
  State::Call call(s, session);
  s.borrowed.vocabulary.on_open(call);
}

void Hub::on_message(ConnId conn, const Value& message) {
  State& s = *state_;
  Session* session = s.edge.find(conn);
  CHECK(session != nullptr);
  s.counts.commands += 1;
  State::Call call(s, *session);
  s.borrowed.vocabulary.on_message(call, message);
}

void Hub::on_unreadable(ConnId conn, std::string_view code, std::string_view text) {
  State& s = *state_;
  Session* session = s.edge.find(conn);
  CHECK(session != nullptr);
  s.counts.commands += 1;
  State::Call call(s, *session);
  s.borrowed.vocabulary.on_unreadable(call, code, text);
}

void Hub::on_closed(ConnId conn) {
  state_->edge.close(conn);
  state_->limits.forget(conn.slot);
}

PayloadRef Hub::encode_gap(RoomId room, Sequence first, Sequence last) {
  State& s = *state_;
  const std::string_view name = s.edge.room_name(room);
  if (name.empty()) return {};
  return s.borrowed.vocabulary.gap(s.borrowed.encoder, name, first, last, GapReason::slow_reader);
}

PayloadRef Hub::encode_announcement(std::string_view text) {
  return state_->borrowed.vocabulary.announced(state_->borrowed.encoder, text);
}

void Hub::on_drained(ConnId conn) {
  if (Session* session = state_->edge.find(conn); session != nullptr) {
    state_->edge.ask_next(*session);
  }
}

void Hub::on_mail(Mail&& mail) {
  state_->handle(std::move(mail));
}

bool Hub::has_gathered() const {
  return state_->edge.has_gathered();
}

void Hub::end_turn() {
  state_->edge.end_turn();
}

void Hub::tick() {
  State& s = *state_;
  s.homes.tick();
  s.edge.tick();
  s.gatekeeper.tick();
  s.limits.expire(s.now, limits_expired_per_tick);
  s.tell_sessions();
}

HubCounts Hub::counts() const {
  const State& s = *state_;
  HubCounts counts = s.counts;
  counts.sessions = s.edge.sessions();
  counts.rooms_home = s.homes.rooms();
  counts.rooms_edge = s.edge.rooms();
  counts.memberships = s.edge.memberships();
  counts.history_messages = s.homes.history().messages();
  counts.history_bytes = s.homes.history().bytes();
  counts.publications = s.homes.publications();
  counts.deliveries = s.edge.deliveries();
  counts.rate_limited += s.gatekeeper.limited();
  return counts;
}

void Hub::check_invariants() const {
  state_->edge.check_invariants();
  state_->homes.check_invariants();
}

void Hub::State::send(WorkerId target, Mail&& mail) {
  if (target == self) return handle(std::move(mail));
  borrowed.sink.post(target, std::move(mail));
}

void Hub::State::handle(Mail&& mail) {
  switch (mail.kind) {
    case MailKind::ip_admit:
    case MailKind::ip_release:
    case MailKind::ip_checked:
    case MailKind::user_checked:
      return gatekeeper.on_mail(std::move(mail));
    case MailKind::join:
      return homes.on_join(std::move(mail));
    case MailKind::leave:
      return homes.on_leave(mail);
    case MailKind::publish:
      return homes.on_publish(std::move(mail));
    case MailKind::ask_history:
      return homes.on_ask_history(mail);
    case MailKind::member:
      return homes.on_member(mail);
    case MailKind::ask_presence:
      return homes.on_ask_presence(mail);
    case MailKind::ip_verdict:
      return on_verdict(mail);
    case MailKind::joined:
      return edge.on_joined(std::move(mail));
    case MailKind::join_refused:
      return on_refused_mail(mail);
    case MailKind::deliver:
      return edge.on_deliver(std::move(mail));
    case MailKind::ask_members:
      return edge.on_ask_members(mail);
    case MailKind::reply:
      return edge.on_reply(std::move(mail));
    case MailKind::limited:
      return on_limited(mail);
    case MailKind::presence_total:
      return on_sessions(mail);
  }
}

void Hub::State::on_refused_mail(const Mail& mail) {
  Session* session = edge.on_join_refused(mail);
  if (session == nullptr) return;
  const JoinRequest request = unpack(mail.subject);
  Call call(*this, *session);
  borrowed.vocabulary.on_refused(call, static_cast<Refusal>(mail.number), request.room, request.tag,
                                 {});
}

void Hub::State::on_limited(const Mail& mail) {
  Session* session = edge.find(mail.conn);
  if (session == nullptr) return;
  const std::string name(edge.room_name(mail.room));
  Call call(*this, *session);
  borrowed.vocabulary.on_refused(call, Refusal::rate_limited, name, text_of(mail.subject),
                                 Duration{static_cast<std::int64_t>(mail.number)});
}

void Hub::State::on_verdict(const Mail& mail) {
  const bool allowed = mail.flags != 0;
  if (borrowed.sink.admitted(mail.conn, allowed) || !allowed) return;
  gatekeeper.ask(MailKind::ip_release, ConnId{}, Gatekeeper::address_in(mail));
}

// Each worker tells sessions_counter, which tells all: two letters a worker and second at most.
void Hub::State::tell_sessions() {
  if (now - sessions_told_at < sessions_told_interval) return;
  sessions_told_at = now;
  const auto mail_with = [this](std::uint64_t count) {
    Mail mail;
    mail.kind = MailKind::presence_total;
    mail.origin = self;
    mail.number = count;
    return mail;
  };
  if (self == sessions_counter) {
    sessions_of[self.value] = edge.sessions();
    std::uint64_t total = 0;
    for (const std::uint64_t count : sessions_of) total += count;
    sessions_total = total;
    if (total == total_told) return;
    total_told = total;
    for (std::uint16_t worker = 0; worker < worker_count; ++worker) {
      if (WorkerId{worker} != self) send(WorkerId{worker}, mail_with(total));
    }
  } else if (edge.sessions() != sessions_told) {
    sessions_told = edge.sessions();
    send(sessions_counter, mail_with(sessions_told));
  }
}

void Hub::State::on_sessions(const Mail& mail) {
  if (self == sessions_counter) {
    sessions_of[mail.origin.value] = mail.number;
  } else {
    sessions_total = mail.number;
  }
}

}  // namespace parley::core
