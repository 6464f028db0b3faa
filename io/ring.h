// The only door to the kernel on the data path. One Ring per worker, used by that thread alone.
//
// Contract  The caller queues operations, then calls wait(). A Ring never calls back.
//           Every operation ends with exactly one Completion whose `more` is false.
// Lifetime  Bytes lent to send() belong to the kernel until that last completion.
//           Bytes of a received buffer belong to the caller until recycle().
// Errors    A Ring reports -errno in Completion::result and decides nothing. Misuse is a CHECK.
// Time      now() and wall_now() are the only clocks of the data path, so that a simulated Ring
//           owns time too.
//
// Implemented by io/uring_ring.h (Linux >= 6.1) and tests/sim/sim_ring.h (seeded, no system
// calls); both must pass tests/unit/io/ring_contract_*_test.cc.
#pragma once

#include <cstdint>
#include <span>

#include "core/base/ip_address.h"
#include "core/base/time.h"
#include "core/base/types.h"

namespace parley::io {

enum class Op : std::uint8_t { accept, connect, recv, send, shutdown, cancel, close, wake };

struct Completion {
  ConnId conn{};  // As submitted. May be stale: compare generations before use.
  Op op{};
  bool more{};        // False: the operation is over and may be queued again.
  bool has_buffer{};  // recv with result > 0 only: `buffer` is lent to the caller.
  BufferId buffer{};
  std::int32_t result{};  // >= 0: bytes moved, or the new SocketId. < 0: -errno.
};

class Ring {
 public:
  Ring() = default;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  virtual ~Ring() = default;

  // Accepts from this worker's listener until told otherwise; each new socket is one completion
  // (conn is the one given here). The operation ends by itself on an error, and when at most
  // accept_margin sockets are free: the completion of the last socket says so with `more`, or
  // -ENFILE where there was none to give. Queue it again when some were closed.
  virtual void accept(ConnId conn) = 0;

  // Ends accepting and closes the listener, so that the kernel refuses further connections. The
  // accept operation still delivers its last completion, and those before it.
  virtual void stop_listening() = 0;

  // Makes a TCP socket (with TCP_NODELAY) and connects it. `from` is the source address, with a
  // port of the kernel's choice; unspecified: the kernel chooses both. The completion's result is
  // the SocketId, then the caller's until close(); or an error, and then no socket is left.
  // -ENFILE: none was free; close() some, and wait for its completion. -EADDRNOTAVAIL: `from` is
  // no address of this machine, or has no port left towards `to`.
  // REQUIRES: the ring has no listener; no connect of `conn` under way; `from` is unspecified or
  // of the family of `to`.
  virtual void connect(ConnId conn, const SocketAddress& to, const IpAddress& from) = 0;

  // Asks the connect of `conn` to end early; it still delivers its completion, -ECANCELED or what
  // came before that, maybe a success. The caller sees no other. Nothing happens when none is under
  // way: it need not know whether the timeout was first or the answer.
  virtual void cancel_connect(ConnId conn) = 0;

  // The peer's address of a socket. Valid from its accept or connect completion until close() is
  // queued.
  [[nodiscard]] virtual IpAddress peer(SocketId socket) const = 0;

  // Receives into pool buffers until EOF (result 0), an error or cancel().
  // -ENOBUFS ends the operation, not the connection: recycle() buffers, then queue it again.
  // REQUIRES: no recv of `conn` under way.
  virtual void recv(ConnId conn, SocketId socket) = 0;

  // Sends `pieces` in order; a short count is normal. The span may die at return, the bytes may
  // not. REQUIRES: no send of `conn` in flight; 1 to send_pieces_max pieces, none empty.
  virtual void send(ConnId conn, SocketId socket, std::span<const Bytes> pieces) = 0;

  // Ends the sending direction (FIN behind what was sent). REQUIRES: no send of `conn` in flight.
  virtual void shutdown(ConnId conn, SocketId socket) = 0;

  // Asks the recv and send of `conn` to end early; each still delivers its last completion, which
  // may be a success. The cancel itself completes too.
  virtual void cancel(ConnId conn, SocketId socket) = 0;

  // REQUIRES: every other operation of `conn` has delivered its last completion.
  virtual void close(ConnId conn, SocketId socket) = 0;

  // Makes the target worker's wait() return with one Op::wake completion. Callers coalesce; see
  // core/mail/mailbox.h. The caller sees no completion.
  virtual void wake(WorkerId target) = 0;

  // The bytes of a received buffer. REQUIRES: lent and not yet recycled.
  [[nodiscard]] virtual MutableBytes buffer(BufferId id, std::uint32_t size_bytes) = 0;
  virtual void recycle(BufferId id) = 0;

  // Submits what is queued and sleeps until a completion or `deadline`; at most
  // `completions_max` results, valid until the next wait(). Empty: the deadline passed.
  // A deadline in the past polls. With completions_max 0 it submits, takes none, and sleeps until
  // the deadline: how a worker waits for room in a mailbox without taking on more work.
  [[nodiscard]] virtual std::span<const Completion> wait(Instant deadline,
                                                         std::uint32_t completions_max) = 0;
  [[nodiscard]] virtual Instant now() const = 0;
  [[nodiscard]] virtual UnixMillis wall_now() const = 0;

  static constexpr std::uint32_t send_pieces_max = 64;
  static constexpr std::uint32_t completion_batch_max = 256;
};

}  // namespace parley::io
