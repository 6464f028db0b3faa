#include "io/connector.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "core/base/check.h"
#include "io/kernel_address.h"
#include "io/kernel_ring.h"
#include "io/socket_table.h"
#include "io/uring_compat.h"

namespace parley::io {

namespace {

constexpr std::uint32_t chain_entries_max = 5;

// An option as the kernel wants it in an entry, and in setsockopt(). All of ours are switched on.
struct SocketOption {
  std::uint32_t level{};
  std::uint32_t name{};
};
constexpr int on = 1;

constexpr SocketOption no_delay{IPPROTO_TCP, TCP_NODELAY};
// bind() then takes the address alone, and connect() a port that is free towards this one peer:
// each pair of addresses has all the ports. The option of IPv4 serves both families.
constexpr SocketOption bind_no_port{IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT};

constexpr std::uint8_t link_flags = IOSQE_FIXED_FILE | IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;

const sockaddr* generic(const sockaddr_in6& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

void fill_in_option(io_uring_sqe& entry, std::uint32_t socket, const SocketOption& option) {
  io_uring_prep_rw(IORING_OP_URING_CMD, &entry, static_cast<int>(socket), nullptr, 0,
                   compat::socket_uring_op_setsockopt);
  entry.flags |= link_flags;
  entry.addr = std::uint64_t{option.name} << 32 | option.level;
  entry.file_index = sizeof on;
  entry.addr3 = reinterpret_cast<std::uintptr_t>(&on);
}

std::int32_t set_up_descriptor(int fd, const IpAddress& from) {
  const auto set = [fd](SocketOption option) {
    return setsockopt(fd, static_cast<int>(option.level), static_cast<int>(option.name), &on,
                      sizeof on);
  };
  if (set(no_delay) != 0) return -errno;
  if (from.is_unspecified()) return 0;
  const sockaddr_in6 source = to_kernel({.ip = from});
  if (set(bind_no_port) != 0) return -errno;
  return bind(fd, generic(source), bytes_of(source)) == 0 ? 0 : -errno;
}

}  // namespace

Connector::Connector(KernelRing& ring, SocketTable& table, bool chains)
    : ring_(ring),
      table_(table),
      chains_(chains && ring.submission_entries() >= chain_entries_max),
      under_way_(table.size()),
      addresses_(ring.submission_entries()) {}

void Connector::start(ConnId conn, const SocketAddress& to, const IpAddress& from) {
  CHECK(from.is_unspecified() || from.is_v4() == to.ip.is_v4());
  if (table_.free_count() == 0) return fail(conn, -ENFILE);
  Plan plan{.socket = table_.lowest_free(), .to = to_kernel(to), .from = from};
  table_.open(plan.socket);
  table_.set_peer(plan.socket, to.ip);
  under_way_.add(plan.socket, conn);
  if (!chains_) {
    const std::int32_t result = put_descriptor(plan);
    if (result < 0) {
      under_way_.remove(plan.socket);
      table_.drop(plan.socket);
      return fail(conn, result);
    }
  }
  plan.tag = table_.begin(Tag::Kind::connect, conn, {plan.socket});
  if (chains_) return queue_chain(plan);
  queue_connect(plan);
}

// Every entry has the same tag: the one that completes speaks for all. One with
// IOSQE_CQE_SKIP_SUCCESS that fails reports it, and the kernel then ends those behind it silently.
void Connector::queue_chain(const Plan& plan) {
  ring_.make_room(chain_entries_max);
  io_uring_sqe& make = ring_.next_entry();
  io_uring_prep_socket_direct(&make, plan.to.sin6_family, SOCK_STREAM, 0, plan.socket, 0);
  make.flags |= IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;
  make.user_data = plan.tag;
  io_uring_sqe& set = ring_.next_entry();
  fill_in_option(set, plan.socket, no_delay);
  set.user_data = plan.tag;
  if (!plan.from.is_unspecified()) {
    io_uring_sqe& set_bind = ring_.next_entry();
    fill_in_option(set_bind, plan.socket, bind_no_port);
    set_bind.user_data = plan.tag;
    const sockaddr_in6& source = lend(to_kernel({.ip = plan.from}));
    io_uring_sqe& bind = ring_.next_entry();
    io_uring_prep_rw(compat::op_bind, &bind, static_cast<int>(plan.socket), &source, 0,
                     bytes_of(source));
    bind.flags |= link_flags;
    bind.user_data = plan.tag;
  }
  queue_connect(plan);
}

void Connector::queue_connect(const Plan& plan) {
  const sockaddr_in6& to = lend(plan.to);
  io_uring_sqe& entry = ring_.next_entry();
  io_uring_prep_connect(&entry, static_cast<int>(plan.socket), generic(to), bytes_of(to));
  entry.flags |= IOSQE_FIXED_FILE;
  entry.user_data = plan.tag;
}

const sockaddr_in6& Connector::lend(const sockaddr_in6& address) {
  sockaddr_in6& place = addresses_[addresses_used_++ % addresses_.size()];
  place = address;
  return place;
}

std::int32_t Connector::put_descriptor(const Plan& plan) {
  const int fd = ::socket(plan.to.sin6_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  std::int32_t result = set_up_descriptor(fd, plan.from);
  if (result >= 0) result = io_uring_register_files_update(&ring_.raw(), plan.socket, &fd, 1);
  ::close(fd);  // The table holds the socket.
  return result;
}

Completion Connector::on_connect(Tag tag, std::int32_t result) {
  const ConnId conn = table_.end(tag, false);
  under_way_.remove(tag.socket);
  if (result >= 0) {
    ring_.counters().connects += 1;
    result = static_cast<std::int32_t>(tag.socket);
  } else {
    ring_.counters().connect_errors += 1;
    const int none = -1;
    // At once and not as an entry: the slot may be taken again before that would be submitted.
    static_cast<void>(io_uring_register_files_update(&ring_.raw(), tag.socket, &none, 1));
    table_.drop(tag.socket);
  }
  return {.conn = conn, .op = Op::connect, .result = result};
}

void Connector::cancel(ConnId conn) {
  const std::optional<std::uint32_t> socket = under_way_.find(conn);
  if (!socket) return;
  if (table_.is_under_way(Tag::Kind::cancel_connect, *socket)) return;
  static_cast<void>(table_.begin(Tag::Kind::cancel_connect, conn, {*socket}));
  queue_cancel(*socket, conn.generation);
}

void Connector::queue_cancel(std::uint32_t socket, std::uint32_t generation) {
  Tag tag{.kind = Tag::Kind::connect, .socket = socket, .generation = generation};
  io_uring_sqe& entry = ring_.next_entry();
  io_uring_prep_cancel64(&entry, tag.pack(), 0);
  entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
  tag.kind = Tag::Kind::cancel_connect;
  entry.user_data = tag.pack();
}

// It found nothing. Either the connect is over, or the kernel has not come to the end of the chain:
// then it is asked again. The table tells, since it forgets the wish when the connect ends. Should
// another connect have the slot by now, and be cancelled too, it may be asked twice; that is all.
void Connector::on_cancel(Tag tag) {
  if (!table_.is_under_way(Tag::Kind::cancel_connect, tag.socket)) return;
  queue_cancel(tag.socket, tag.generation);
}

void Connector::fail(ConnId conn, std::int32_t error) {
  ring_.counters().connect_errors += 1;
  failed_.push_back({.conn = conn, .op = Op::connect, .result = error});
}

bool Connector::take(Completion& completion) {
  if (!has_completion()) return false;
  completion = failed_[failed_taken_++];
  if (!has_completion()) {
    failed_.clear();
    failed_taken_ = 0;
  }
  return true;
}

}  // namespace parley::io
