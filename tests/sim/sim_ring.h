// io/ring.h without a kernel: operations act on a SimNet, completions come when a seeded plan says
// so, and time is the simulation's.
//
// Strictness  Received bytes are lent in heap blocks of their exact size and freed by recycle(), so
//             a sanitizer sees what a real buffer ring would hide. Bytes lent to send() are read
//             when they leave, and must be what they were when they were queued. Every REQUIRES of
//             io/ring.h is a CHECK.
// Sleeping    Alone, wait() moves the clock to what happens next. With a Sleeper it hands over to
//             it, so that many rings share one thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <utility>
#include <vector>

#include "io/ring.h"
#include "tests/sim/digest.h"
#include "tests/sim/fault_plan.h"
#include "tests/sim/random.h"
#include "tests/sim/sim_net.h"

namespace parley::sim {

class SimRing;

// Which ring serves which worker, for wake().
using RingDirectory = std::vector<SimRing*>;

// Lets others run while a ring's worker sleeps.
class Sleeper {
 public:
  Sleeper() = default;
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;
  virtual ~Sleeper() = default;

  // Returns when the clock has reached ring.awake_at(), or earlier.
  virtual void sleep(SimRing& ring) = 0;
};

struct SimRingConfig {
  WorkerId self;
  std::uint32_t sockets_max = 1'024;
  std::uint32_t accept_margin = 0;
  std::uint32_t recv_buffer_bytes = 4'096;
  std::uint32_t recv_buffers = 64;
  bool listens = true;  // False: it connects.
};

class SimRing final : public io::Ring, public NetWatcher {
 public:
  struct Borrowed {  // All outlive the ring.
    SimClock& clock;
    Random& random;
    FaultPlan& faults;
    SimNet& net;
    RingDirectory& directory;
    Digest& digest;
    Sleeper* sleeper;  // Null: the ring is alone.
  };

  SimRing(const SimRingConfig& config, Borrowed borrowed);
  ~SimRing() override;

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
  [[nodiscard]] std::span<const io::Completion> wait(Instant deadline,
                                                     std::uint32_t completions_max) override;
  [[nodiscard]] Instant now() const override;
  [[nodiscard]] UnixMillis wall_now() const override;

  void on_link(std::uint32_t tag, Instant at) override;
  void on_backlog(Instant at) override;

  // While in wait(): when there will be something for it to do.
  [[nodiscard]] Instant awake_at() const;

  [[nodiscard]] WorkerId self() const { return config_.self; }
  [[nodiscard]] std::uint32_t sockets_open() const;
  [[nodiscard]] std::uint32_t buffers_lent() const;
  [[nodiscard]] std::uint64_t completions_delivered() const { return delivered_total_; }

 private:
  static constexpr std::uint32_t ops_max = 8;
  static constexpr std::uint32_t backlog_event = UINT32_MAX;

  // ended: the last completion has not been delivered yet.
  enum class OpState : std::uint8_t { idle, waiting, ended };

  // A connect that is under way. Until the listener has room for it, it is not on any link.
  struct Attempt {
    SocketAddress to;
    IpAddress from;
    Instant again_at{};  // When the next handshake begins.
    Instant given_up_at{};
    bool linked = false;
    bool refused = false;
    bool cancelled = false;
  };

  struct Socket {
    LinkId link;
    Side side = Side::server;  // Ours.
    ConnId conn;               // Whose operations are under way.
    OpState connect = OpState::idle;
    Attempt attempt;
    OpState recv = OpState::idle;
    OpState send = OpState::idle;
    bool open = false;
    bool shut_down = false;
    bool recv_cancelled = false;
    bool send_cancelled = false;
    std::uint32_t undelivered = 0;          // Operations whose last completion is still to come.
    Instant completion_last[ops_max] = {};  // Completions of one operation keep their order.
    std::vector<Bytes> pieces;              // Of the send.
    std::uint64_t pieces_digest = 0;        // Of their bytes when they were lent.
  };

  struct Pending {
    io::Completion completion;
    SocketId socket{};
    bool has_socket = false;
  };

  using Event = std::pair<Instant, std::uint32_t>;  // A socket to look at, or backlog_event.

  [[nodiscard]] Socket& open_socket(SocketId id);
  [[nodiscard]] const Socket& open_socket(SocketId id) const;
  Socket& begin(ConnId conn, SocketId id);
  void schedule(Instant at, std::uint32_t what);
  void progress();
  void progress_accept();
  void progress_connect(SocketId id);
  void try_connect(SocketId id);
  void finish_connect(SocketId id, std::int32_t result);
  void end_connect(SocketId id, std::int32_t result);
  [[nodiscard]] SocketId take_socket();
  void progress_recv(SocketId id);
  void progress_send(SocketId id);
  [[nodiscard]] bool receive_once(SocketId id);
  [[nodiscard]] std::int32_t write_pieces(Socket& socket, std::uint32_t bytes);
  void finish_recv(SocketId id, std::int32_t result);
  void finish_send(SocketId id, std::int32_t result);
  void complete(SocketId id, io::Completion completion);
  void complete_accept(std::int32_t result, bool more);
  void queue(const Pending& pending, Instant& completion_last);
  void take_ready(std::uint32_t completions_max);
  void reorder(std::vector<Pending>& batch);
  void deliver(const Pending& pending);
  [[nodiscard]] BufferId lend(std::unique_ptr<std::byte[]> bytes, std::uint32_t count);
  [[nodiscard]] std::uint32_t sockets_free() const;

  SimRingConfig config_;

  std::vector<Socket> sockets_;
  std::vector<std::unique_ptr<std::byte[]>> buffers_;  // Null: not lent.
  std::vector<std::uint32_t> buffer_bytes_;
  std::set<std::uint32_t> sockets_unused_;
  std::set<std::uint32_t> buffers_unused_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::map<std::pair<Instant, std::uint64_t>, Pending> pending_;
  std::vector<io::Completion> completions_;
  std::uint64_t queued_total_ = 0;
  std::uint64_t delivered_total_ = 0;
  Instant deadline_{};  // Of the wait() under way.
  bool takes_completions_ = false;
  bool listening_;
  OpState accept_ = OpState::idle;
  ConnId accept_conn_;
  Instant accept_last_{};
  Instant connect_last_{};  // Of those that found no socket.
  Instant wake_last_{};

  Borrowed borrowed_;
};

}  // namespace parley::sim
