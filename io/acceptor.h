// Ring::accept() on a kernel ring: accepts into the table, finds out each peer's address before the
// caller hears of the socket, and never lets the table fill up.
//
// A connection accepted into a full table is closed by the kernel, and a multishot accept takes as
// many as the completion queue holds before we see the first. So it is used only while that many
// sockets are free; near the end, single accepts follow, never more of them than free sockets.
//
// Peers  The kernel is asked for the address of a socket in the table where it can answer (Linux
//        6.7). Elsewhere connections are accepted as descriptors of the process, asked with
//        getpeername(), put into the table and closed: three more system calls for each, and no
//        multishot.
// Memory 28 bytes for each address that was ever asked for at a time: a few turns' worth.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "core/base/types.h"
#include "io/ring.h"
#include "io/tag.h"

namespace parley::io {

class KernelRing;
class SocketTable;

class Acceptor {
 public:
  struct Options {
    int listener_fd{};       // Owned from now on; -1: none.
    std::uint32_t margin{};  // Sockets to leave free.
    bool asks_ring{};        // The kernel names the peer of a socket in the table.
  };

  // `ring` and `table` are borrowed and outlive this.
  Acceptor(KernelRing& ring, SocketTable& table, Options options);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor();

  void start(ConnId conn);
  void stop_listening();

  void on_accept(std::int32_t result, bool more);
  void on_peer(Tag tag, std::int32_t result);
  void on_cancel();

  // What the caller is to hear next, if anything. REQUIRES: taken until false after each on_...().
  [[nodiscard]] bool has_completion() const;
  [[nodiscard]] bool take(Completion& completion);

 private:
  [[nodiscard]] bool has_room_for_multishot() const;
  [[nodiscard]] bool is_armed() const { return multishot_armed_ || singles_armed_ > 0; }
  [[nodiscard]] bool has_ended() const { return !is_armed() && peers_asked_ == 0; }
  void arm();
  void arm_one(bool multishot);
  void disarm();
  void fail(std::int32_t error);
  void on_socket(std::uint32_t socket);
  void on_descriptor(int fd);
  [[nodiscard]] std::uint32_t take_answer();

  KernelRing& ring_;    // Borrowed from the UringRing.
  SocketTable& table_;  // Borrowed from the UringRing.
  const std::uint32_t margin_;
  const bool asks_ring_;
  std::uint32_t address_bytes_ = 0;  // Of the listener's family.

  int listener_fd_;
  ConnId conn_;
  bool under_way_ = false;  // The caller's accept has not had its last completion.
  bool multishot_armed_ = false;
  bool cancel_queued_ = false;
  std::uint32_t singles_armed_ = 0;
  std::uint32_t peers_asked_ = 0;     // Accepted sockets whose address is to come.
  std::deque<sockaddr_in6> answers_;  // Where the kernel writes addresses: none of them moves.
  std::vector<std::uint32_t> answers_free_;
  std::optional<std::uint32_t> ready_;  // An accepted socket that the caller may have.
  std::int32_t error_ = 0;              // Why accepting ends; 0: it goes on or the table is full.
};

}  // namespace parley::io
