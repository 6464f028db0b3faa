// A network of byte pipes in memory: listeners with a backlog, and links of two sides, with a
// capacity, a travel time, half-close and reset, behaving as TCP does towards its sockets.
//
// Time      SimClock is the time of a whole simulation. Bytes arrive later than they were written,
//           and in order; whoever watches a side is told when there will be something to see.
// Reset     What had arrived may still be read, what was under way is lost, then -ECONNRESET.
//           Closing a side that has unread bytes resets the link, as Linux does (RFC 1122
//           4.2.2.13).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/ip_address.h"
#include "core/base/time.h"
#include "core/base/types.h"
#include "tests/sim/fault_plan.h"
#include "tests/sim/random.h"

namespace parley::sim {

struct SimClock {
  Instant now{1'000'000'000};
  std::int64_t wall_offset_ms = 1'700'000'000'000;  // Steps when the wall clock is set.
};

using LinkId = StrongId<struct LinkTag, std::uint32_t>;

enum class Side : std::uint8_t { client, server };

// Told when something may have changed, not what: the watcher looks for itself, at `at` or later.
class NetWatcher {
 public:
  NetWatcher() = default;
  NetWatcher(const NetWatcher&) = delete;
  NetWatcher& operator=(const NetWatcher&) = delete;
  virtual ~NetWatcher() = default;

  virtual void on_link(std::uint32_t tag, Instant at) = 0;
  virtual void on_backlog(Instant at) = 0;
};

enum class [[nodiscard]] ReadStatus : std::uint8_t { bytes, nothing, end, reset };

struct ReadResult {
  ReadStatus status{};
  std::uint32_t bytes{};
};

enum class [[nodiscard]] WriteStatus : std::uint8_t { bytes, full, reset };

struct WriteResult {
  WriteStatus status{};
  std::uint32_t bytes{};
};

struct NetLimits {
  std::uint32_t pipe_bytes_max = 65'536;  // Of one direction: what both kernels would hold.
  std::uint32_t backlog_max = 1'024;
  Duration latency_max = microseconds(200);
};

class SimNet {
 public:
  struct Borrowed {  // All outlive the net.
    SimClock& clock;
    Random& random;
    FaultPlan& faults;
  };

  SimNet(const NetLimits& limits, Borrowed borrowed);
  SimNet(const SimNet&) = delete;
  SimNet& operator=(const SimNet&) = delete;
  ~SimNet();

  // One listener per worker. `watcher` outlives stop_listening().
  void listen(WorkerId worker, NetWatcher& watcher);
  void stop_listening(WorkerId worker);  // Resets what waits in the backlog.
  [[nodiscard]] bool listening(WorkerId worker) const;

  // Where a worker's listener is, whether it listens or not.
  [[nodiscard]] static SocketAddress address(WorkerId worker);
  // Who listens there, if anybody.
  [[nodiscard]] std::optional<WorkerId> listener_at(const SocketAddress& address) const;
  [[nodiscard]] bool backlog_full(WorkerId worker) const;
  // When a refusal of what is sent now arrives.
  [[nodiscard]] Instant answer_at() { return borrowed_.clock.now + latency(); }

  // The client's end of a new link; nullopt: refused, or the backlog is full.
  [[nodiscard]] std::optional<LinkId> connect(WorkerId worker, const IpAddress& from);
  // The server's end of the oldest link in the backlog; nullopt: there is none yet.
  [[nodiscard]] std::optional<LinkId> accept(WorkerId worker);
  [[nodiscard]] std::uint32_t backlog_count(WorkerId worker) const;

  // From now on changes of this side go to `watcher`; null: to nobody.
  void watch(LinkId link, Side side, NetWatcher* watcher, std::uint32_t tag);

  ReadResult read(LinkId link, Side side, MutableBytes out);
  WriteResult write(LinkId link, Side side, Bytes bytes);
  [[nodiscard]] std::uint32_t readable_bytes(LinkId link, Side side) const;
  [[nodiscard]] std::uint32_t writable_bytes(LinkId link, Side side) const;
  [[nodiscard]] bool is_reset(LinkId link, Side side) const;
  [[nodiscard]] bool at_end(LinkId link, Side side) const;  // A read would answer `end`.
  [[nodiscard]] bool established(LinkId link) const;        // The client's handshake is through.
  [[nodiscard]] Instant established_at(LinkId link) const;
  [[nodiscard]] bool accepted(LinkId link) const;
  // The address of the other side, as `side` sees it.
  [[nodiscard]] IpAddress peer(LinkId link, Side side) const;

  void shutdown(LinkId link, Side side);  // No more writes: the other side reads on, then `end`.
  void close(LinkId link, Side side);     // The side may not be used any more.
  void reset(LinkId link, Side side);     // Like close(), but the other side sees a reset.
  void cut(LinkId link);                  // The network resets both sides, at once.

  [[nodiscard]] bool closed(LinkId link, Side side) const;
  // Links that are not closed on the server's side, and not waiting in a backlog.
  [[nodiscard]] std::uint32_t server_links_open() const;

 private:
  struct Segment {
    Instant arrival;
    std::vector<std::byte> bytes;
    std::uint32_t read_bytes = 0;
  };
  struct Pipe {  // One direction.
    std::deque<Segment> segments;
    std::uint32_t bytes = 0;  // Not yet read, arrived or not.
    Instant arrival_last{};   // Bytes do not overtake each other.
    bool finished = false;
    Instant end_arrival{};  // When finished.
  };
  struct End {
    Pipe incoming;
    NetWatcher* watcher = nullptr;
    std::uint32_t tag = 0;
    Instant reset_at = Instant::never();
    bool closed = false;
  };
  struct Link {
    End ends[2];
    IpAddress from;
    WorkerId to;
    Instant visible_at;  // To the listener.
    bool accepted = false;
  };
  struct Listener {
    NetWatcher* watcher = nullptr;  // Null: not listening.
    std::deque<LinkId> backlog;
  };

  [[nodiscard]] End& end(LinkId link, Side side);
  [[nodiscard]] const End& end(LinkId link, Side side) const;
  [[nodiscard]] Duration latency();
  void tell(End& end, Instant at);
  void retire(End& end);
  void reset_end(End& end, Instant at);

  NetLimits limits_;
  std::vector<std::unique_ptr<Link>> links_;
  std::vector<Listener> listeners_;
  std::uint32_t server_links_open_ = 0;
  Borrowed borrowed_;
};

}  // namespace parley::sim
