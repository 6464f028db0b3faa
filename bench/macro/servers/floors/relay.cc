#include "bench/macro/servers/floors/relay.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "bench/macro/servers/floors/host.h"
#include "core/base/time.h"
#include "protocol/websocket/ws_framer.h"
#include "protocol/websocket/ws_handshake.h"
#include "protocol/websocket/ws_mask.h"

namespace parley::bench {

namespace {

constexpr std::uint32_t mask_bytes = 4;
constexpr std::byte control_bit{0x08};  // Of an opcode, RFC 6455 5.2.

// At what has arrived, before sending: more would let the first message wait for ever.
constexpr int looks_max = 8;

// Stands before the payload in frames that are longer than what was received: what a chat server
// says of a message besides its text.
constexpr std::string_view padding = R"({"type":"message","seq":1,"from":"floor","message":")";

std::string sent_head(std::uint32_t payload_bytes, std::uint32_t frame_bytes) {
  if (frame_bytes == 0) {
    std::string head(protocol::WsFramer::header_bytes_max, '\0');
    head.resize(protocol::WsFramer::write_header(protocol::WsRole::server, protocol::WsOpcode::text,
                                                 payload_bytes, 0,
                                                 std::as_writable_bytes(std::span<char>(head))));
    return head;
  }
  std::string head = frame_header(frame_bytes);
  if (frame_bytes < head.size() + payload_bytes) {
    fail("no frame of " + std::to_string(frame_bytes) + " bytes holds a payload of " +
         std::to_string(payload_bytes));
  }
  const std::size_t head_bytes = frame_bytes - payload_bytes;
  head.append(padding.substr(0, head_bytes - head.size()));
  head.resize(head_bytes, '.');
  return head;
}

std::uint64_t tag(Relay::Op op, std::uint32_t slot) {
  return std::uint64_t{std::to_underlying(op)} << 32 | slot;
}

template <class T>
T value_of(Result<T> result) {
  if (!result) fail(result.error().message);
  return std::move(*result);
}

}  // namespace

Relay::Relay(const RelayOptions& options)
    : options_(options),
      listener_(listen_loopback(options.port)),
      ring_(value_of(io::KernelRing::open({.submissions = 1'024, .completions = 32'768}))),
      buffers_(value_of(io::RecvBuffers::open(*ring_, {.buffers = 1'024, .buffer_bytes = 4'096}))),
      connections_(options.connections_max) {
  if (io_uring_register_files_sparse(&ring_->raw(), options.connections_max) != 0) {
    fail("--connections-max exceeds the limit of open files (ulimit -n)");
  }
  accept();
}

void Relay::run() {
  while (true) {
    for (Room* room : dirty_) flush(*room);
    dirty_.clear();
    ring_->sleep(seconds(3'600));
    // What arrives while messages are taken leaves in the same sends, which are what costs.
    for (int looks = 0; take_completions() && looks < looks_max; ++looks) ring_->poll();
  }
}

bool Relay::take_completions() {
  bool any = false;
  while (const io_uring_cqe* completion = ring_->peek()) {
    const io_uring_cqe taken = *completion;
    ring_->seen();
    on_completion(static_cast<Op>(taken.user_data >> 32),
                  static_cast<std::uint32_t>(taken.user_data), taken.res, taken.flags);
    any = true;
  }
  return any;
}

void Relay::accept() {
  io_uring_sqe& sqe = ring_->next_entry();
  io_uring_prep_multishot_accept_direct(&sqe, listener_, nullptr, nullptr, 0);
  sqe.user_data = tag(Op::accept, 0);
}

void Relay::receive(std::uint32_t slot) {
  io_uring_sqe& sqe = ring_->next_entry();
  io_uring_prep_recv_multishot(&sqe, static_cast<int>(slot), nullptr, 0, 0);
  sqe.flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
  sqe.buf_group = io::RecvBuffers::group;
  sqe.user_data = tag(Op::recv, slot);
  connections_[slot].receiving = true;
}

void Relay::send(std::uint32_t slot, Bytes bytes) {
  io_uring_sqe& sqe = ring_->next_entry();
  io_uring_prep_send(&sqe, static_cast<int>(slot), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  sqe.flags |= IOSQE_FIXED_FILE;
  sqe.user_data = tag(Op::send, slot);
  connections_[slot].sending = true;
  ++connections_[slot].room->sends;
}

void Relay::begin_to_close(std::uint32_t slot) {
  Connection& connection = connections_[slot];
  if (connection.closing) return;
  connection.closing = true;
  if (connection.receiving) cancel(Op::recv, slot);
  if (connection.sending) cancel(Op::send, slot);
}

// Not all of the descriptor's: docs/decisions/0009.
void Relay::cancel(Op op, std::uint32_t slot) {
  io_uring_sqe& sqe = ring_->next_entry();
  io_uring_prep_cancel64(&sqe, tag(op, slot), 0);
  sqe.user_data = tag(Op::cancel, slot);
}

void Relay::close_when_idle(std::uint32_t slot) {
  Connection& connection = connections_[slot];
  if (!connection.closing || connection.receiving || connection.sending) return;
  if (connection.room != nullptr) leave(slot);
  connection = Connection{};
  io_uring_sqe& sqe = ring_->next_entry();
  io_uring_prep_close_direct(&sqe, slot);
  sqe.user_data = tag(Op::close, slot);
}

void Relay::on_completion(Op op, std::uint32_t slot, std::int32_t result, std::uint32_t flags) {
  switch (op) {
    case Op::accept:
      return on_accepted(result, flags);
    case Op::recv:
      return on_received(slot, result, flags);
    case Op::send:
      return on_sent(slot, result);
    case Op::cancel:
    case Op::close:
      return;  // Done at once, before anything else can happen to the slot.
  }
}

void Relay::on_accepted(std::int32_t result, std::uint32_t flags) {
  if (result == -ENFILE) fail("more connections than --connections-max");
  if (result >= 0) {
    const auto slot = static_cast<std::uint32_t>(result);
    connections_[slot].parser = std::make_unique<protocol::HttpParser>(protocol::HttpLimits{});
    receive(slot);
  }
  if ((flags & IORING_CQE_F_MORE) == 0) accept();
}

void Relay::on_received(std::uint32_t slot, std::int32_t result, std::uint32_t flags) {
  Connection& connection = connections_[slot];
  connection.receiving = (flags & IORING_CQE_F_MORE) != 0;
  if (result > 0) {
    const BufferId buffer{flags >> IORING_CQE_BUFFER_SHIFT};
    buffers_->lend(buffer);
    const MutableBytes bytes = buffers_->bytes(buffer, static_cast<std::uint32_t>(result));
    if (connection.closing) {
      // Nobody wants it any more.
    } else if (connection.parser != nullptr) {
      take_handshake(slot, bytes);
    } else {
      take_messages(slot, bytes);
    }
    buffers_->give_back(buffer);
  } else if (result != -ENOBUFS) {
    begin_to_close(slot);
  }
  if (!connection.receiving && !connection.closing) receive(slot);
  close_when_idle(slot);
}

void Relay::on_sent(std::uint32_t slot, std::int32_t result) {
  Connection& connection = connections_[slot];
  Room& room = *connection.room;
  connection.sending = false;
  --room.sends;
  if (result < 0) {
    begin_to_close(slot);
  } else if (!std::exchange(connection.answering, false)) {
    connection.position += static_cast<std::uint32_t>(result);
  } else if (static_cast<std::size_t>(result) != connection.answer.size()) {
    begin_to_close(slot);  // A client that leaves no room for 200 bytes wants nothing from us.
  }
  if (connection.position != room.log.end()) mark(room);
  close_when_idle(slot);
}

void Relay::take_handshake(std::uint32_t slot, MutableBytes bytes) {
  Connection& connection = connections_[slot];
  connection.parser->feed(bytes);
  const protocol::HttpStatus status = connection.parser->next();
  if (status == protocol::HttpStatus::need_more) return;
  if (status == protocol::HttpStatus::error) return begin_to_close(slot);
  const protocol::HttpRequest& request = connection.parser->request();
  if (protocol::check_ws_handshake(request) != protocol::WsHandshake::accepted) {
    return begin_to_close(slot);
  }
  connection.answer.resize(256);
  connection.answer.resize(protocol::write_ws_accept(
      request, std::as_writable_bytes(std::span<char>(connection.answer))));
  join(slot, options_.alone ? std::to_string(slot) : std::string(request.path));
  const std::size_t rest_bytes = connection.parser->rest().size();
  connection.parser.reset();
  connection.answering = true;
  send(slot, std::as_bytes(std::span<const char>(connection.answer)));
  take_messages(slot, bytes.last(rest_bytes));
}

void Relay::join(std::uint32_t slot, std::string name) {
  std::unique_ptr<Room>& room = rooms_[name];
  if (room == nullptr) room = std::make_unique<Room>(Room{.name = std::move(name)});
  room->members.push_back(slot);
  connections_[slot].room = room.get();
  connections_[slot].position = room->log.end();
}

void Relay::leave(std::uint32_t slot) {
  Room& room = *connections_[slot].room;
  std::erase(room.members, slot);
  if (!room.members.empty()) return;
  std::erase(dirty_, &room);
  const std::string name = std::move(room.name);
  rooms_.erase(name);
}

void Relay::take_messages(std::uint32_t slot, MutableBytes bytes) {
  Connection& connection = connections_[slot];
  std::string parts;
  if (!connection.part.empty()) {
    parts = std::move(connection.part);
    parts.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    bytes = std::as_writable_bytes(std::span<char>(parts));
  }
  while (!bytes.empty()) {
    if ((bytes[0] & control_bit) != std::byte{0}) return begin_to_close(slot);
    if (connection.shape == nullptr) connection.shape = shape_of(bytes);
    if (connection.shape == nullptr) break;
    const Shape& shape = *connection.shape;
    const std::size_t message_bytes =
        shape.received_header_bytes + mask_bytes + shape.payload_bytes;
    if (bytes.size() < message_bytes) break;
    publish(*connection.room, shape, bytes.first(message_bytes));
    bytes = bytes.subspan(message_bytes);
  }
  connection.part.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

const Relay::Shape* Relay::shape_of(Bytes message) {
  const auto byte = [message](std::size_t i) { return std::to_integer<std::uint32_t>(message[i]); };
  if (message.size() < 2) return nullptr;
  std::uint32_t header_bytes = 2;
  std::uint32_t payload_bytes = byte(1) & 0x7f;
  if (payload_bytes >= 126) {
    header_bytes = payload_bytes == 126 ? 4 : 10;
    if (message.size() < header_bytes) return nullptr;
    payload_bytes = 0;
    for (std::size_t i = 2; i < header_bytes; ++i) payload_bytes = payload_bytes << 8 | byte(i);
  }
  const auto [found, is_new] = shapes_.try_emplace(payload_bytes);
  if (is_new) {
    found->second = {.received_header_bytes = header_bytes,
                     .payload_bytes = payload_bytes,
                     .sent_head = sent_head(payload_bytes, options_.frame_bytes)};
  }
  return &found->second;
}

void Relay::publish(Room& room, const Shape& shape, Bytes message) {
  const std::size_t frame_bytes = shape.sent_head.size() + shape.payload_bytes;
  if (room.sends == 0 && !room.dirty) room.log.rewind();
  if (!room.log.fits(frame_bytes)) make_room(room, frame_bytes);
  const MutableBytes frame = room.log.append(frame_bytes);
  const MutableBytes payload = frame.last(shape.payload_bytes);
  std::memcpy(frame.data(), shape.sent_head.data(), shape.sent_head.size());
  frame[0] = message[0];  // Text or binary.
  std::uint32_t mask_key = 0;
  std::memcpy(&mask_key, message.data() + shape.received_header_bytes, mask_bytes);
  std::memcpy(payload.data(), message.last(shape.payload_bytes).data(), shape.payload_bytes);
  protocol::unmask(payload, mask_key);
  mark(room);
}

void Relay::make_room(Room& room, std::size_t frame_bytes) {
  std::uint64_t oldest = room.log.end();
  for (const std::uint32_t member : room.members) {
    const Connection& connection = connections_[member];
    if (connection.closing && !connection.sending) continue;
    oldest = std::min(oldest, connection.position);
  }
  room.log.grow(oldest, frame_bytes);
  if (room.log.chunk_count() <= backlog_chunks_max) return;
  const std::uint64_t too_old = oldest + RoomLog::chunk_bytes;
  for (const std::uint32_t member : room.members) {
    if (connections_[member].position < too_old) begin_to_close(member);
  }
}

void Relay::mark(Room& room) {
  if (!std::exchange(room.dirty, true)) dirty_.push_back(&room);
}

void Relay::flush(Room& room) {
  room.dirty = false;
  const std::uint64_t end = room.log.end();
  for (const std::uint32_t member : room.members) {
    const Connection& connection = connections_[member];
    if (connection.sending || connection.closing || connection.position == end) continue;
    send(member, room.log.from(connection.position));
  }
}

}  // namespace parley::bench
