// Events as JSON text in WebSocket frames: the wire form of the classic vocabulary.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/chat/encoder.h"
#include "core/payload/payload_pool.h"
#include "protocol/json/json_writer.h"
#include "protocol/websocket/ws_framer.h"

namespace parley::server {

// A server's unfragmented frame around `payload`.
[[nodiscard]] core::PayloadRef make_ws_frame(core::PayloadPool& pool, protocol::WsOpcode opcode,
                                             Bytes payload);

class JsonEncoder final : public core::Encoder {
 public:
  // `pool` is borrowed and outlives this.
  explicit JsonEncoder(core::PayloadPool& pool) : pool_(pool) {}

  [[nodiscard]] ValueWriter& begin(std::string_view event, core::Stamped stamped) override;
  [[nodiscard]] core::PayloadRef finish() override;
  void stamp(core::PayloadBlock& payload, Sequence sequence, UnixMillis time) override;
  [[nodiscard]] ValueWriter& begin_value() override;
  [[nodiscard]] std::string_view finish_value() override;
  [[nodiscard]] std::string_view as_value(core::PayloadBlock& frame) override;

 private:
  core::PayloadPool& pool_;
  protocol::JsonWriter writer_;
  std::uint32_t stamp_ = 0;  // Offset in the text where the stamp belongs; 0: not stamped.
};

}  // namespace parley::server
