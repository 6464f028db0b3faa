#include "tests/differential/wslay_reader.h"

#include <wslay/wslay.h>

#include <algorithm>
#include <cstring>

#include "core/base/check.h"

namespace parley::test {
namespace {

struct Session {
  std::span<const std::uint8_t> stream;
  WsOutcome outcome;
};

ssize_t on_recv(wslay_event_context_ptr context, std::uint8_t* buffer, std::size_t size, int,
                void* user_data) {
  auto& session = *static_cast<Session*>(user_data);
  const std::size_t taken = std::min(size, session.stream.size());
  if (taken == 0) {
    wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
    return -1;
  }
  std::memcpy(buffer, session.stream.data(), taken);
  session.stream = session.stream.subspan(taken);
  return static_cast<ssize_t>(taken);
}

ssize_t on_send(wslay_event_context_ptr, const std::uint8_t*, std::size_t size, int, void*) {
  return static_cast<ssize_t>(size);
}

int on_genmask(wslay_event_context_ptr, std::uint8_t* key, std::size_t size, void*) {
  std::memset(key, 0, size);
  return 0;
}

void on_message(wslay_event_context_ptr, const wslay_event_on_msg_recv_arg* arg, void* user_data) {
  auto& session = *static_cast<Session*>(user_data);
  const std::span<const std::uint8_t> payload(arg->msg, arg->msg_length);
  WsMessage message{.opcode = arg->opcode, .close_code = 0, .payload = {}};
  if (arg->opcode == WSLAY_CONNECTION_CLOSE) {
    const bool has_code = payload.size() >= 2;
    message.close_code = has_code ? arg->status_code : std::uint16_t{1005};
    const auto reason = has_code ? payload.subspan(2) : payload;
    message.payload.assign(reason.begin(), reason.end());
  } else {
    message.payload.assign(payload.begin(), payload.end());
  }
  session.outcome.messages.push_back(std::move(message));
}

// wslay keeps the code it fails with to itself until the close frame is sent.
std::uint16_t failure_code(wslay_event_context_ptr context, int recv_result) {
  if (wslay_event_get_close_received(context) != 0) return 0;
  if (wslay_event_get_read_enabled(context) != 0) return 0;
  if (recv_result != 0) return 1002;  // A header that its lower layer refuses has no code at all.
  CHECK(wslay_event_send(context) == 0);
  CHECK(wslay_event_get_close_sent(context) != 0);
  return wslay_event_get_status_code_sent(context);
}

}  // namespace

WsOutcome read_with_wslay(protocol::WsRole role, std::uint32_t message_bytes_max,
                          std::span<const std::uint8_t> stream) {
  Session session{.stream = stream, .outcome = {}};
  const wslay_event_callbacks callbacks{.recv_callback = on_recv,
                                        .send_callback = on_send,
                                        .genmask_callback = on_genmask,
                                        .on_frame_recv_start_callback = nullptr,
                                        .on_frame_recv_chunk_callback = nullptr,
                                        .on_frame_recv_end_callback = nullptr,
                                        .on_msg_recv_callback = on_message};
  wslay_event_context_ptr context = nullptr;
  const int set_up = role == protocol::WsRole::server
                         ? wslay_event_context_server_init(&context, &callbacks, &session)
                         : wslay_event_context_client_init(&context, &callbacks, &session);
  CHECK(set_up == 0);
  wslay_event_config_set_max_recv_msg_length(context, message_bytes_max);
  const int result = wslay_event_recv(context);
  session.outcome.error_code = failure_code(context, result);
  wslay_event_context_free(context);
  return session.outcome;
}

}  // namespace parley::test
