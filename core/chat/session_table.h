// The sessions of one worker by slot: flat, and only as large as the slots in use need it.
//
// Threading  The owning worker alone.
// Lifetime   An open session does not move.
// Memory     Chunks of 256 sessions (16 KiB), allocated when a first one of theirs opens and freed
//            when the last has closed. Slots are given out again before new ones, so that few
//            chunks are half empty.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/check.h"
#include "core/base/types.h"
#include "core/chat/session.h"

namespace parley::core {

class SessionTable {
 public:
  // REQUIRES: the slot is closed.
  Session& open(ConnId conn) {
    CHECK(conn.generation != 0);
    const std::uint32_t index = conn.slot / chunk_sessions;
    if (index >= chunks_.size()) chunks_.resize(index + 1);
    Chunk& chunk = chunks_[index];
    if (chunk.sessions == nullptr) chunk.sessions = std::make_unique<Session[]>(chunk_sessions);
    Session& session = chunk.sessions[conn.slot % chunk_sessions];
    CHECK(session.conn.generation == 0);
    session.conn = conn;
    chunk.open += 1;
    open_ += 1;
    return session;
  }

  // REQUIRES: of this table, and open.
  void close(Session& session) {
    CHECK(session.conn.generation != 0);
    Chunk& chunk = chunks_[session.conn.slot / chunk_sessions];
    CHECK(session.rooms.empty() && chunk.open > 0);
    session.conn.generation = 0;
    session.identity = {};
    session.requests.reset();
    chunk.open -= 1;
    open_ -= 1;
    if (chunk.open == 0) chunk.sessions.reset();
  }

  // Null when the connection has gone, or its slot belongs to another.
  [[nodiscard]] Session* find(ConnId conn) {
    const std::uint32_t index = conn.slot / chunk_sessions;
    if (index >= chunks_.size() || chunks_[index].sessions == nullptr) return nullptr;
    Session& session = chunks_[index].sessions[conn.slot % chunk_sessions];
    return session.conn == conn && conn.generation != 0 ? &session : nullptr;
  }

  // REQUIRES: the slot is open.
  [[nodiscard]] Session& at(std::uint32_t slot) {
    DCHECK(slot / chunk_sessions < chunks_.size());
    return chunks_[slot / chunk_sessions].sessions[slot % chunk_sessions];
  }
  [[nodiscard]] const Session& at(std::uint32_t slot) const {
    DCHECK(slot / chunk_sessions < chunks_.size());
    return chunks_[slot / chunk_sessions].sessions[slot % chunk_sessions];
  }

  [[nodiscard]] std::uint64_t sessions() const { return open_; }

 private:
  static constexpr std::uint32_t chunk_sessions = 256;

  struct Chunk {
    std::unique_ptr<Session[]> sessions;  // Null: none is open.
    std::uint32_t open = 0;
  };

  std::vector<Chunk> chunks_;
  std::uint64_t open_ = 0;
};

}  // namespace parley::core
