// What one run is to do. Read from a TOML file and flags (plan_options.h), checked as a whole, and
// then the same for every worker and every machine.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "loadgen/plan/criteria.h"
#include "loadgen/plan/payload_sizes.h"
#include "loadgen/plan/schedule.h"

namespace parley::loadgen {

// closed: a room's next message goes out when one before it has reached everybody.
// open: messages go out when they are due, whatever the server does.
enum class LoadMode : std::uint8_t { idle, closed, open };

// How the generator waits for the server. `block` sleeps until something arrives, which makes the
// server pay for waking it; `spin` never sleeps; `sweep` looks at fixed intervals.
enum class WaitMode : std::uint8_t { block, spin, sweep };

enum class FramerKind : std::uint8_t { parley, wslay };

// The members are in the order of the options that set them; defaults are in plan_options.cc.
struct Plan {
  std::string title;

  // [target]
  std::vector<std::string> urls;  // In turns.
  std::string protocol;           // A preset of what follows: see protocols.h.
  std::string hello;              // Sent when the WebSocket is open.
  std::string ready;              // A frame that holds this says that the member is in.
  std::string message;            // What carries a payload.
  std::string delivery;           // A frame that begins so carries one; empty: any with a stamp.
  std::string error;              // A frame that begins so is an error that the server tells.
  std::string ping;               // A frame that is this is answered with `pong`.
  std::string pong;
  std::string room_name;
  bool binary{};
  bool sender_hears{};  // The publisher receives its own message.

  // [connections]
  std::uint64_t connections{};
  double ramp{};                     // A second, of all workers; 0: as fast as possible.
  std::uint32_t in_progress_max{};   // Handshakes of one worker under way; at the end, goodbyes.
  std::vector<std::string> sources;  // Addresses; empty: as needed.
  Duration connect_timeout;

  // [rooms]
  std::uint32_t members{};     // Of one room; the last room has what is left.
  std::uint32_t publishers{};  // Of one room, in turns; 0: all members.

  // [load]
  LoadMode mode{};
  std::uint32_t depth{};  // closed: messages of a room in flight.
  RateCurve rate;         // open: publications of all rooms.
  Arrivals arrivals{};
  PayloadSizes payload;

  // [slow]
  double slow_share{};        // Of the connections.
  double slow_bytes_per_s{};  // What each of them reads; 0: nothing at all.

  // [churn]
  double churn{};     // Reconnects a second, of all workers.
  Duration storm_at;  // When connections are cut at once and come back; 0: never.
  double storm_share{};

  // [time]
  Duration warm_up;
  Duration duration;
  Duration drain;  // At most, until all that was sent has arrived.

  // [client]
  std::uint32_t workers{};           // Threads; 0: as many as the connections need.
  std::vector<std::uint32_t> cores;  // Workers run on these in turns; empty: anywhere.
  WaitMode wait{};
  Duration sweep;
  FramerKind framer{};
  std::uint64_t seed{};  // 0: a new one, which the report names.
  Duration lag_max;      // A lag p99 above this makes the run invalid.

  std::vector<Criterion> criteria;

  // Of the largest room.
  [[nodiscard]] std::uint32_t publishers_of_room() const {
    const auto largest = static_cast<std::uint32_t>(std::min<std::uint64_t>(members, connections));
    return publishers == 0 || publishers > largest ? largest : publishers;
  }
  [[nodiscard]] std::uint64_t rooms() const { return (connections + members - 1) / members; }
};

}  // namespace parley::loadgen
