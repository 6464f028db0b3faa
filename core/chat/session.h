// A connection as a chat session: what its worker remembers of it.
//
// Memory  One cache line a session. What a session has only at times is kept elsewhere at those
//         times: its requests on the heap, what counts against its limits in SessionLimits
//         (core/limits/session_limits.h).
#pragma once

#include <memory>
#include <vector>

#include "core/base/types.h"
#include "core/chat/compact_identity.h"
#include "core/chat/gatekeeper.h"
#include "core/chat/memberships.h"
#include "core/mail/mail.h"

namespace parley::core {

// What a session asked of the homes of rooms, or will when its turn comes.
struct Requests {
  bool asking = false;        // One of them is with a room's home.
  bool unwanted = false;      // It has left that room since: the answer goes nowhere.
  bool posting = false;       // Edge::ask_next() is at work on them.
  RoomId asked;               // The room of the one that is asked.
  std::vector<Mail> waiting;  // Those that follow, one by one: joins, history, presence.
};

struct alignas(cache_line_bytes) Session {
  ConnId conn;  // Generation 0: closed.
  CompactIdentity identity;
  Gates gates;
  Memberships rooms;
  std::unique_ptr<Requests> requests;  // Null while nothing is asked and nothing waits.
};
static_assert(sizeof(Session) == cache_line_bytes, "Every connection has one.");

}  // namespace parley::core
