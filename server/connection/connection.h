// One client connection: a slot of its worker's table. Its life is a small state machine, moved by
// completions and by what its protocol asks for:
//
//   free -> admission -> http -> websocket -> flushing -> half_closed -> closing -> free
//              any of them ---------------------------------> dying ------^
//
// admission    accepted; its address is being counted, nothing is read yet
// http         requests are read and answered
// websocket    upgraded; a session of the hub when its endpoint is the chat
// flushing     says no more; what is queued leaves, then the sending direction is shut
// half_closed  waits for the peer's end, or for a while: a close with unread input would make the
//              kernel reset the connection, and the last frame could be lost
// dying        broken or timed out: everything under way is being cancelled
// closing      all operations have ended, the descriptor is being closed
#pragma once

#include <cstdint>
#include <memory>
#include <variant>

#include "core/base/types.h"
#include "core/outbox/outbox.h"
#include "core/payload/payload.h"
#include "protocol/http/http_parser.h"
#include "protocol/websocket/ws_reader.h"

namespace parley::server {

enum class Phase : std::uint8_t {
  free,
  admission,
  http,
  websocket,
  flushing,
  half_closed,
  dying,
  closing,
};

enum class Endpoint : std::uint8_t { classic, echo };

struct alignas(cache_line_bytes) Connection {
  ConnId id;
  SocketId socket;
  Phase phase = Phase::free;
  Endpoint endpoint = Endpoint::classic;

  // Operations under way: each ends with one last completion, and close waits for all of them.
  bool receiving : 1 = false;
  bool shutting_down : 1 = false;
  bool cancelling : 1 = false;

  bool peer_ended : 1 = false;       // Its end of input was seen.
  bool flush_due : 1 = false;        // In the worker's list of connections to send on.
  bool counted : 1 = false;          // Against its address; to be released.
  bool in_hub : 1 = false;           // The hub has a session for it.
  bool ping_unanswered : 1 = false;  // Since the last ping nothing was heard.
  bool drain_wanted : 1 = false;     // The hub waits until the outbox has room.

  core::Outbox outbox;
  std::uint32_t heard_ms = 0;  // When bytes last arrived, of Transport's time; see its silence().
  core::PayloadRef pong;       // Waits until what is queued before it has mostly left.

  // What reads its bytes: in phase http the parser; in phase websocket a reader, while something
  // has arrived in part. A WebSocket that waits between messages has none.
  using Input = std::variant<protocol::HttpParser, protocol::WsReader>;
  std::unique_ptr<Input> input;

  [[nodiscard]] protocol::HttpParser* http() {
    return std::get_if<protocol::HttpParser>(input.get());
  }
  [[nodiscard]] protocol::WsReader* ws() { return std::get_if<protocol::WsReader>(input.get()); }

  // Bytes for this connection still reach the peer, in order.
  [[nodiscard]] bool accepts_output() const {
    return phase == Phase::http || phase == Phase::websocket || phase == Phase::admission;
  }
};
static_assert(sizeof(Connection) == cache_line_bytes, "All that delivering to one touches.");

}  // namespace parley::server
