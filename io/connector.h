// Ring::connect() on a kernel ring: a socket in the table, set up, bound to its source address and
// connected.
//
// Where the kernel can (Linux 6.11), that is one chain of entries: the first that fails reports,
// the rest are silent, so that each chain has one completion. Elsewhere a descriptor of the process
// is made, set up and bound with plain system calls, put into the table and closed; only connecting
// itself is an entry. docs/decisions/0005-how-a-ring-connects.md has the figures.
//
// Slots  We choose the slot of the table: an entry of a chain cannot name what one before it was
//        given. A listener's sockets go where the kernel chooses, which might be there: so a ring
//        accepts or connects, never both.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <vector>

#include "core/base/ip_address.h"
#include "core/base/types.h"
#include "io/connect_index.h"
#include "io/ring.h"
#include "io/tag.h"

namespace parley::io {

class KernelRing;
class SocketTable;

class Connector {
 public:
  // `ring` and `table` are borrowed and outlive this. `chains`: the kernel can.
  Connector(KernelRing& ring, SocketTable& table, bool chains);

  void start(ConnId conn, const SocketAddress& to, const IpAddress& from);
  void cancel(ConnId conn);

  [[nodiscard]] Completion on_connect(Tag tag, std::int32_t result);
  void on_cancel(Tag tag);

  // Connects that failed at once: what the caller is to hear next, if anything.
  [[nodiscard]] bool has_completion() const { return failed_taken_ < failed_.size(); }
  [[nodiscard]] bool take(Completion& completion);

 private:
  // A connect of ours: where, from where, and the tag of its entries.
  struct Plan {
    std::uint32_t socket{};
    std::uint64_t tag{};
    sockaddr_in6 to{};
    IpAddress from;
  };

  void queue_chain(const Plan& plan);
  void queue_connect(const Plan& plan);
  [[nodiscard]] std::int32_t put_descriptor(const Plan& plan);
  [[nodiscard]] const sockaddr_in6& lend(const sockaddr_in6& address);
  void queue_cancel(std::uint32_t socket, std::uint32_t generation);
  void fail(ConnId conn, std::int32_t error);

  KernelRing& ring_;    // Borrowed from the UringRing.
  SocketTable& table_;  // Borrowed from the UringRing.
  const bool chains_;

  ConnectIndex under_way_;
  // Addresses until the kernel has taken the entries that name them, used in turn: an entry names
  // one at most, so that one for each place in the queue is enough.
  std::vector<sockaddr_in6> addresses_;
  std::size_t addresses_used_ = 0;
  std::vector<Completion> failed_;
  std::size_t failed_taken_ = 0;
};

}  // namespace parley::io
