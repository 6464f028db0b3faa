// An independent reader of WebSocket frames: wslay's, behind the events of our own. For runs that
// judge a server's correctness, which our own framer, being the server's, must not do alone.
//
// Differs  wslay takes the close codes 1012-1014 for a breach: who closes with them is counted as a
//          disconnect all the same, but under that name.
// Memory  A few kilobytes a connection.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "core/base/types.h"
#include "protocol/websocket/ws_reader.h"

struct wslay_event_context;

namespace parley::loadgen {

class WslayReader {
 public:
  explicit WslayReader(std::uint32_t message_bytes_max);
  WslayReader(const WslayReader&) = delete;
  WslayReader& operator=(const WslayReader&) = delete;
  ~WslayReader();

  // As protocol::WsReader: feed, then next() until it returns need_more or error.
  void feed(Bytes bytes);
  protocol::WsReadStatus next(protocol::WsEvent& event);

 private:
  struct Callbacks;
  struct Message {
    protocol::WsOpcode opcode{};
    std::uint16_t close_code{};
    std::vector<std::byte> payload;
  };

  wslay_event_context* context_ = nullptr;
  Bytes input_;
  std::deque<Message> messages_;
  Message current_;  // What the last event points into.
  bool failed_ = false;
};

}  // namespace parley::loadgen
