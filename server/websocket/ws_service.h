// The WebSocket side of connections: messages in, to the hub or back as an echo; frames out for
// the hub; pings, time-outs and closing handshakes.
//
// Threading  The owning worker alone.
// Memory     A connection has a reader while something has arrived in part. Readers go from one
//            connection to the next, with the block that each has by then; 64 of them wait, with
//            16 KiB each at most.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "core/chat/edge_sink.h"
#include "core/chat/hub.h"
#include "core/mail/post_office.h"
#include "core/payload/payload_pool.h"
#include "protocol/json/json_reader.h"
#include "protocol/websocket/ws_reader.h"
#include "server/config/config.h"
#include "server/connection/transport.h"
#include "server/http/http_service.h"

namespace parley::server {

struct WsCounters {
  std::uint64_t messages = 0;
  std::uint64_t protocol_errors = 0;
  std::uint64_t gap_notices = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t address_refused = 0;
};

class WsService final : public core::EdgeSink {
 public:
  struct Borrowed {  // All outlive this.
    const Config& config;
    Transport& transport;
    core::PayloadPool& payloads;
    core::Mailbox& mailbox;
    HttpService& http;
  };

  explicit WsService(Borrowed borrowed);

  // The hub uses this as its sink, so it comes later. Borrowed; outlives this but for ~Hub().
  void set_hub(core::Hub& hub) { hub_ = &hub; }

  void on_upgrade(Connection& connection, Upgrade&& upgrade, MutableBytes rest);
  void on_data(Connection& connection, MutableBytes bytes);
  void on_timer(Connection& connection);

  // A close frame, then the end of the connection.
  void close(Connection& connection, protocol::WsCloseCode code, std::string_view reason);

  // Queues the notices of what was dropped at the front of what is left. REQUIRES: a WebSocket
  // connection with nothing in flight; it may be saying its last words.
  void tell_gaps(Connection& connection);

  // EdgeSink.
  void send(ConnId conn, core::PayloadRef frame) override;
  void deliver(std::span<const std::uint32_t> slots, const core::PayloadRef& frame) override;
  [[nodiscard]] bool has_room(ConnId conn) override;
  void close(ConnId conn, core::CloseCode code, std::string_view reason) override;
  [[nodiscard]] bool admitted(ConnId conn, bool allowed) override;
  void post(WorkerId target, core::Mail&& mail) override;

  [[nodiscard]] const WsCounters& counters() const { return counters_; }

 private:
  void tell_gap(Connection& connection, const core::Gap& gap);
  void read(Connection& connection, protocol::WsReader& reader, MutableBytes bytes);
  [[nodiscard]] std::unique_ptr<Connection::Input> take_reader();
  void put_reader_back(std::unique_ptr<Connection::Input> input);
  void on_event(Connection& connection, const protocol::WsEvent& event);
  void on_text(Connection& connection, Bytes payload);
  [[nodiscard]] core::PayloadRef close_frame(std::uint16_t code, std::string_view reason);
  void set_timer(Connection& connection);

  Borrowed borrowed_;
  core::Hub* hub_ = nullptr;
  protocol::JsonReader json_;
  std::vector<std::unique_ptr<Connection::Input>> readers_;  // At rest; for whom bytes arrive next.
  std::vector<core::Gap> gaps_;                              // Scratch.
  WsCounters counters_;
};

}  // namespace parley::server
