// What relay_floor and echo_floor are: WebSocket connections in groups, and each message goes to
// its group, the sender included, as it came.
//
// It does what no relay can be spared: receive, unmask, write a frame once, one send per member
// and turn. It parses nothing, numbers nothing and checks nothing: all messages of a connection are
// taken to be as long as its first, and a control frame to be a goodbye.
//
// Memory  What the slowest member of a room has not read; beyond backlog_chunks_max chunks
//         that member's connection is closed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "bench/macro/servers/floors/room_log.h"
#include "core/base/types.h"
#include "io/kernel_ring.h"
#include "io/recv_buffers.h"
#include "protocol/http/http_parser.h"

namespace parley::bench {

struct RelayOptions {
  std::uint16_t port = 0;
  std::uint32_t connections_max = 16'000;
  std::uint32_t frame_bytes = 0;  // Of the frames sent, header included; 0: as received.
  bool alone = false;             // Each connection is its own group, whatever its path.
};

class Relay {
 public:
  explicit Relay(const RelayOptions& options);
  [[noreturn]] void run();

  enum class Op : std::uint32_t { accept, recv, send, cancel, close };

 private:
  static constexpr std::size_t backlog_chunks_max = 256;

  // Messages of one length: what stands before the payload in the frames received and sent.
  struct Shape {
    std::uint32_t received_header_bytes = 0;  // Without the mask.
    std::uint32_t payload_bytes = 0;
    std::string sent_head;  // Frame header, and padding to the length asked for.
  };

  struct Room;

  struct Connection {
    std::uint64_t position = 0;  // In the room's log: what was sent.
    Room* room = nullptr;
    const Shape* shape = nullptr;  // Null until its first message.
    bool receiving = false;
    bool sending = false;
    bool answering = false;  // What is being sent is the answer to the handshake.
    bool closing = false;
    std::string part;    // The beginning of a message whose rest has not arrived.
    std::string answer;  // To the handshake.
    std::unique_ptr<protocol::HttpParser> parser;  // Until the handshake.
  };

  struct Room {
    std::string name;
    std::vector<std::uint32_t> members;
    RoomLog log;
    std::uint32_t sends = 0;  // Under way.
    bool dirty = false;       // Somebody is behind and may have no send under way.
  };

  bool take_completions();  // Whether there were any.
  void accept();
  void receive(std::uint32_t slot);
  void send(std::uint32_t slot, Bytes bytes);
  void begin_to_close(std::uint32_t slot);
  void cancel(Op op, std::uint32_t slot);
  void close_when_idle(std::uint32_t slot);

  void on_completion(Op op, std::uint32_t slot, std::int32_t result, std::uint32_t flags);
  void on_accepted(std::int32_t result, std::uint32_t flags);
  void on_received(std::uint32_t slot, std::int32_t result, std::uint32_t flags);
  void on_sent(std::uint32_t slot, std::int32_t result);

  void take_handshake(std::uint32_t slot, MutableBytes bytes);
  void join(std::uint32_t slot, std::string name);
  void leave(std::uint32_t slot);
  void take_messages(std::uint32_t slot, MutableBytes bytes);
  // Null while the header has not arrived.
  [[nodiscard]] const Shape* shape_of(Bytes message);
  void publish(Room& room, const Shape& shape, Bytes message);
  void make_room(Room& room, std::size_t frame_bytes);
  void mark(Room& room);
  void flush(Room& room);

  const RelayOptions options_;
  const int listener_;
  std::unique_ptr<io::KernelRing> ring_;
  std::unique_ptr<io::RecvBuffers> buffers_;

  std::vector<Connection> connections_;  // By the number of their direct descriptor.
  std::unordered_map<std::string, std::unique_ptr<Room>> rooms_;
  std::map<std::uint32_t, Shape> shapes_;  // By length of the payload.
  std::vector<Room*> dirty_;
};

}  // namespace parley::bench
