// SimRing::connect(): a handshake takes a travel time, is refused where nobody listens, and is
// tried again where the backlog is full, as TCP does it.

#include <cerrno>
#include <optional>

#include "tests/sim/sim_ring.h"

namespace parley::sim {
namespace {

using io::Op;

constexpr IpAddress source_default = IpAddress::v4(192, 168, 0, 2);
constexpr Duration again_after = seconds(1);
constexpr Duration give_up_after = seconds(127);  // net.ipv4.tcp_syn_retries = 6, tcp(7).

}  // namespace

void SimRing::connect(ConnId conn, const SocketAddress& to, const IpAddress& from) {
  CHECK(!config_.listens);
  CHECK(from.is_unspecified() || from.is_v4() == to.ip.is_v4());
  for (const Socket& socket : sockets_) {
    CHECK(!socket.open || socket.connect == OpState::idle || socket.conn.slot != conn.slot);
  }
  if (sockets_free() == 0) {
    return queue({.completion = {.conn = conn, .op = Op::connect, .result = -ENFILE}},
                 connect_last_);
  }
  const SocketId id = take_socket();
  Socket& socket = begin(conn, id);
  socket.side = Side::client;
  socket.connect = OpState::waiting;
  socket.attempt = {.to = to,
                    .from = from.is_unspecified() ? source_default : from,
                    .given_up_at = now() + give_up_after};
  try_connect(id);
}

void SimRing::cancel_connect(ConnId conn) {
  for (std::uint32_t i = 0; i < config_.sockets_max; ++i) {
    Socket& socket = sockets_[i];
    if (!socket.open || socket.connect != OpState::waiting || socket.conn != conn) continue;
    socket.attempt.cancelled = true;
    schedule(now(), i);
  }
}

void SimRing::try_connect(SocketId id) {
  Socket& socket = open_socket(id);
  Attempt& attempt = socket.attempt;
  const std::optional<WorkerId> listener = borrowed_.net.listener_at(attempt.to);
  if (!listener.has_value()) {
    attempt.refused = true;
    attempt.again_at = borrowed_.net.answer_at();
  } else if (borrowed_.net.backlog_full(*listener)) {
    attempt.again_at = now() + again_after;
  } else {
    socket.link = *borrowed_.net.connect(*listener, attempt.from);
    attempt.linked = true;
    attempt.again_at = borrowed_.net.established_at(socket.link);
    borrowed_.net.watch(socket.link, Side::client, this, id.value);
  }
  schedule(attempt.again_at, id.value);
}

void SimRing::progress_connect(SocketId id) {
  Socket& socket = open_socket(id);
  if (socket.connect != OpState::waiting) return;
  const Attempt& attempt = socket.attempt;
  const bool answered = now() >= attempt.again_at;
  if (attempt.cancelled) {
    const bool succeeds = answered && attempt.linked &&
                          borrowed_.faults.fires(Fault::cancel_too_late, borrowed_.random);
    if (!succeeds) return finish_connect(id, -ECANCELED);
  }
  if (!answered) return;
  if (attempt.refused) return finish_connect(id, -ECONNREFUSED);
  if (!attempt.linked) {
    if (now() >= attempt.given_up_at) return finish_connect(id, -ETIMEDOUT);
    return try_connect(id);
  }
  if (borrowed_.faults.fires(Fault::link_reset, borrowed_.random)) borrowed_.net.cut(socket.link);
  if (borrowed_.net.is_reset(socket.link, Side::client)) {
    const bool accepted = borrowed_.net.accepted(socket.link);
    return finish_connect(id, accepted ? -ECONNRESET : -ECONNREFUSED);
  }
  finish_connect(id, static_cast<std::int32_t>(id.value));
}

void SimRing::finish_connect(SocketId id, std::int32_t result) {
  Socket& socket = open_socket(id);
  socket.connect = OpState::ended;
  if (result < 0 && socket.attempt.linked) {
    borrowed_.net.reset(socket.link, Side::client);
    socket.attempt.linked = false;
  }
  complete(id, {.conn = socket.conn, .op = Op::connect, .result = result});
}

void SimRing::end_connect(SocketId id, std::int32_t result) {
  Socket& socket = open_socket(id);
  socket.connect = OpState::idle;
  if (result >= 0) return;
  socket.open = false;
  sockets_unused_.insert(id.value);
}

}  // namespace parley::sim
