// What a ring remembers of each socket in its table of direct descriptors: whose it is, who is at
// the other end, and which operations are under way, so that a broken rule of io/ring.h is seen at
// once.
//
// Memory  40 bytes for each of connections_max sockets, taken at start.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <vector>

#include "core/base/ip_address.h"
#include "core/base/types.h"
#include "io/tag.h"

namespace parley::io {

class SocketTable {
 public:
  explicit SocketTable(std::uint32_t sockets);

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(sockets_.size()); }
  [[nodiscard]] std::uint32_t free_count() const { return free_count_; }
  [[nodiscard]] bool is_open(std::uint32_t socket) const;

  // A socket of the kernel's choice, or of ours: both are the table's from now on.
  void open(std::uint32_t socket);
  // A socket that the kernel does not know. REQUIRES: free_count() > 0.
  [[nodiscard]] std::uint32_t lowest_free();
  void drop(std::uint32_t socket);  // It was never handed out.

  // Where the peer's address is to be written; room for both families.
  [[nodiscard]] sockaddr_in6& address(std::uint32_t socket) { return at(socket).address; }
  [[nodiscard]] IpAddress peer(std::uint32_t socket) const;

  // Notes that an operation of `conn` begins. The tag is for its user_data.
  [[nodiscard]] std::uint64_t begin(Tag::Kind kind, ConnId conn, SocketId socket);
  // Notes that it is over, unless `more`, and says whose it was. close() frees the socket.
  ConnId end(Tag tag, bool more);

 private:
  struct Socket {
    sockaddr_in6 address{};
    std::uint32_t conn_slot = 0;
    std::uint8_t under_way = 0;  // A bit for each Tag::Kind, except cancel:
    std::uint8_t cancels = 0;    // there may be several at a time.
    bool open = false;
  };
  static_assert(sizeof(Socket) <= 40);

  [[nodiscard]] Socket& at(std::uint32_t socket);

  std::vector<Socket> sockets_;
  std::uint32_t free_count_;
  std::uint32_t lowest_free_ = 0;  // No free socket lies below.
};

}  // namespace parley::io
