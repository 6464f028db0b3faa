// What this server answers to HTTP requests: health, readiness, metrics, the chat page, and the
// opening handshakes of WebSocket.
//
// Threading  The worker's own, on its connections alone.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/time.h"
#include "core/chat/identity.h"
#include "core/payload/payload_pool.h"
#include "protocol/http/http_date.h"
#include "protocol/http/http_parser.h"
#include "protocol/http/http_response.h"
#include "server/config/config.h"
#include "server/connection/transport.h"
#include "server/metrics/metrics.h"

namespace parley::services {
class TokenVerifier;
}

namespace parley::server {

struct HttpCounters {
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;  // Answers of 400 and more.
  std::uint64_t upgrades = 0;
};

// Why a connection left HTTP: it is a WebSocket now.
struct Upgrade {
  Endpoint endpoint{};
  core::Identity identity;   // classic only.
  std::size_t rest_bytes{};  // At the end of the bytes given to on_data(): the first frames.
};

class HttpService {
 public:
  struct Borrowed {  // All outlive this.
    const Config& config;
    Transport& transport;
    core::PayloadPool& payloads;
    const MetricBoard& metrics;
    const services::TokenVerifier* tokens;  // Null: no key is configured.
  };

  // `guest_seed` makes the ids of this worker's guests unlike any other's.
  HttpService(Borrowed borrowed, std::uint64_t guest_seed);
  HttpService(const HttpService&) = delete;
  HttpService& operator=(const HttpService&) = delete;

  void begin_turn(UnixMillis now);

  // Not ready from now on: /ready says 503, and so do upgrades.
  void start_draining() { draining_ = true; }

  // A connection begins to speak HTTP.
  void on_open(Connection& connection);

  // Answers the requests in `bytes`. An upgrade ends it: the 101 is queued, and the caller goes on.
  [[nodiscard]] std::optional<Upgrade> on_data(Connection& connection, Bytes bytes);

  // Answers without a request, and finishes.
  void refuse(Connection& connection, std::uint16_t status, std::string_view why);

  [[nodiscard]] const HttpCounters& counters() const { return counters_; }

 private:
  [[nodiscard]] std::optional<Upgrade> answer(Connection& connection,
                                              const protocol::HttpRequest& request);
  [[nodiscard]] std::optional<Upgrade> upgrade(Connection& connection, Endpoint endpoint,
                                               const protocol::HttpRequest& request);
  [[nodiscard]] bool origin_allowed(const protocol::HttpRequest& request) const;
  [[nodiscard]] std::optional<core::Identity> identify(const protocol::HttpRequest& request);
  [[nodiscard]] core::Identity new_guest();
  void answer_get(Connection& connection, const protocol::HttpRequest& request);
  void send_continue(Connection& connection);
  void respond(Connection& connection, protocol::HttpResponse response);
  void refuse_request(Connection& connection, const protocol::HttpRequest& request,
                      std::uint16_t status, std::string_view why);
  void refuse_method(Connection& connection, const protocol::HttpRequest& request,
                     std::string_view allowed);
  void refuse_with(Connection& connection, const protocol::HttpRequest& request,
                   std::uint16_t status, std::string_view why,
                   std::span<const protocol::HttpHeader> more);

  Borrowed borrowed_;
  const std::string health_;
  UnixMillis now_;
  std::int64_t dated_s_ = -1;  // The second that date_ is of.
  protocol::HttpDate date_{};
  bool draining_ = false;
  std::uint64_t guests_;
  HttpCounters counters_;
};

}  // namespace parley::server
