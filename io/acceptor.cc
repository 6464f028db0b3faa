#include "io/acceptor.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/check.h"
#include "io/kernel_address.h"
#include "io/kernel_ring.h"
#include "io/socket_table.h"
#include "io/tag.h"
#include "io/uring_compat.h"

namespace parley::io {

namespace {

// Enough to take what comes in one turn, few enough to arm and cancel.
constexpr std::uint32_t singles_armed_max = 64;

constexpr std::uint64_t accept_tag = Tag{.kind = Tag::Kind::accept}.pack();

// Errors of the one connection that was to be accepted, see accept(2). The next may be fine.
bool concerns_one_connection(int error) {
  switch (error) {
    case ECONNABORTED:
    case EINTR:
    case EPERM:
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENOPROTOOPT:
    case ENONET:
      return true;
  }
  return false;
}

std::uint32_t address_bytes_of(int listener_fd) {
  int family = AF_INET;
  socklen_t bytes = sizeof family;
  if (listener_fd >= 0) getsockopt(listener_fd, SOL_SOCKET, SO_DOMAIN, &family, &bytes);
  return family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

}  // namespace

Acceptor::Acceptor(KernelRing& ring, SocketTable& table, Options options)
    : ring_(ring),
      table_(table),
      margin_(options.margin),
      asks_ring_(options.asks_ring),
      address_bytes_(address_bytes_of(options.listener_fd)),
      listener_fd_(options.listener_fd) {
  // The kernel would not wait for a connection on a non-blocking one, but say -EAGAIN for ever.
  CHECK(listener_fd_ < 0 || (fcntl(listener_fd_, F_GETFL) & O_NONBLOCK) == 0);
}

Acceptor::~Acceptor() {
  if (listener_fd_ >= 0) ::close(listener_fd_);
}

void Acceptor::start(ConnId conn) {
  CHECK(!under_way_);
  CHECK(listener_fd_ >= 0);
  conn_ = conn;
  under_way_ = true;
  error_ = 0;
  arm();
}

void Acceptor::stop_listening() {
  if (listener_fd_ < 0) return;
  if (under_way_) fail(-ECANCELED);
  ring_.submit();  // Entries that name the descriptor must not find another file behind it.
  // Accepts under way hold on to the listener, so that closing alone would leave it listening.
  ::shutdown(listener_fd_, SHUT_RDWR);
  ::close(listener_fd_);
  listener_fd_ = -1;
}

bool Acceptor::has_room_for_multishot() const {
  // Kernels before 6.8 report a number that is no descriptor when a multishot accept ends because
  // the completion queue is full. In the table that is found out; of the process, it would be
  // somebody else's.
  if (!asks_ring_) return false;
  // One more than the queue holds: the last completion of a multishot that did not fit.
  return table_.free_count() > margin_ + ring_.completion_entries() + 1;
}

void Acceptor::arm() {
  if (!under_way_ || error_ != 0) return;
  if (multishot_armed_) {
    if (!has_room_for_multishot()) disarm();
    return;
  }
  if (has_room_for_multishot()) {
    if (singles_armed_ == 0) arm_one(true);
    return;
  }
  const std::uint32_t free = table_.free_count();
  const std::uint32_t spare = free > margin_ ? free - margin_ : 0;
  while (singles_armed_ < std::min(spare, singles_armed_max)) arm_one(false);
}

void Acceptor::arm_one(bool multishot) {
  io_uring_sqe& entry = ring_.next_entry();
  const int flags = asks_ring_ ? 0 : SOCK_CLOEXEC;  // A socket in the table is never inherited.
  if (multishot) {
    io_uring_prep_multishot_accept(&entry, listener_fd_, nullptr, nullptr, flags);
    multishot_armed_ = true;
  } else {
    io_uring_prep_accept(&entry, listener_fd_, nullptr, nullptr, flags);
    singles_armed_ += 1;
  }
  if (asks_ring_) entry.file_index = IORING_FILE_INDEX_ALLOC;
  entry.user_data = accept_tag;
}

void Acceptor::disarm() {
  if (cancel_queued_ || !is_armed()) return;
  io_uring_sqe& entry = ring_.next_entry();
  io_uring_prep_cancel64(&entry, accept_tag, IORING_ASYNC_CANCEL_ALL);
  entry.user_data = Tag{.kind = Tag::Kind::cancel_accept}.pack();
  cancel_queued_ = true;
}

void Acceptor::fail(std::int32_t error) {
  if (error_ == 0) error_ = error;
  disarm();
}

void Acceptor::on_accept(std::int32_t result, bool more) {
  if (!more && multishot_armed_) {
    multishot_armed_ = false;
  } else if (!more) {
    CHECK(singles_armed_ > 0);
    singles_armed_ -= 1;
  }
  if (result >= 0) {
    ring_.counters().accepts += 1;
    if (asks_ring_) {
      on_socket(static_cast<std::uint32_t>(result));
    } else {
      on_descriptor(result);
    }
  } else if (result != -ECANCELED) {  // That one we asked for ourselves.
    ring_.counters().accept_errors += 1;
    if (!concerns_one_connection(-result)) fail(result);
  }
  arm();
}

void Acceptor::on_socket(std::uint32_t socket) {
  // Not a socket: see has_room_for_multishot().
  if (table_.is_open(socket) || socket >= table_.size()) {
    ring_.counters().accept_errors += 1;
    return;
  }
  table_.open(socket);
  io_uring_sqe& entry = ring_.next_entry();
  io_uring_prep_rw(IORING_OP_URING_CMD, &entry, static_cast<int>(socket), nullptr, 0,
                   compat::socket_uring_op_getsockopt);
  entry.flags |= IOSQE_FIXED_FILE;
  entry.addr = std::uint64_t{SO_PEERNAME} << 32 | std::uint64_t{SOL_SOCKET};
  entry.file_index = address_bytes_;
  const std::uint32_t answer = take_answer();
  entry.addr3 = reinterpret_cast<std::uintptr_t>(&answers_[answer]);
  entry.user_data = Tag{.kind = Tag::Kind::ask_peer, .socket = socket, .generation = answer}.pack();
  peers_asked_ += 1;
}

std::uint32_t Acceptor::take_answer() {
  if (answers_free_.empty()) {
    answers_.emplace_back();
    return static_cast<std::uint32_t>(answers_.size() - 1);
  }
  const std::uint32_t answer = answers_free_.back();
  answers_free_.pop_back();
  return answer;
}

void Acceptor::on_peer(Tag tag, std::int32_t result) {
  CHECK(peers_asked_ > 0);
  CHECK(!ready_);
  peers_asked_ -= 1;
  answers_free_.push_back(tag.generation);
  if (result == -EBADF) {  // It was no socket after all: see on_socket().
    ring_.counters().accept_errors += 1;
    table_.drop(tag.socket);
    arm();
    return;
  }
  if (result < 0) {
    ring_.counters().peers_unknown += 1;
  } else {
    table_.set_peer(tag.socket, from_kernel(answers_[tag.generation]));
  }
  ready_ = tag.socket;
}

void Acceptor::on_descriptor(int fd) {
  CHECK(!ready_);
  const std::uint32_t socket = table_.lowest_free();
  const int error = io_uring_register_files_update(&ring_.raw(), socket, &fd, 1);
  if (error < 0) {
    ring_.counters().accept_errors += 1;
    ::close(fd);
    return;
  }
  table_.open(socket);
  sockaddr_in6 address{};
  socklen_t bytes = sizeof address;
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&address), &bytes) == 0) {
    table_.set_peer(socket, from_kernel(address));
  } else {
    ring_.counters().peers_unknown += 1;
  }
  ::close(fd);  // The table holds the socket.
  ready_ = socket;
}

void Acceptor::on_cancel() {
  cancel_queued_ = false;
  if (error_ != 0) disarm();
  arm();
}

bool Acceptor::has_completion() const {
  return under_way_ && (ready_.has_value() || has_ended());
}

bool Acceptor::take(Completion& completion) {
  if (!has_completion()) return false;
  completion = Completion{.conn = conn_, .op = Op::accept};
  if (ready_) {
    completion.result = static_cast<std::int32_t>(*ready_);
    completion.more = !has_ended() || error_ != 0;
    ready_.reset();
  } else {
    completion.result = error_ != 0 ? error_ : -ENFILE;
  }
  under_way_ = completion.more;
  return true;
}

}  // namespace parley::io
