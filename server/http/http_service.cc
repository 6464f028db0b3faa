#include "server/http/http_service.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include "core/base/check.h"
#include "protocol/websocket/ws_handshake.h"
#include "server/http/token_identity.h"
#include "server/page/assets.h"
#include "services/auth/token_verifier.h"

namespace parley::server {

namespace {

using protocol::HttpHeader;
using protocol::HttpRequest;
using protocol::HttpResponse;

constexpr protocol::HttpLimits limits{};
constexpr std::size_t token_bytes_max = 8 * 1024;

// The page loads nothing from elsewhere and is framed by nobody.
constexpr std::array page_headers = {
    HttpHeader{"Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'"},
    HttpHeader{"X-Content-Type-Options", "nosniff"},
    HttpHeader{"Referrer-Policy", "no-referrer"},
    HttpHeader{"Cache-Control", "no-cache"},
};
constexpr std::array api_headers = {HttpHeader{"Cache-Control", "no-store"},
                                    HttpHeader{"X-Content-Type-Options", "nosniff"}};

const Asset* find_asset(std::string_view page_path, std::string_view path) {
  if (page_path.empty() || !path.starts_with(page_path)) return nullptr;
  const std::string_view relative = path.substr(page_path.size());
  for (const Asset& asset : page_assets()) {
    if (asset.path == relative) return &asset;
  }
  return nullptr;
}

// Whether there is a token at all: one that cannot be decoded is a wrong one, not none.
bool names_a_token(std::string_view query) {
  while (!query.empty()) {
    const std::string_view parameter = query.substr(0, query.find('&'));
    if (parameter == "token" || parameter.starts_with("token=")) return true;
    query.remove_prefix(std::min(query.size(), parameter.size() + 1));
  }
  return false;
}

std::uint64_t scatter(std::uint64_t x) {  // The finaliser of SplitMix64: a bijection.
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

}  // namespace

HttpService::HttpService(Borrowed borrowed, std::uint64_t guest_seed)
    : borrowed_(borrowed),
      health_("{\"status\":\"ok\",\"service\":\"" + borrowed.config.service_name + "\"}"),
      guests_(guest_seed) {}

void HttpService::begin_turn(UnixMillis now) {
  now_ = now;
  if (now.value / 1'000 == dated_s_) return;
  dated_s_ = now.value / 1'000;
  date_ = protocol::http_date(now);
}

void HttpService::on_open(Connection& connection) {
  connection.input =
      std::make_unique<Connection::Input>(std::in_place_type<protocol::HttpParser>, limits);
}

std::optional<Upgrade> HttpService::on_data(Connection& connection, Bytes bytes) {
  CHECK(connection.http() != nullptr);
  protocol::HttpParser& parser = *connection.http();
  parser.feed(bytes);
  while (true) {
    switch (parser.next()) {
      case protocol::HttpStatus::need_more:
        if (parser.take_expect_continue()) send_continue(connection);
        return std::nullopt;
      case protocol::HttpStatus::error:
        counters_.requests += 1;
        refuse(connection, parser.error_status(), protocol::http_reason(parser.error_status()));
        return std::nullopt;
      case protocol::HttpStatus::request:
        break;
    }
    counters_.requests += 1;
    std::optional<Upgrade> upgrade = answer(connection, parser.request());
    if (upgrade) {
      upgrade->rest_bytes = parser.rest().size();
      connection.input.reset();
      return upgrade;
    }
    if (connection.phase != Phase::http) return std::nullopt;
    // A kept connection has as long for its next request as a new one for its first.
    borrowed_.transport.timers().set(
        connection.id.slot,
        borrowed_.transport.now() + milliseconds(borrowed_.config.handshake_timeout_ms));
  }
}

std::optional<Upgrade> HttpService::answer(Connection& connection, const HttpRequest& request) {
  const Config& config = borrowed_.config;
  if (!config.classic_path.empty() && request.path == config.classic_path) {
    return upgrade(connection, Endpoint::classic, request);
  }
  if (!config.echo_path.empty() && request.path == config.echo_path) {
    return upgrade(connection, Endpoint::echo, request);
  }
  if (request.upgrade) {
    // RFC 9110 7.8: an upgrade may be ignored, but what follows it cannot be told from requests.
    refuse(connection, 404, "nothing to upgrade to here");
    return std::nullopt;
  }
  answer_get(connection, request);
  return std::nullopt;
}

void HttpService::answer_get(Connection& connection, const HttpRequest& request) {
  HttpResponse response{.status = 200,
                        .content_type = {},
                        .body = {},
                        .headers = api_headers,
                        .keep_alive = request.keep_alive,
                        .head = request.method == "HEAD"};
  std::string text;
  if (request.path == "/health") {
    response.content_type = "application/json";
    response.body = health_;
  } else if (request.path == "/ready") {
    response.status = draining_ ? 503 : 200;
    response.content_type = "application/json";
    response.body = draining_ ? "{\"status\":\"draining\"}" : "{\"status\":\"ready\"}";
  } else if (request.path == "/metrics") {
    text = borrowed_.metrics.render();
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = text;
  } else if (const Asset* asset = find_asset(borrowed_.config.page_path, request.path)) {
    response.content_type = asset->content_type;
    response.body = asset->body;
    response.headers = page_headers;
  } else {
    return refuse_request(connection, request, 404, "not found");
  }
  if (request.method != "GET" && request.method != "HEAD") {
    return refuse_method(connection, request, "GET, HEAD");
  }
  respond(connection, response);
}

std::optional<Upgrade> HttpService::upgrade(Connection& connection, Endpoint endpoint,
                                            const HttpRequest& request) {
  const auto refuse_this = [&](std::uint16_t status, std::string_view why) {
    refuse_request(connection, request, status, why);
    return std::nullopt;
  };
  switch (protocol::check_ws_handshake(request)) {
    case protocol::WsHandshake::accepted:
      break;
    case protocol::WsHandshake::not_get:
      refuse_method(connection, request, "GET");
      return std::nullopt;
    case protocol::WsHandshake::bad_upgrade:
      return refuse_this(400, "this is a WebSocket endpoint: Upgrade: websocket is missing");
    case protocol::WsHandshake::bad_version:
      return refuse_this(426, "Sec-WebSocket-Version must be 13");
    case protocol::WsHandshake::bad_key:
      return refuse_this(400, "Sec-WebSocket-Key must be 16 bytes in base64, once");
    case protocol::WsHandshake::bad_offer:
      return refuse_this(400, "Sec-WebSocket-Extensions or -Protocol is malformed");
  }
  if (draining_) return refuse_this(503, "shutting down");
  if (!origin_allowed(request)) return refuse_this(403, "this origin may not connect");
  Upgrade result{.endpoint = endpoint, .identity = {}, .rest_bytes = 0};
  if (endpoint == Endpoint::classic) {
    std::optional<core::Identity> identity = identify(request);
    if (!identity) return refuse_this(401, "a valid token is needed: ?token=");
    result.identity = std::move(*identity);
  }
  constexpr std::uint32_t accept_bytes_max = 256;
  core::PayloadRef frame = borrowed_.payloads.allocate(accept_bytes_max);
  frame->end += protocol::write_ws_accept(
      request, MutableBytes(frame->bytes() + frame->end, accept_bytes_max));
  borrowed_.transport.send(connection, std::move(frame));
  counters_.upgrades += 1;
  return result;
}

bool HttpService::origin_allowed(const HttpRequest& request) const {
  const std::vector<std::string>& allowed = borrowed_.config.allowed_origins;
  if (allowed.empty()) return true;
  // Only browsers send an Origin, and only they can be made to connect against their user's will.
  const std::string_view origin = request.header("Origin");
  return origin.empty() || std::find(allowed.begin(), allowed.end(), origin) != allowed.end();
}

std::optional<core::Identity> HttpService::identify(const HttpRequest& request) {
  std::array<char, token_bytes_max> buffer;
  std::string_view token;
  const bool decoded = protocol::query_parameter(request.query, "token", buffer, token);
  if (!decoded && !names_a_token(request.query)) {
    if (borrowed_.config.guests == GuestPolicy::refuse) return std::nullopt;
    return new_guest();
  }
  if (!decoded || borrowed_.tokens == nullptr) return std::nullopt;
  Result<services::TokenClaims> claims = borrowed_.tokens->verify(token, now_);
  if (!claims) return std::nullopt;
  return identity_of(std::move(*claims));
}

core::Identity HttpService::new_guest() {
  // A sequence that never repeats within the process (each worker has 2^40 numbers of its own),
  // scattered by a bijection, so that ids are unique too.
  std::array<char, core::guest_digits> digits;  // Of base 36: as many as 64 bits take.
  digits.fill('0');
  std::array<char, core::guest_digits> significant;
  const std::to_chars_result end = std::to_chars(
      significant.data(), significant.data() + significant.size(), scatter(++guests_), 36);
  CHECK(end.ec == std::errc{});
  std::copy_backward(significant.data(), end.ptr, digits.data() + digits.size());
  return core::new_guest({digits.data(), digits.size()});
}

void HttpService::refuse_request(Connection& connection, const HttpRequest& request,
                                 std::uint16_t status, std::string_view why) {
  constexpr std::array version = {HttpHeader{"Sec-WebSocket-Version", "13"},
                                  HttpHeader{"Upgrade", "websocket"}};
  refuse_with(connection, request, status, why,
              status == 426 ? std::span<const HttpHeader>(version) : std::span<const HttpHeader>());
}

void HttpService::refuse_method(Connection& connection, const HttpRequest& request,
                                std::string_view allowed) {
  const std::array allow = {HttpHeader{"Allow", allowed}};
  refuse_with(connection, request, 405, protocol::http_reason(405), allow);
}

void HttpService::refuse_with(Connection& connection, const HttpRequest& request,
                              std::uint16_t status, std::string_view why,
                              std::span<const HttpHeader> more) {
  const std::string body = "{\"error\":\"" + std::string(why) + "\"}";
  std::array<HttpHeader, 3> headers;
  CHECK(more.size() < headers.size());
  headers[0] = {"Cache-Control", "no-store"};
  std::ranges::copy(more, headers.begin() + 1);
  counters_.errors += 1;
  // Behind an upgrade request the peer may already speak the other protocol.
  respond(connection, {.status = status,
                       .content_type = "application/json",
                       .body = body,
                       .headers = std::span(headers).first(1 + more.size()),
                       .keep_alive = request.keep_alive && !request.upgrade,
                       .head = request.method == "HEAD"});
}

void HttpService::refuse(Connection& connection, std::uint16_t status, std::string_view why) {
  counters_.errors += 1;
  const std::string body = "{\"error\":\"" + std::string(why) + "\"}";
  constexpr std::array headers = {HttpHeader{"Cache-Control", "no-store"}};
  respond(connection, {.status = status,
                       .content_type = "application/json",
                       .body = body,
                       .headers = headers,
                       .keep_alive = false,
                       .head = false});
}

// RFC 9110 10.1.1: the client waits for this before it sends the body.
void HttpService::send_continue(Connection& connection) {
  constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
  core::PayloadRef frame = borrowed_.payloads.allocate(text.size());
  std::memcpy(frame->bytes() + frame->end, text.data(), text.size());
  frame->end += static_cast<std::uint32_t>(text.size());
  borrowed_.transport.send(connection, std::move(frame));
}

void HttpService::respond(Connection& connection, HttpResponse response) {
  // Who pipelines requests without reading the answers gets no more of them here: this one says
  // that the connection ends, and a client asks again for what was not answered (RFC 9112 9.3.2).
  constexpr std::uint32_t unread_bytes_max = 256 * 1024;
  if (connection.outbox.queued_bytes() > unread_bytes_max) response.keep_alive = false;
  response.date = {date_.data(), date_.size()};
  const std::uint32_t bytes_max = protocol::http_response_bytes_max(response);
  core::PayloadRef frame = borrowed_.payloads.allocate(bytes_max);
  frame->end +=
      protocol::write_http_response(response, MutableBytes(frame->bytes() + frame->end, bytes_max));
  borrowed_.transport.send_response(connection, std::move(frame));
  if (!response.keep_alive) borrowed_.transport.finish(connection);
}

}  // namespace parley::server
