// What goes wrong in a run, and how often. Each seed enables a random subset of the faults (swarm
// testing: a run without resets reaches states that a run full of them never sees).
//
// Every firing is counted, so that a fault nobody can see any more fails the test run.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "tests/sim/random.h"

namespace parley::sim {

enum class Fault : std::uint8_t {
  // Of the ring.
  recv_cut,              // Fewer bytes than have arrived, down to one.
  recv_no_buffers,       // -ENOBUFS although there are buffers.
  multishot_ended,       // A receive ends with data and more = false.
  send_short,            // Fewer bytes than there was room for, down to one.
  send_failed,           // The connection breaks under a send: -EPIPE or -ECONNRESET.
  completion_delayed,    // By up to 50 ms.
  completion_reordered,  // Before that of another operation.
  cancel_too_late,       // The last completion after a cancel is a success.
  stale_completion,      // One for a connection that has been closed.
  accept_out_of_files,   // -EMFILE, and accepting ends.
  accept_ended,          // A connection is accepted, and accepting ends.
  // Of the network.
  link_slow,   // A segment travels for up to 200 ms.
  link_reset,  // Both sides see -ECONNRESET.
  // Of clients.
  client_slow,         // Stops reading for long.
  client_dies,         // Resets in the middle of a frame.
  client_leaves,       // Closes without a closing handshake.
  client_half_closes,  // Ends its sending direction and reads on.
  // Of the machine.
  worker_starved,  // Gets no time for a second.
  clock_jump,      // The wall clock steps forwards or backwards.
};
inline constexpr std::uint32_t faults_count = 19;

[[nodiscard]] std::string_view name_of(Fault fault);
[[nodiscard]] std::optional<Fault> fault_named(std::string_view name);

struct FaultStats {
  std::array<std::uint64_t, faults_count> runs_enabled{};  // Runs whose plan had the fault.
  std::array<std::uint64_t, faults_count> fired{};

  void add(const FaultStats& other);
};

class FaultPlan {
 public:
  static FaultPlan none() { return FaultPlan{}; }

  // Each fault is enabled with a probability of one half, at a rate of its own.
  static FaultPlan swarm(Random& random);

  void set_rate(Fault fault, std::uint32_t per_million);
  void disable(Fault fault);
  // From now on nothing goes wrong. What was enabled still counts as such in stats().
  void stop_all() { stopped_ = true; }
  [[nodiscard]] bool enabled(Fault fault) const;

  // Whether the fault happens now.
  [[nodiscard]] bool fires(Fault fault, Random& random);

  [[nodiscard]] FaultStats stats() const;

 private:
  std::array<std::uint32_t, faults_count> per_million_{};
  std::array<std::uint64_t, faults_count> fired_{};
  bool stopped_ = false;
};

}  // namespace parley::sim
