// The Ring of io/ring.h on io_uring: multishot accept and receive, sockets in the ring's own table
// of direct descriptors, receive buffers that the kernel picks, one send in flight per connection.
//
// Threading  Opened, used and destroyed by the worker's thread. Others reach it through the
//            RingDirectory only, to wake it.
// Memory     All of it is taken in open(): 24 bytes per socket (36 where it connects), the
//            receive buffers, the queues.
// Kernel     Linux 6.1 or newer; probe_kernel() says what is missing.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/base/result.h"
#include "core/base/types.h"
#include "io/probe.h"
#include "io/ring.h"
#include "io/ring_counters.h"
#include "io/ring_directory.h"

struct io_uring_sqe;

namespace parley::io {

class Acceptor;
class Connector;
class GatherArena;
class KernelRing;
class RecvBuffers;
class SocketTable;
struct Tag;

struct UringConfig {
  WorkerId worker{};
  RingDirectory* directory{};       // Borrowed; outlives the ring. Where wake() finds others.
  int listener_fd = -1;             // A blocking one, owned by the ring from open() on, also
                                    // when that fails. -1: this ring connects, and accepts nothing.
  std::uint32_t connections_max{};  // At most the limit of open files, and 2^20.
  std::uint32_t accept_margin = 0;  // Sockets that accept() leaves free.
  std::uint32_t recv_buffer_bytes{};
  std::uint32_t recv_buffers{};       // A power of two, at most 32768.
  std::uint32_t submissions = 1'024;  // Powers of two: the queues shared with the kernel. What
  std::uint32_t completions = 4'096;  // does not fit costs an enter more, nothing is lost.
  Features features;
};

class UringRing final : public Ring {
 public:
  [[nodiscard]] static Result<std::unique_ptr<UringRing>> open(const UringConfig& config);
  ~UringRing() override;

  void accept(ConnId conn) override;
  void stop_listening() override;
  void connect(ConnId conn, const SocketAddress& to, const IpAddress& from) override;
  void cancel_connect(ConnId conn) override;
  [[nodiscard]] IpAddress peer(SocketId socket) const override;
  void recv(ConnId conn, SocketId socket) override;
  void send(ConnId conn, SocketId socket, std::span<const Bytes> pieces) override;
  void shutdown(ConnId conn, SocketId socket) override;
  void cancel(ConnId conn, SocketId socket) override;
  void close(ConnId conn, SocketId socket) override;
  void wake(WorkerId target) override;
  [[nodiscard]] MutableBytes buffer(BufferId id, std::uint32_t size_bytes) override;
  void recycle(BufferId id) override;
  [[nodiscard]] std::span<const Completion> wait(Instant deadline,
                                                 std::uint32_t completions_max) override;
  [[nodiscard]] Instant now() const override;
  [[nodiscard]] UnixMillis wall_now() const override;

  [[nodiscard]] const RingCounters& counters() const;

 private:
  explicit UringRing(const UringConfig& config);
  [[nodiscard]] Result<void> set_up(const UringConfig& config);
  [[nodiscard]] io_uring_sqe& entry_for_gathered_send(std::span<const Bytes> pieces);
  // What has failed or ended without the kernel, and so does not end a sleep.
  [[nodiscard]] bool has_completion() const;
  [[nodiscard]] bool take_completion(Completion& completion);
  void take_completions(std::uint32_t completions_max);
  // True: `completion` is for the caller.
  [[nodiscard]] bool on_completion(Tag tag, std::int32_t result, std::uint32_t flags,
                                   Completion& completion);
  [[nodiscard]] Completion recv_completion(Tag tag, std::int32_t result, std::uint32_t flags);

  const WorkerId worker_;
  RingDirectory& directory_;  // Borrowed from main.
  std::unique_ptr<KernelRing> kernel_;
  std::unique_ptr<RecvBuffers> buffers_;
  std::unique_ptr<SocketTable> sockets_;
  std::unique_ptr<Acceptor> acceptor_;
  std::unique_ptr<Connector> connector_;  // Null: the ring has a listener.
  std::unique_ptr<GatherArena> arena_;
  std::vector<Completion> completions_;  // Of the last wait().
};

}  // namespace parley::io
