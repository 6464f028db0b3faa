#include "tests/sim/sim_ring.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace parley::sim {
namespace {

using io::Completion;
using io::Op;

std::uint64_t digest_of(std::span<const Bytes> pieces) {
  Digest digest;
  for (const Bytes piece : pieces) digest.add(piece);
  return digest.value();
}

}  // namespace

SimRing::SimRing(const SimRingConfig& config, Borrowed borrowed)
    : config_(config),
      sockets_(config.sockets_max),
      buffers_(config.recv_buffers),
      buffer_bytes_(config.recv_buffers),
      listening_(config.listens),
      borrowed_(borrowed) {
  CHECK(config.accept_margin < config.sockets_max);
  CHECK(config.recv_buffer_bytes > 0);
  for (std::uint32_t i = 0; i < config.sockets_max; ++i) sockets_unused_.insert(i);
  for (std::uint32_t i = 0; i < config.recv_buffers; ++i) buffers_unused_.insert(i);
  if (borrowed.directory.size() <= config.self.value) {
    borrowed.directory.resize(config.self.value + 1u);
  }
  borrowed.directory[config.self.value] = this;
  if (config.listens) borrowed.net.listen(config.self, *this);
}

SimRing::~SimRing() {
  if (listening_) borrowed_.net.stop_listening(config_.self);
  borrowed_.directory[config_.self.value] = nullptr;
  for (Socket& socket : sockets_) {
    const bool linked = socket.connect == OpState::idle || socket.attempt.linked;
    if (socket.open && linked) borrowed_.net.close(socket.link, socket.side);
  }
}

void SimRing::accept(ConnId conn) {
  CHECK(accept_ == OpState::idle);
  CHECK(listening_);
  accept_ = OpState::waiting;
  accept_conn_ = conn;
  schedule(now(), backlog_event);
}

void SimRing::stop_listening() {
  CHECK(listening_);
  listening_ = false;
  borrowed_.net.stop_listening(config_.self);
  if (accept_ == OpState::waiting) complete_accept(-ECANCELED, false);
}

IpAddress SimRing::peer(SocketId socket) const {
  const Socket& known = open_socket(socket);
  return borrowed_.net.peer(known.link, known.side);
}

void SimRing::recv(ConnId conn, SocketId id) {
  Socket& socket = begin(conn, id);
  CHECK(socket.recv == OpState::idle);
  socket.recv = OpState::waiting;
  socket.recv_cancelled = false;
  schedule(now(), id.value);
}

void SimRing::send(ConnId conn, SocketId id, std::span<const Bytes> pieces) {
  Socket& socket = begin(conn, id);
  CHECK(socket.send == OpState::idle);
  CHECK(!pieces.empty() && pieces.size() <= send_pieces_max);
  for (const Bytes piece : pieces) CHECK(!piece.empty());
  socket.send = OpState::waiting;
  socket.send_cancelled = false;
  socket.pieces.assign(pieces.begin(), pieces.end());
  socket.pieces_digest = digest_of(pieces);
  schedule(now(), id.value);
}

void SimRing::shutdown(ConnId conn, SocketId id) {
  Socket& socket = begin(conn, id);
  CHECK(socket.send == OpState::idle);
  socket.shut_down = true;
  const bool reset = borrowed_.net.is_reset(socket.link, socket.side);
  if (!reset) borrowed_.net.shutdown(socket.link, socket.side);
  complete(id, {.conn = conn, .op = Op::shutdown, .result = reset ? -ENOTCONN : 0});
}

void SimRing::cancel(ConnId conn, SocketId id) {
  Socket& socket = begin(conn, id);
  std::int32_t found = 0;
  if (socket.recv == OpState::waiting) {
    socket.recv_cancelled = true;
    ++found;
  }
  if (socket.send == OpState::waiting) {
    socket.send_cancelled = true;
    ++found;
  }
  complete(id, {.conn = conn, .op = Op::cancel, .result = found > 0 ? found : -ENOENT});
  schedule(now(), id.value);
}

void SimRing::close(ConnId conn, SocketId id) {
  Socket& socket = open_socket(id);
  CHECK(socket.undelivered == 0);
  borrowed_.net.close(socket.link, socket.side);
  const Pending pending{.completion = {.conn = conn, .op = Op::close}, .socket = id};
  queue(pending, socket.completion_last[std::to_underlying(Op::close)]);
  socket.open = false;
  sockets_unused_.insert(id.value);
}

void SimRing::wake(WorkerId target) {
  CHECK(target.value < borrowed_.directory.size());
  SimRing* const ring = borrowed_.directory[target.value];
  if (ring != nullptr) ring->queue({.completion = {.op = Op::wake}}, ring->wake_last_);
}

MutableBytes SimRing::buffer(BufferId id, std::uint32_t size_bytes) {
  CHECK(id.value < buffers_.size());
  CHECK(buffers_[id.value] != nullptr);
  CHECK(size_bytes <= buffer_bytes_[id.value]);
  return {buffers_[id.value].get(), size_bytes};
}

void SimRing::recycle(BufferId id) {
  CHECK(id.value < buffers_.size());
  CHECK(buffers_[id.value] != nullptr);
  buffers_[id.value].reset();
  buffers_unused_.insert(id.value);
}

std::span<const Completion> SimRing::wait(Instant deadline, std::uint32_t completions_max) {
  CHECK(completions_max <= completion_batch_max);
  deadline_ = deadline;
  takes_completions_ = completions_max > 0;
  progress();
  if (borrowed_.sleeper == nullptr) {
    // A loop that only polls must see time pass.
    borrowed_.clock.now = borrowed_.clock.now + microseconds(1);
    progress();
  } else {
    borrowed_.sleeper->sleep(*this);
    progress();
  }
  while (now() < deadline) {
    if (takes_completions_ && !pending_.empty() && pending_.begin()->first.first <= now()) break;
    if (borrowed_.sleeper == nullptr) {
      CHECK(awake_at() != Instant::never());
      borrowed_.clock.now = std::max(now(), awake_at());
    } else {
      borrowed_.sleeper->sleep(*this);
    }
    progress();
  }
  take_ready(completions_max);
  return completions_;
}

Instant SimRing::now() const {
  return borrowed_.clock.now;
}

UnixMillis SimRing::wall_now() const {
  return {borrowed_.clock.wall_offset_ms + borrowed_.clock.now.ns / 1'000'000};
}

void SimRing::on_link(std::uint32_t tag, Instant at) {
  schedule(at, tag);
}

void SimRing::on_backlog(Instant at) {
  schedule(at, backlog_event);
}

Instant SimRing::awake_at() const {
  Instant at = deadline_;
  if (!takes_completions_) return at;
  if (!events_.empty()) at = std::min(at, events_.top().first);
  if (!pending_.empty()) at = std::min(at, pending_.begin()->first.first);
  return at;
}

std::uint32_t SimRing::sockets_open() const {
  return config_.sockets_max - sockets_free();
}

std::uint32_t SimRing::buffers_lent() const {
  return config_.recv_buffers - static_cast<std::uint32_t>(buffers_unused_.size());
}

std::uint32_t SimRing::sockets_free() const {
  return static_cast<std::uint32_t>(sockets_unused_.size());
}

SimRing::Socket& SimRing::open_socket(SocketId id) {
  CHECK(id.value < sockets_.size());
  CHECK(sockets_[id.value].open);
  return sockets_[id.value];
}

const SimRing::Socket& SimRing::open_socket(SocketId id) const {
  CHECK(id.value < sockets_.size());
  CHECK(sockets_[id.value].open);
  return sockets_[id.value];
}

// Every operation ends with exactly one completion whose `more` is false: counted here, and taken
// off in deliver().
SimRing::Socket& SimRing::begin(ConnId conn, SocketId id) {
  CHECK(conn.slot < ConnId::slots_max);
  Socket& socket = open_socket(id);
  CHECK(socket.undelivered == 0 || socket.conn == conn);
  socket.conn = conn;
  ++socket.undelivered;
  return socket;
}

SocketId SimRing::take_socket() {
  const std::uint32_t index = *sockets_unused_.begin();
  sockets_unused_.erase(index);
  sockets_[index] = Socket{};
  sockets_[index].open = true;
  return {index};
}

void SimRing::schedule(Instant at, std::uint32_t what) {
  events_.push({at, what});
}

void SimRing::progress() {
  while (!events_.empty() && events_.top().first <= now()) {
    const std::uint32_t what = events_.top().second;
    events_.pop();
    if (what == backlog_event) {
      progress_accept();
    } else if (sockets_[what].open) {
      progress_connect({what});
      progress_recv({what});
      progress_send({what});
    }
  }
}

void SimRing::progress_accept() {
  while (accept_ == OpState::waiting) {
    if (sockets_free() <= config_.accept_margin) return complete_accept(-ENFILE, false);
    if (borrowed_.net.backlog_count(config_.self) > 0 &&
        borrowed_.faults.fires(Fault::accept_out_of_files, borrowed_.random)) {
      return complete_accept(-EMFILE, false);
    }
    const std::optional<LinkId> link = borrowed_.net.accept(config_.self);
    if (!link.has_value()) return;
    const std::uint32_t index = take_socket().value;
    sockets_[index].link = *link;
    borrowed_.net.watch(*link, Side::server, this, index);
    const bool ends = sockets_free() <= config_.accept_margin ||
                      borrowed_.faults.fires(Fault::accept_ended, borrowed_.random);
    complete_accept(static_cast<std::int32_t>(index), !ends);
  }
}

void SimRing::progress_recv(SocketId id) {
  Socket& socket = open_socket(id);
  if (socket.recv != OpState::waiting) return;
  if (socket.recv_cancelled && !borrowed_.faults.fires(Fault::cancel_too_late, borrowed_.random)) {
    return finish_recv(id, -ECANCELED);
  }
  while (receive_once(id)) {
  }
  if (socket.recv == OpState::waiting && socket.recv_cancelled) finish_recv(id, -ECANCELED);
}

// One completion, if there is something to tell; false when that was all.
bool SimRing::receive_once(SocketId id) {
  Socket& socket = open_socket(id);
  FaultPlan& faults = borrowed_.faults;
  std::uint32_t count = borrowed_.net.readable_bytes(socket.link, socket.side);
  if (count == 0) {
    std::byte none[1];
    const ReadResult result = borrowed_.net.read(socket.link, socket.side, none);
    CHECK(result.status != ReadStatus::bytes);
    if (result.status == ReadStatus::end) finish_recv(id, 0);
    if (result.status == ReadStatus::reset) finish_recv(id, -ECONNRESET);
    return false;
  }
  if (buffers_unused_.empty() || faults.fires(Fault::recv_no_buffers, borrowed_.random)) {
    finish_recv(id, -ENOBUFS);
    return false;
  }
  if (faults.fires(Fault::link_reset, borrowed_.random)) borrowed_.net.cut(socket.link);
  count = std::min(count, config_.recv_buffer_bytes);
  if (count > 1 && faults.fires(Fault::recv_cut, borrowed_.random)) {
    count = borrowed_.random.between(1, count - 1);
  }
  auto bytes = std::make_unique<std::byte[]>(count);
  const ReadResult result =
      borrowed_.net.read(socket.link, socket.side, MutableBytes(bytes.get(), count));
  CHECK(result.status == ReadStatus::bytes && result.bytes == count);
  // A receive that was to be cancelled and still succeeds does so once.
  const bool ends = socket.recv_cancelled || faults.fires(Fault::multishot_ended, borrowed_.random);
  if (ends) socket.recv = OpState::ended;
  complete(id, {.conn = socket.conn,
                .op = Op::recv,
                .more = !ends,
                .has_buffer = true,
                .buffer = lend(std::move(bytes), count),
                .result = static_cast<std::int32_t>(count)});
  return !ends;
}

void SimRing::progress_send(SocketId id) {
  Socket& socket = open_socket(id);
  FaultPlan& faults = borrowed_.faults;
  Random& random = borrowed_.random;
  if (socket.send != OpState::waiting) return;
  if (socket.send_cancelled && !faults.fires(Fault::cancel_too_late, random)) {
    return finish_send(id, -ECANCELED);
  }
  if (socket.shut_down) return finish_send(id, -EPIPE);
  if (!borrowed_.net.is_reset(socket.link, socket.side) &&
      faults.fires(Fault::send_failed, random)) {
    borrowed_.net.cut(socket.link);
  }
  if (borrowed_.net.is_reset(socket.link, socket.side)) {
    return finish_send(id, random.chance(500'000) ? -EPIPE : -ECONNRESET);
  }
  std::uint32_t bytes = borrowed_.net.writable_bytes(socket.link, socket.side);
  if (bytes == 0) {
    if (socket.send_cancelled) finish_send(id, -ECANCELED);
    return;
  }
  std::uint32_t bytes_wanted = 0;
  for (const Bytes piece : socket.pieces) bytes_wanted += static_cast<std::uint32_t>(piece.size());
  bytes = std::min(bytes, bytes_wanted);
  if (bytes > 1 && faults.fires(Fault::send_short, random)) bytes = random.between(1, bytes - 1);
  finish_send(id, write_pieces(socket, bytes));
}

std::int32_t SimRing::write_pieces(Socket& socket, std::uint32_t bytes) {
  CHECK(digest_of(socket.pieces) == socket.pieces_digest);
  std::uint32_t left = bytes;
  for (const Bytes piece : socket.pieces) {
    const auto count = std::min(left, static_cast<std::uint32_t>(piece.size()));
    if (count == 0) break;
    const WriteResult result = borrowed_.net.write(socket.link, socket.side, piece.first(count));
    CHECK(result.status == WriteStatus::bytes && result.bytes == count);
    borrowed_.digest.add(piece.first(count));
    left -= count;
  }
  return static_cast<std::int32_t>(bytes);
}

void SimRing::finish_recv(SocketId id, std::int32_t result) {
  Socket& socket = open_socket(id);
  socket.recv = OpState::ended;
  complete(id, {.conn = socket.conn, .op = Op::recv, .result = result});
}

void SimRing::finish_send(SocketId id, std::int32_t result) {
  Socket& socket = open_socket(id);
  socket.send = OpState::ended;
  socket.pieces.clear();
  complete(id, {.conn = socket.conn, .op = Op::send, .result = result});
}

void SimRing::complete(SocketId id, Completion completion) {
  queue({.completion = completion, .socket = id, .has_socket = true},
        open_socket(id).completion_last[std::to_underlying(completion.op)]);
}

void SimRing::complete_accept(std::int32_t result, bool more) {
  if (!more) accept_ = OpState::ended;
  queue({.completion = {.conn = accept_conn_, .op = Op::accept, .more = more, .result = result}},
        accept_last_);
}

void SimRing::queue(const Pending& pending, Instant& completion_last) {
  Instant due = now();
  if (borrowed_.faults.fires(Fault::completion_delayed, borrowed_.random)) {
    due = due + microseconds(borrowed_.random.between(100, 50'000));
  }
  completion_last = std::max(completion_last, due);
  pending_.emplace(std::pair(completion_last, ++queued_total_), pending);
}

void SimRing::take_ready(std::uint32_t completions_max) {
  std::vector<Pending> batch;
  while (batch.size() < completions_max && !pending_.empty() &&
         pending_.begin()->first.first <= now()) {
    batch.push_back(pending_.begin()->second);
    pending_.erase(pending_.begin());
  }
  reorder(batch);
  completions_.clear();
  for (const Pending& pending : batch) deliver(pending);
}

void SimRing::reorder(std::vector<Pending>& batch) {
  for (std::size_t i = 1; i < batch.size(); ++i) {
    const Completion& before = batch[i - 1].completion;
    const Completion& after = batch[i].completion;
    if (before.op == after.op && before.conn == after.conn) continue;
    if (borrowed_.faults.fires(Fault::completion_reordered, borrowed_.random)) {
      std::swap(batch[i - 1], batch[i]);
    }
  }
}

void SimRing::deliver(const Pending& pending) {
  const Completion& completion = pending.completion;
  completions_.push_back(completion);
  ++delivered_total_;
  borrowed_.digest.add((std::uint64_t{config_.self.value} << 32) |
                       (std::uint64_t{std::to_underlying(completion.op)} << 8) |
                       (completion.more ? 1u : 0u));
  borrowed_.digest.add((std::uint64_t{completion.conn.slot} << 32) | completion.conn.generation);
  borrowed_.digest.add(static_cast<std::uint64_t>(completion.result));
  if (completion.op == Op::accept && !completion.more) accept_ = OpState::idle;
  if (completion.op == Op::close &&
      borrowed_.faults.fires(Fault::stale_completion, borrowed_.random)) {
    Instant unordered{};
    queue({.completion = {.conn = completion.conn, .op = Op::recv, .result = -ECANCELED}},
          unordered);
  }
  if (!pending.has_socket || completion.more) return;
  Socket& socket = open_socket(pending.socket);
  CHECK(socket.undelivered > 0);
  --socket.undelivered;
  if (completion.op == Op::recv) socket.recv = OpState::idle;
  if (completion.op == Op::send) socket.send = OpState::idle;
  if (completion.op == Op::connect) end_connect(pending.socket, completion.result);
}

BufferId SimRing::lend(std::unique_ptr<std::byte[]> bytes, std::uint32_t count) {
  const std::uint32_t index = *buffers_unused_.begin();
  buffers_unused_.erase(index);
  buffers_[index] = std::move(bytes);
  buffer_bytes_[index] = count;
  return {index};
}

}  // namespace parley::sim
