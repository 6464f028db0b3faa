// What a ring remembers of each socket in its table of direct descriptors: whose it is, who is at
// the other end, and which operations are under way, so that a broken rule of io/ring.h is seen at
// once.
//
// Memory  Address space for 24 bytes and a bit for each of connections_max sockets at start; a page
//         is touched when a socket on it is first used.
// Cost    Finding a free socket reads a bit for each that is not.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/ip_address.h"
#include "core/base/types.h"
#include "io/tag.h"

namespace parley::io {

class SocketTable {
 public:
  explicit SocketTable(std::uint32_t sockets);

  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] std::uint32_t free_count() const { return free_count_; }
  [[nodiscard]] bool is_open(std::uint32_t socket) const;

  // A socket of the kernel's choice, or of ours: both are the table's from now on.
  void open(std::uint32_t socket);
  // A socket that the kernel does not know. REQUIRES: free_count() > 0.
  [[nodiscard]] std::uint32_t lowest_free();
  void drop(std::uint32_t socket);  // It was never handed out.

  void set_peer(std::uint32_t socket, const IpAddress& address) { at(socket).peer = address; }
  // Unspecified until it was set.
  [[nodiscard]] IpAddress peer(std::uint32_t socket) const;

  // Notes that an operation of `conn` begins. The tag is for its user_data.
  [[nodiscard]] std::uint64_t begin(Tag::Kind kind, ConnId conn, SocketId socket);
  // Notes that it is over, unless `more`, and says whose it was. close() frees the socket, and the
  // end of a connect ends its cancel_connect, too.
  ConnId end(Tag tag, bool more);
  [[nodiscard]] bool is_under_way(Tag::Kind kind, std::uint32_t socket) const;

 private:
  struct Socket {  // All zero until it is opened: memory that nobody has touched is good.
    IpAddress peer;
    std::uint32_t conn_slot = 0;  // The generation travels in the tags.
    std::uint8_t under_way = 0;   // A bit for each Tag::Kind, except cancel:
    std::uint8_t cancels = 0;     // there may be several at a time.
    bool open = false;
  };
  static_assert(sizeof(Socket) == 24, "There may be millions.");

  [[nodiscard]] Socket& at(std::uint32_t socket);

  struct FreeDeleter {
    void operator()(Socket* sockets) const;
  };

  std::uint32_t size_;
  std::unique_ptr<Socket[], FreeDeleter> sockets_;
  std::vector<std::uint64_t> free_;  // A bit for each socket.
  std::uint32_t free_count_;
  std::uint32_t lowest_free_ = 0;  // No word of free_ below has one.
};

}  // namespace parley::io
