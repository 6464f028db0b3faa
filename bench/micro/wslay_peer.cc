#include "bench/micro/wslay_peer.h"

#include <algorithm>
#include <cstring>

#include "core/base/check.h"

namespace parley::bench {
namespace {

std::size_t take(Bytes& stream, std::uint8_t* buffer, std::size_t size) {
  const std::size_t taken = std::min(size, stream.size());
  if (taken > 0) std::memcpy(buffer, stream.data(), taken);
  stream = stream.subspan(taken);
  return taken;
}

Bytes as_bytes(const std::uint8_t* data, std::size_t size) {
  return std::as_bytes(std::span(data, size));
}

}  // namespace

WslayFramer::WslayFramer() {
  const wslay_frame_callbacks callbacks{
      .send_callback = nullptr, .recv_callback = on_recv, .genmask_callback = nullptr};
  CHECK(wslay_frame_context_init(&context_, &callbacks, this) == 0);
}

WslayFramer::~WslayFramer() {
  wslay_frame_context_free(context_);
}

ssize_t WslayFramer::on_recv(std::uint8_t* buffer, std::size_t size, int /*flags*/, void* self) {
  const std::size_t taken = take(static_cast<WslayFramer*>(self)->stream_, buffer, size);
  return taken == 0 ? -1 : static_cast<ssize_t>(taken);
}

void WslayFramer::read(Bytes stream, PayloadSink& sink) {
  stream_ = stream;
  wslay_frame_iocb frame{};
  ssize_t bytes = 0;
  while ((bytes = wslay_frame_recv(context_, &frame)) >= 0) {
    CHECK(frame.mask == 1);
    sink.on_payload(as_bytes(frame.data, frame.data_length));
  }
  CHECK(bytes == WSLAY_ERR_WANT_READ);
}

WslayReader::WslayReader(std::uint32_t message_bytes_max) {
  wslay_event_callbacks callbacks{};
  callbacks.recv_callback = on_recv;
  callbacks.on_msg_recv_callback = on_message;
  CHECK(wslay_event_context_server_init(&context_, &callbacks, this) == 0);
  wslay_event_config_set_max_recv_msg_length(context_, message_bytes_max);
}

WslayReader::~WslayReader() {
  wslay_event_context_free(context_);
}

ssize_t WslayReader::on_recv(wslay_event_context_ptr context, std::uint8_t* buffer,
                             std::size_t size, int /*flags*/, void* self) {
  const std::size_t taken = take(static_cast<WslayReader*>(self)->stream_, buffer, size);
  if (taken > 0) return static_cast<ssize_t>(taken);
  wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
  return -1;
}

void WslayReader::on_message(wslay_event_context_ptr /*context*/,
                             const wslay_event_on_msg_recv_arg* arg, void* self) {
  static_cast<WslayReader*>(self)->sink_->on_payload(as_bytes(arg->msg, arg->msg_length));
}

void WslayReader::read(Bytes stream, PayloadSink& sink) {
  stream_ = stream;
  sink_ = &sink;
  CHECK(wslay_event_recv(context_) == 0);
  CHECK(wslay_event_get_read_enabled(context_) == 1);
}

}  // namespace parley::bench
