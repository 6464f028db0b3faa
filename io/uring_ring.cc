#include "io/uring_ring.h"

#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "core/base/check.h"
#include "io/acceptor.h"
#include "io/connector.h"
#include "io/gather_arena.h"
#include "io/kernel_ring.h"
#include "io/recv_buffers.h"
#include "io/socket_table.h"
#include "io/tag.h"

namespace parley::io {

namespace {

// Pieces of gathered sends between two submissions; more of them are submitted early.
constexpr std::uint32_t pieces_per_entry = 4;

constexpr std::uint32_t pieces_queued_max(std::uint32_t submissions) {
  return std::max(submissions * pieces_per_entry, Ring::send_pieces_max);
}

// A timeout of the kernel's need not be exact when the deadline is far away: wait() asks again.
constexpr Duration sleep_max = seconds(3'600);

// Why a refused enter is not asked again at once: the kernel needs time to find memory.
constexpr Duration refused_pause = milliseconds(1);

constexpr int on_socket(SocketId socket) {
  return static_cast<int>(socket.value);
}

Instant read_clock(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return {time.tv_sec * 1'000'000'000 + time.tv_nsec};
}

void sleep_until(Instant deadline) {
  const timespec time{.tv_sec = deadline.ns / 1'000'000'000,
                      .tv_nsec = deadline.ns % 1'000'000'000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr) == EINTR) {
  }
}

Result<void> register_table(KernelRing& kernel, std::uint32_t connections_max) {
  const int error = io_uring_register_files_sparse(&kernel.raw(), connections_max);
  if (error >= 0) return {};
  const std::string count = std::to_string(connections_max);
  if (error == -EMFILE) {
    return failure(count +
                   " connections of one worker exceed the limit of open files: raise it "
                   "(ulimit -n, or LimitNOFILE= of the service), use more workers or allow fewer "
                   "connections");
  }
  return failure("the kernel refuses a table of " + count + " sockets: " + std::strerror(-error));
}

}  // namespace

UringRing::UringRing(const UringConfig& config)
    : worker_(config.worker), directory_(*config.directory) {}

Result<std::unique_ptr<UringRing>> UringRing::open(const UringConfig& config) {
  CHECK(config.directory != nullptr);
  std::unique_ptr<UringRing> ring(new UringRing(config));
  Result<void> ready = ring->set_up(config);
  if (!ready) {
    if (ring->acceptor_ == nullptr && config.listener_fd >= 0) ::close(config.listener_fd);
    return std::unexpected<Error>(ready.error());
  }
  config.directory->enter(config.worker, ring->kernel_->raw().ring_fd);
  return ring;
}

Result<void> UringRing::set_up(const UringConfig& config) {
  if (config.connections_max == 0 || config.connections_max > sockets_max) {
    return failure("a worker holds 1 to " + std::to_string(sockets_max) +
                   " connections: " + std::to_string(config.connections_max) + " are not possible");
  }
  Result<std::unique_ptr<KernelRing>> kernel =
      KernelRing::open({.submissions = config.submissions, .completions = config.completions});
  if (!kernel) return std::unexpected<Error>(kernel.error());
  kernel_ = std::move(*kernel);
  Result<void> table = register_table(*kernel_, config.connections_max);
  if (!table) return table;
  Result<std::unique_ptr<RecvBuffers>> buffers = RecvBuffers::open(
      *kernel_, {.buffers = config.recv_buffers, .buffer_bytes = config.recv_buffer_bytes});
  if (!buffers) return std::unexpected<Error>(buffers.error());
  buffers_ = std::move(*buffers);
  sockets_ = std::make_unique<SocketTable>(config.connections_max);
  acceptor_ = std::make_unique<Acceptor>(
      *kernel_, *sockets_,
      Acceptor::Options{.listener_fd = config.listener_fd,
                        .margin = config.accept_margin,
                        .asks_ring = config.features.peer_of_direct_socket});
  if (config.listener_fd < 0) {
    connector_ = std::make_unique<Connector>(*kernel_, *sockets_, config.features.connect_chain);
  }
  arena_ = std::make_unique<GatherArena>(config.submissions, pieces_queued_max(config.submissions));
  completions_.reserve(completion_batch_max);
  return {};
}

UringRing::~UringRing() {
  directory_.remove(worker_);
}

void UringRing::accept(ConnId conn) {
  acceptor_->start(conn);
}

void UringRing::stop_listening() {
  acceptor_->stop_listening();
}

void UringRing::connect(ConnId conn, const SocketAddress& to, const IpAddress& from) {
  CHECK(connector_ != nullptr);
  connector_->start(conn, to, from);
}

void UringRing::cancel_connect(ConnId conn) {
  CHECK(connector_ != nullptr);
  connector_->cancel(conn);
}

IpAddress UringRing::peer(SocketId socket) const {
  return sockets_->peer(socket.value);
}

void UringRing::recv(ConnId conn, SocketId socket) {
  const std::uint64_t tag = sockets_->begin(Tag::Kind::recv, conn, socket);
  io_uring_sqe& entry = kernel_->next_entry();
  io_uring_prep_recv_multishot(&entry, on_socket(socket), nullptr, 0, 0);
  entry.flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
  entry.buf_group = RecvBuffers::group;
  entry.user_data = tag;
}

void UringRing::send(ConnId conn, SocketId socket, std::span<const Bytes> pieces) {
  CHECK(!pieces.empty());
  CHECK(pieces.size() <= send_pieces_max);
  for (const Bytes piece : pieces) CHECK(!piece.empty());
  const std::uint64_t tag = sockets_->begin(Tag::Kind::send, conn, socket);
  io_uring_sqe* entry = nullptr;
  if (pieces.size() == 1) {
    entry = &kernel_->next_entry();
    // A completion counts bytes in 31 bits; what is beyond is a short send.
    const std::size_t bytes = std::min<std::size_t>(pieces[0].size(), INT32_MAX);
    io_uring_prep_send(entry, 0, pieces[0].data(), bytes, MSG_NOSIGNAL);
  } else {
    entry = &entry_for_gathered_send(pieces);
  }
  entry->fd = on_socket(socket);
  entry->flags |= IOSQE_FIXED_FILE;
  entry->user_data = tag;
}

io_uring_sqe& UringRing::entry_for_gathered_send(std::span<const Bytes> pieces) {
  if (!arena_->has_room(pieces.size())) kernel_->submit();
  io_uring_sqe& entry = kernel_->next_entry();
  if (kernel_->queued() == 1) arena_->reset();  // The kernel has taken all entries before this.
  io_uring_prep_sendmsg(&entry, 0, arena_->take(pieces), MSG_NOSIGNAL);
  return entry;
}

void UringRing::shutdown(ConnId conn, SocketId socket) {
  const std::uint64_t tag = sockets_->begin(Tag::Kind::shutdown, conn, socket);
  io_uring_sqe& entry = kernel_->next_entry();
  io_uring_prep_shutdown(&entry, on_socket(socket), SHUT_WR);
  entry.flags |= IOSQE_FIXED_FILE;
  entry.user_data = tag;
}

// By their user_data, which the kernel has a hash of; to find what is under way on a socket it
// walks through all that the ring has armed (docs/decisions/0009). The kernel cancels as it
// submits, so that the second has been tried when the first completes, in whatever order.
void UringRing::cancel(ConnId conn, SocketId socket) {
  const bool receives = sockets_->is_under_way(Tag::Kind::recv, socket.value);
  const bool sends = sockets_->is_under_way(Tag::Kind::send, socket.value);
  const std::uint64_t tag = sockets_->begin(Tag::Kind::cancel, conn, socket);
  const auto ask = [&](Tag::Kind which, std::uint64_t user_data) {
    io_uring_sqe& entry = kernel_->next_entry();
    io_uring_prep_cancel64(&entry, Tag{which, socket.value, conn.generation}.pack(), 0);
    entry.user_data = user_data;
  };
  if (receives && sends) {
    ask(Tag::Kind::send, Tag{.kind = Tag::Kind::cancel_send, .socket = socket.value}.pack());
  }
  ask(sends && !receives ? Tag::Kind::send : Tag::Kind::recv, tag);
}

void UringRing::close(ConnId conn, SocketId socket) {
  const std::uint64_t tag = sockets_->begin(Tag::Kind::close, conn, socket);
  io_uring_sqe& entry = kernel_->next_entry();
  io_uring_prep_close_direct(&entry, socket.value);
  entry.user_data = tag;
}

void UringRing::wake(WorkerId target) {
  // A worker without a ring looks at its mail when it starts, or has stopped looking.
  const int fd = directory_.find(target);
  if (fd == RingDirectory::none) return;
  io_uring_sqe& entry = kernel_->next_entry();
  io_uring_prep_msg_ring(&entry, fd, 0, Tag{.kind = Tag::Kind::wake}.pack(), 0);
  entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
  entry.user_data = Tag{.kind = Tag::Kind::message}.pack();
  kernel_->counters().wakes_sent += 1;
}

MutableBytes UringRing::buffer(BufferId id, std::uint32_t size_bytes) {
  return buffers_->bytes(id, size_bytes);
}

void UringRing::recycle(BufferId id) {
  buffers_->give_back(id);
}

std::span<const Completion> UringRing::wait(Instant deadline, std::uint32_t completions_max) {
  CHECK(completions_max <= completion_batch_max);
  completions_.clear();
  if (completions_max == 0) {
    kernel_->poll();
    if (deadline > now()) sleep_until(deadline);
    return completions_;
  }
  const std::uint64_t refused = kernel_->counters().enters_refused;
  while (true) {
    const Duration left = deadline - now();
    if (left.ns > 0 && !has_completion()) {
      kernel_->sleep(std::min(left, sleep_max));
    } else {
      kernel_->poll();
    }
    if (kernel_->queued() == 0) arena_->reset();
    take_completions(completions_max);
    if (!completions_.empty() || left.ns <= 0) return completions_;
    if (kernel_->counters().enters_refused > refused) sleep_until(now() + refused_pause);
  }
}

bool UringRing::has_completion() const {
  return acceptor_->has_completion() || (connector_ != nullptr && connector_->has_completion());
}

bool UringRing::take_completion(Completion& completion) {
  return acceptor_->take(completion) || (connector_ != nullptr && connector_->take(completion));
}

void UringRing::take_completions(std::uint32_t completions_max) {
  Completion completion;
  while (completions_.size() < completions_max) {
    if (take_completion(completion)) {
      completions_.push_back(completion);
      continue;
    }
    const io_uring_cqe* oldest = kernel_->peek();
    if (oldest == nullptr) return;
    const Tag tag = Tag::unpack(oldest->user_data);
    const std::int32_t result = oldest->res;
    const std::uint32_t flags = oldest->flags;
    kernel_->seen();
    if (on_completion(tag, result, flags, completion)) completions_.push_back(completion);
  }
}

bool UringRing::on_completion(Tag tag, std::int32_t result, std::uint32_t flags,
                              Completion& completion) {
  const bool more = (flags & IORING_CQE_F_MORE) != 0;
  switch (tag.kind) {
    case Tag::Kind::accept:
      acceptor_->on_accept(result, more);
      return false;
    case Tag::Kind::ask_peer:
      acceptor_->on_peer(tag, result);
      return false;
    case Tag::Kind::cancel_accept:
      acceptor_->on_cancel();
      return false;
    case Tag::Kind::cancel_send:
      return false;
    case Tag::Kind::cancel_connect:  // Successes are not reported.
      connector_->on_cancel(tag);
      return false;
    case Tag::Kind::message:  // Successes are not reported (IOSQE_CQE_SKIP_SUCCESS).
      kernel_->counters().wakes_failed += 1;
      return false;
    case Tag::Kind::connect:
      completion = connector_->on_connect(tag, result);
      return true;
    case Tag::Kind::recv:
      completion = recv_completion(tag, result, flags);
      return true;
    case Tag::Kind::wake:
      completion = {.op = Op::wake};
      return true;
    case Tag::Kind::send:
      completion = {.conn = sockets_->end(tag, false), .op = Op::send, .result = result};
      return true;
    case Tag::Kind::shutdown:
      completion = {.conn = sockets_->end(tag, false), .op = Op::shutdown, .result = result};
      return true;
    case Tag::Kind::cancel:
      completion = {.conn = sockets_->end(tag, false), .op = Op::cancel, .result = result};
      return true;
    case Tag::Kind::close:
      completion = {.conn = sockets_->end(tag, false), .op = Op::close, .result = result};
      return true;
  }
  CHECK(false);
  return false;
}

Completion UringRing::recv_completion(Tag tag, std::int32_t result, std::uint32_t flags) {
  Completion completion{.op = Op::recv, .more = (flags & IORING_CQE_F_MORE) != 0};
  completion.conn = sockets_->end(tag, completion.more);
  completion.result = result;
  if (result == -ENOBUFS) kernel_->counters().recv_no_buffers += 1;
  if ((flags & IORING_CQE_F_BUFFER) == 0) return completion;
  completion.buffer = {flags >> IORING_CQE_BUFFER_SHIFT};
  buffers_->lend(completion.buffer);
  completion.has_buffer = result > 0;
  if (!completion.has_buffer) buffers_->give_back(completion.buffer);
  return completion;
}

Instant UringRing::now() const {
  return read_clock(CLOCK_MONOTONIC);
}

UnixMillis UringRing::wall_now() const {
  return {read_clock(CLOCK_REALTIME_COARSE).ns / 1'000'000};
}

const RingCounters& UringRing::counters() const {
  return kernel_->counters();
}

}  // namespace parley::io
