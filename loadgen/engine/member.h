// One connection of the generator: a member of a room, in a slot of its worker's. Its life is a
// state machine moved by completions:
//
//   idle -> connecting -> handshaking -> joining -> live -> leaving -> dying -> closing -> idle
//                any of them behind connecting --------------------------^
//
// leaving  said goodbye with a close frame, waits for the peer's end
// dying    everything under way is being cancelled
#pragma once

#include <cstdint>

#include "core/base/time.h"
#include "core/base/types.h"
#include "loadgen/engine/send_queue.h"
#include "protocol/websocket/ws_reader.h"

namespace parley::loadgen {

enum class MemberState : std::uint8_t {
  idle,
  connecting,
  handshaking,
  joining,
  live,
  leaving,
  dying,
  closing,
};

struct Member {
  ConnId id;
  SocketId socket;
  std::uint32_t room = 0;   // An index of the worker's.
  std::uint32_t index = 0;  // In the worker's part of the room.
  MemberState state = MemberState::idle;

  // Operations under way.
  bool receiving : 1 = false;
  bool sending : 1 = false;
  bool cancelling : 1 = false;

  bool comes_back : 1 = true;  // When closed, it connects again.
  bool expected : 1 = false;   // Its end is of our doing.
  bool slow : 1 = false;       // Reads slowly, by the plan.
  bool flush_due : 1 = false;
  bool was_live : 1 = false;
  bool paused : 1 = false;        // slow: it does not receive for now.
  bool cancel_again : 1 = false;  // When the cancel under way has ended.

  SendPool::Queue queue;
  Instant since;                  // Of the connect; live and slow: when it may read again.
  std::int32_t budget_bytes = 0;  // slow: what it may still read in this interval.
  protocol::WsReader reader{protocol::WsRole::client, 0};
};
static_assert(sizeof(Member) <= 128, "With the ring's 36 bytes a connection, below 192.");

}  // namespace parley::loadgen
