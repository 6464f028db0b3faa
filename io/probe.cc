#include "io/probe.h"

#include <liburing.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>

#include "io/kernel_ring.h"
#include "io/recv_buffers.h"
#include "io/uring_compat.h"

namespace parley::io {

namespace {

struct Need {
  int code;
  const char* name;
  const char* since;
};

constexpr std::array operations = {
    Need{IORING_OP_ACCEPT, "IORING_OP_ACCEPT", "5.5"},
    Need{IORING_OP_CONNECT, "IORING_OP_CONNECT", "5.5"},
    Need{IORING_OP_RECV, "IORING_OP_RECV", "5.6"},
    Need{IORING_OP_SEND, "IORING_OP_SEND", "5.6"},
    Need{IORING_OP_SENDMSG, "IORING_OP_SENDMSG", "5.3"},
    Need{IORING_OP_SHUTDOWN, "IORING_OP_SHUTDOWN", "5.11"},
    Need{IORING_OP_ASYNC_CANCEL, "IORING_OP_ASYNC_CANCEL", "5.5"},
    Need{IORING_OP_CLOSE, "IORING_OP_CLOSE", "5.6"},
    Need{IORING_OP_MSG_RING, "IORING_OP_MSG_RING", "5.18"},
};

constexpr std::array promises = {
    Need{IORING_FEAT_NODROP, "IORING_FEAT_NODROP", "5.5"},
    Need{IORING_FEAT_SUBMIT_STABLE, "IORING_FEAT_SUBMIT_STABLE", "5.5"},
    Need{IORING_FEAT_FAST_POLL, "IORING_FEAT_FAST_POLL", "5.7"},
    Need{IORING_FEAT_EXT_ARG, "IORING_FEAT_EXT_ARG", "5.11"},
    Need{IORING_FEAT_CQE_SKIP, "IORING_FEAT_CQE_SKIP", "5.17"},
};

std::unexpected<Error> lacks(const Need& need) {
  return failure(std::string("Linux 6.1 or newer is needed: this kernel lacks ") + need.name +
                 " (Linux " + need.since + "), or a sandbox forbids it");
}

Result<void> check_operations(KernelRing& ring) {
  for (const Need& promise : promises) {
    if ((ring.raw().features & static_cast<unsigned>(promise.code)) == 0) return lacks(promise);
  }
  const std::unique_ptr<io_uring_probe, decltype(&io_uring_free_probe)> known(
      io_uring_get_probe_ring(&ring.raw()), &io_uring_free_probe);
  if (known == nullptr) return lacks({0, "IORING_REGISTER_PROBE", "5.6"});
  for (const Need& operation : operations) {
    if (io_uring_opcode_supported(known.get(), operation.code) == 0) return lacks(operation);
  }
  return {};
}

// The result of what is queued, of which the last entry or one that fails is to report.
int result_of(KernelRing& ring) {
  ring.sleep(seconds(1));
  const io_uring_cqe* answer = ring.peek();
  if (answer == nullptr) return -ETIME;
  const int result = answer->res;
  ring.seen();
  return result;
}

// Asks for the peer of a socket in the table, as io/acceptor.cc will. A local pair will do: its
// nameless peer's address is two bytes, the family. REQUIRES: a table of one.
bool names_peer_of_direct_socket(KernelRing& ring) {
  std::array<int, 2> pair{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) return false;
  bool named = false;
  if (io_uring_register_files_update(&ring.raw(), 0, pair.data(), 1) == 1) {
    sa_family_t family = AF_UNSPEC;
    io_uring_sqe& entry = ring.next_entry();
    io_uring_prep_rw(IORING_OP_URING_CMD, &entry, 0, nullptr, 0,
                     compat::socket_uring_op_getsockopt);
    entry.flags |= IOSQE_FIXED_FILE;
    entry.addr = std::uint64_t{SO_PEERNAME} << 32 | std::uint64_t{SOL_SOCKET};
    entry.file_index = sizeof family;
    entry.addr3 = reinterpret_cast<std::uintptr_t>(&family);
    entry.user_data = 0;
    named = result_of(ring) == sizeof family && family == AF_UNIX;
  }
  ::close(pair[0]);
  ::close(pair[1]);
  return named;
}

// Makes a socket in the table, sets it up and binds it, as io/connector.cc will, but to no address
// and no port, and without connecting. REQUIRES: a table of one.
bool sets_up_sockets_in_table(KernelRing& ring) {
  const int on = 1;
  const sockaddr_in nowhere{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {}, .sin_zero = {}};
  io_uring_sqe& make = ring.next_entry();
  io_uring_prep_socket_direct(&make, AF_INET, SOCK_STREAM, 0, 0, 0);
  make.flags |= IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;
  make.user_data = 0;
  io_uring_sqe& set = ring.next_entry();
  io_uring_prep_rw(IORING_OP_URING_CMD, &set, 0, nullptr, 0, compat::socket_uring_op_setsockopt);
  set.flags |= IOSQE_FIXED_FILE | IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;
  set.addr = std::uint64_t{IP_BIND_ADDRESS_NO_PORT} << 32 | std::uint64_t{IPPROTO_IP};
  set.file_index = sizeof on;
  set.addr3 = reinterpret_cast<std::uintptr_t>(&on);
  set.user_data = 0;
  io_uring_sqe& bind = ring.next_entry();
  io_uring_prep_rw(compat::op_bind, &bind, 0, &nowhere, 0, sizeof nowhere);
  bind.flags |= IOSQE_FIXED_FILE;
  bind.user_data = 0;
  return result_of(ring) == 0;
}

}  // namespace

Result<Features> probe_kernel() {
  Result<std::unique_ptr<KernelRing>> ring =
      KernelRing::open({.submissions = 8, .completions = 16});
  if (!ring) return std::unexpected<Error>(ring.error());
  const Result<void> operations_known = check_operations(**ring);
  if (!operations_known) return std::unexpected<Error>(operations_known.error());
  const Result<std::unique_ptr<RecvBuffers>> buffers =
      RecvBuffers::open(**ring, {.buffers = 1, .buffer_bytes = 1});
  if (!buffers) return lacks({0, "IORING_REGISTER_PBUF_RING", "5.19"});
  Features features;
  if (io_uring_register_files_sparse(&(*ring)->raw(), 1) < 0) return features;
  features.peer_of_direct_socket = names_peer_of_direct_socket(**ring);
  features.connect_chain = sets_up_sockets_in_table(**ring);
  return features;
}

}  // namespace parley::io
