#include "loadgen/engine/wslay_reader.h"

#include <wslay/wslay.h>

#include <algorithm>
#include <cstring>

#include "core/base/check.h"

namespace parley::loadgen {

struct WslayReader::Callbacks {
  static ssize_t receive(wslay_event_context_ptr context, std::uint8_t* out, std::size_t bytes_max,
                         int, void* user) {
    auto& reader = *static_cast<WslayReader*>(user);
    if (reader.input_.empty()) {
      wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
      return -1;
    }
    const std::size_t bytes = std::min(bytes_max, reader.input_.size());
    std::memcpy(out, reader.input_.data(), bytes);
    reader.input_ = reader.input_.subspan(bytes);
    return static_cast<ssize_t>(bytes);
  }

  // wslay answers pings and closes by itself; the worker does that, for both readers alike.
  static ssize_t discard(wslay_event_context_ptr, const std::uint8_t*, std::size_t bytes, int,
                         void*) {
    return static_cast<ssize_t>(bytes);
  }

  static int no_mask(wslay_event_context_ptr, std::uint8_t* out, std::size_t bytes, void*) {
    std::memset(out, 0, bytes);
    return 0;
  }

  static void on_message(wslay_event_context_ptr, const wslay_event_on_msg_recv_arg* message,
                         void* user) {
    auto& reader = *static_cast<WslayReader*>(user);
    Message copy{.opcode = static_cast<protocol::WsOpcode>(message->opcode),
                 .close_code = message->status_code,
                 .payload = {}};
    std::size_t skipped = 0;
    if (copy.opcode == protocol::WsOpcode::close)
      skipped = std::min<std::size_t>(2, message->msg_length);
    const auto* bytes = reinterpret_cast<const std::byte*>(message->msg);
    copy.payload.assign(bytes + skipped, bytes + message->msg_length);
    reader.messages_.push_back(std::move(copy));
  }
};

WslayReader::WslayReader(std::uint32_t message_bytes_max) {
  wslay_event_callbacks callbacks{};
  callbacks.recv_callback = Callbacks::receive;
  callbacks.send_callback = Callbacks::discard;
  callbacks.genmask_callback = Callbacks::no_mask;
  callbacks.on_msg_recv_callback = Callbacks::on_message;
  CHECK(wslay_event_context_client_init(&context_, &callbacks, this) == 0);
  wslay_event_config_set_max_recv_msg_length(context_, message_bytes_max);
}

WslayReader::~WslayReader() {
  wslay_event_context_free(context_);
}

void WslayReader::feed(Bytes bytes) {
  if (failed_) return;
  input_ = bytes;
  failed_ = wslay_event_recv(context_) != 0;
  // What it makes of a breach is a close frame that it wants to send.
  if (wslay_event_get_close_sent(context_) == 0 && wslay_event_want_write(context_) != 0) {
    static_cast<void>(wslay_event_send(context_));
  }
  const bool closes_by_itself =
      wslay_event_get_close_sent(context_) != 0 && wslay_event_get_close_received(context_) == 0;
  failed_ = failed_ || closes_by_itself;
}

protocol::WsReadStatus WslayReader::next(protocol::WsEvent& event) {
  if (messages_.empty()) {
    return failed_ ? protocol::WsReadStatus::error : protocol::WsReadStatus::need_more;
  }
  current_ = std::move(messages_.front());
  messages_.pop_front();
  event = {
      .opcode = current_.opcode, .payload = current_.payload, .close_code = current_.close_code};
  return protocol::WsReadStatus::event;
}

}  // namespace parley::loadgen
