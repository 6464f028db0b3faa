// How the bytes travel: our side gathers the lines of a head, held to the limits, and hands the
// whole head to llhttp, which judges its grammar; http_rules judges the rest. The bytes of a body
// go to llhttp as they come. A trailer section is gathered and judged like a head.
#include "protocol/http/http_parser.h"

#include <llhttp.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "protocol/http/http_rules.h"
#include "protocol/http/http_text.h"

namespace parley::protocol {
namespace {

// Section 2.2 asks us to ignore at least one empty line before a request; more is only noise.
constexpr std::uint32_t empty_lines_max = 4;

// Of each buffer, between requests.
constexpr std::size_t kept_bytes_max = 4 * 1024;

// What a request line holds besides its method and target: " ", " HTTP/1.1\r\n".
constexpr std::uint32_t request_line_bytes_rest = 12;

enum class Phase : std::uint8_t {
  head,      // Gathering the lines of the head.
  body,      // llhttp reads the body.
  trailers,  // Gathering the lines behind the last chunk.
  complete,  // next() returned a request.
  stopped,   // No request will follow on this connection.
  failed,
};

template <class Buffer>
void empty_and_shrink(Buffer& buffer) {
  // By swap: an assigned empty string would keep the buffer.
  if (buffer.capacity() > kept_bytes_max) Buffer().swap(buffer);
  buffer.clear();
}

// The header or trailer section being gathered, its lines with their CRLF.
struct Section {
  std::string text;
  std::size_t line_begin = 0;    // Of the line being gathered.
  std::size_t fields_begin = 0;  // Of the first field line.
  std::uint32_t field_count = 0;

  [[nodiscard]] std::string_view line() const { return std::string_view(text).substr(line_begin); }
  void clear() {
    empty_and_shrink(text);
    line_begin = fields_begin = 0;
    field_count = 0;
  }
};

}  // namespace

struct HttpParser::State {
  explicit State(const HttpLimits& limits_in);

  HttpStatus next();
  void begin_request();
  void read_head();
  void read_body();
  void read_trailers();
  void fail(HttpFault reason);
  void fail_parse();

  bool gather_line(Section& section, std::size_t bytes_max);
  bool gather_field(Section& section);
  bool read_start_line();
  HttpFault judge_head();

  // What llhttp calls: 0 to go on, -1 to refuse, HPE_PAUSED to stop for now.
  static const llhttp_settings_t callbacks;
  static State& of(llhttp_t* llhttp) { return *static_cast<State*>(llhttp->data); }
  static int on_header_name(llhttp_t* llhttp, const char* at, std::size_t bytes);
  static int on_header_value(llhttp_t* llhttp, const char* at, std::size_t bytes);
  static int on_header_complete(llhttp_t* llhttp);
  static int on_headers_complete(llhttp_t* llhttp);
  static int on_chunk_header(llhttp_t* llhttp);
  static int on_chunk_extension(llhttp_t* llhttp, const char* at, std::size_t bytes);
  static int on_body(llhttp_t* llhttp, const char* at, std::size_t bytes);
  static int on_message_complete(llhttp_t* llhttp);

  const HttpLimits limits;

  llhttp_t llhttp{};
  Phase phase = Phase::head;
  HttpFault fault = HttpFault::none;
  bool at_last_chunk = false;
  bool expects_continue = false;
  std::uint32_t empty_lines = 0;
  std::size_t chunk_extension_bytes = 0;
  Section head;
  Section trailers;
  std::vector<std::byte> body;
  std::vector<HttpHeader> headers;
  HttpHeader header;  // The one that llhttp is reading.
  HttpRequestLine request_line;
  HttpRequest request;

  Bytes input;  // Borrowed from the caller of feed().
};

constinit const llhttp_settings_t HttpParser::State::callbacks = [] {
  llhttp_settings_t settings{};
  settings.on_header_field = on_header_name;
  settings.on_header_value = on_header_value;
  settings.on_header_value_complete = on_header_complete;
  settings.on_headers_complete = on_headers_complete;
  settings.on_chunk_header = on_chunk_header;
  settings.on_chunk_extension_name = on_chunk_extension;
  settings.on_chunk_extension_value = on_chunk_extension;
  settings.on_body = on_body;
  settings.on_message_complete = on_message_complete;
  return settings;
}();

HttpParser::State::State(const HttpLimits& limits_in) : limits(limits_in) {
  llhttp_init(&llhttp, HTTP_REQUEST, &callbacks);
  llhttp.data = this;
}

int HttpParser::State::on_header_name(llhttp_t* llhttp, const char* at, std::size_t bytes) {
  of(llhttp).header = {{at, bytes}, {}};
  return 0;
}

int HttpParser::State::on_header_value(llhttp_t* llhttp, const char* at, std::size_t bytes) {
  of(llhttp).header.value = without_outer_space({at, bytes});
  return 0;
}

int HttpParser::State::on_header_complete(llhttp_t* llhttp) {
  State& state = of(llhttp);
  if (state.phase == Phase::head) state.headers.push_back(state.header);
  return 0;
}

int HttpParser::State::on_headers_complete(llhttp_t* llhttp) {
  State& state = of(llhttp);
  state.fault = state.judge_head();
  return state.fault == HttpFault::none ? 0 : -1;
}

int HttpParser::State::on_chunk_header(llhttp_t* llhttp) {
  State& state = of(llhttp);
  if (llhttp->content_length == 0) {
    state.at_last_chunk = true;
    return HPE_PAUSED;
  }
  if (llhttp->content_length <= state.limits.body_bytes_max - state.body.size()) return 0;
  state.fault = HttpFault::content_too_large;
  return -1;
}

int HttpParser::State::on_chunk_extension(llhttp_t* llhttp, const char*, std::size_t bytes) {
  // Section 7.1.1: ignored, and of a limited total length.
  State& state = of(llhttp);
  state.chunk_extension_bytes += bytes;
  if (state.chunk_extension_bytes <= state.limits.header_bytes_max) return 0;
  state.fault = HttpFault::content_too_large;
  return -1;
}

int HttpParser::State::on_body(llhttp_t* llhttp, const char* at, std::size_t bytes) {
  State& state = of(llhttp);
  CHECK(bytes <= state.limits.body_bytes_max - state.body.size());  // Its length was judged.
  const auto* begin = reinterpret_cast<const std::byte*>(at);
  state.body.insert(state.body.end(), begin, begin + bytes);
  return 0;
}

int HttpParser::State::on_message_complete(llhttp_t*) {
  return HPE_PAUSED;
}

HttpStatus HttpParser::State::next() {
  if (phase == Phase::complete) begin_request();
  while (!input.empty()) {
    switch (phase) {
      case Phase::head:
        read_head();
        break;
      case Phase::body:
        read_body();
        break;
      case Phase::trailers:
        read_trailers();
        break;
      case Phase::stopped:
      case Phase::failed:
        input = {};
        break;
      case Phase::complete:
        CHECK(false);
    }
    if (phase == Phase::complete) {
      request.body = body;
      return HttpStatus::request;
    }
  }
  return phase == Phase::failed ? HttpStatus::error : HttpStatus::need_more;
}

void HttpParser::State::begin_request() {
  phase = request.keep_alive && !request.upgrade ? Phase::head : Phase::stopped;
  request = {};
  request_line = {};
  headers.clear();
  head.clear();
  trailers.clear();
  empty_and_shrink(body);
  at_last_chunk = false;
  expects_continue = false;
  empty_lines = 0;
  chunk_extension_bytes = 0;
  llhttp_reset(&llhttp);
}

void HttpParser::State::fail(HttpFault reason) {
  CHECK(reason != HttpFault::none);
  fault = reason;
  phase = Phase::failed;
  input = {};
}

// After an error of llhttp: the reason is ours if one of our callbacks refused.
void HttpParser::State::fail_parse() {
  if (fault != HttpFault::none) return fail(fault);
  switch (llhttp_get_errno(&llhttp)) {
    // A length of more than 64 bits is as long as any other that is too long. llhttp tells it from
    // one that is no number by its text alone.
    case HPE_INVALID_CONTENT_LENGTH:
    case HPE_INVALID_CHUNK_SIZE:
      return fail(std::string_view(llhttp_get_error_reason(&llhttp)).ends_with(" overflow")
                      ? HttpFault::content_too_large
                      : HttpFault::bad_request);
    // The request line was in order, so what llhttp does not know is its method.
    case HPE_INVALID_METHOD:
    case HPE_INVALID_CONSTANT:
    case HPE_INVALID_VERSION:
      return fail(HttpFault::not_implemented);
    default:
      return fail(HttpFault::bad_request);
  }
}

// Moves input to the section until the line being gathered is complete. False: it is not, for
// want of input, or because the line would be longer than `bytes_max`.
bool HttpParser::State::gather_line(Section& section, std::size_t bytes_max) {
  const void* newline = std::memchr(input.data(), '\n', input.size());
  std::size_t bytes = input.size();
  if (newline != nullptr) {
    bytes = static_cast<std::size_t>(static_cast<const std::byte*>(newline) - input.data()) + 1;
  }
  const std::size_t room = bytes_max - section.line().size();
  const bool fits = bytes <= room;
  const Bytes piece = input.first(fits ? bytes : room);
  section.text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  input = input.subspan(piece.size());
  if (fits) return newline != nullptr;

  if (&section == &head && section.line_begin == 0) {
    const std::size_t method_bytes = section.line().find(' ');
    fail(method_bytes <= http_method_bytes_max ? HttpFault::uri_too_long : HttpFault::bad_request);
  } else {
    fail(HttpFault::fields_too_large);
  }
  return false;
}

// Gathers one line behind the start line. True: it was the empty one that ends the section.
bool HttpParser::State::gather_field(Section& section) {
  const std::size_t used = section.line_begin - section.fields_begin;
  constexpr std::size_t empty_line_bytes = 2;  // Always allowed: the limit is on fields.
  if (!gather_line(section, limits.header_bytes_max + empty_line_bytes - used)) return false;

  const std::string_view line = section.line();
  if (line == "\r\n") return true;
  if (!is_clean_http_line(line) || !has_field_name(line)) {
    fail(HttpFault::bad_request);
  } else if (used + line.size() > limits.header_bytes_max ||
             ++section.field_count > limits.headers_max) {
    fail(HttpFault::fields_too_large);
  }
  section.line_begin = section.text.size();
  return false;
}

// Gathers the request line. False: not complete yet, or refused.
bool HttpParser::State::read_start_line() {
  const std::size_t bytes_max =
      http_method_bytes_max + std::size_t{limits.target_bytes_max} + request_line_bytes_rest;
  if (!gather_line(head, bytes_max)) return false;
  const std::string_view line = head.line();
  if (line == "\r\n" && empty_lines < empty_lines_max) {
    ++empty_lines;
    head.clear();
    return false;
  }
  HttpFault reason = HttpFault::bad_request;
  if (is_clean_http_line(line)) {
    reason = check_request_line(line, limits.target_bytes_max, request_line);
  }
  if (reason != HttpFault::none) {
    fail(reason);
    return false;
  }
  head.line_begin = head.fields_begin = head.text.size();
  return true;
}

void HttpParser::State::read_head() {
  if (head.fields_begin == 0) {
    if (!read_start_line()) return;
  }
  while (!input.empty()) {
    if (!gather_field(head)) continue;
    const std::string_view text = head.text;
    // Once more, as the text moved while it grew.
    const HttpFault known = check_request_line(text.substr(0, head.fields_begin),
                                               limits.target_bytes_max, request_line);
    CHECK(known == HttpFault::none);
    const llhttp_errno_t result = llhttp_execute(&llhttp, text.data(), text.size());
    if (result == HPE_OK) {
      phase = Phase::body;
    } else if (result == HPE_PAUSED) {
      CHECK(llhttp_get_error_pos(&llhttp) == text.data() + text.size());
      phase = Phase::complete;
    } else {
      fail_parse();
    }
    return;
  }
}

// Fills in `request` from the head that llhttp has read, and judges it.
HttpFault HttpParser::State::judge_head() {
  const bool is_http_1_0 = request_line.is_http_1_0;
  request.method = request_line.method;
  request.target = request_line.target;
  request.path = request_line.path;
  request.query = request_line.query;
  request.headers = headers;
  request.keep_alive = !request.header_has_token("connection", "close") &&
                       (!is_http_1_0 || request.header_has_token("connection", "keep-alive"));
  request.upgrade = !is_http_1_0 && request.header_has_token("connection", "upgrade") &&
                    request.header_has_token("upgrade", "websocket");
  expects_continue = !is_http_1_0 && request.header_has_token("expect", "100-continue");
  return check_fields(request, is_http_1_0, limits.body_bytes_max);
}

void HttpParser::State::read_body() {
  expects_continue = false;  // The peer did not wait.
  const char* begin = reinterpret_cast<const char*>(input.data());
  const llhttp_errno_t result = llhttp_execute(&llhttp, begin, input.size());
  if (result == HPE_OK) {
    input = {};
  } else if (result == HPE_PAUSED) {
    input = input.subspan(static_cast<std::size_t>(llhttp_get_error_pos(&llhttp) - begin));
    phase = at_last_chunk ? Phase::trailers : Phase::complete;
  } else {
    fail_parse();
  }
}

void HttpParser::State::read_trailers() {
  while (!input.empty()) {
    if (!gather_field(trailers)) continue;
    llhttp_resume(&llhttp);
    const llhttp_errno_t result =
        llhttp_execute(&llhttp, trailers.text.data(), trailers.text.size());
    if (result == HPE_PAUSED) {
      phase = Phase::complete;
    } else {
      fail_parse();
    }
    return;
  }
}

HttpParser::HttpParser(const HttpLimits& limits) : state_(std::make_unique<State>(limits)) {}

HttpParser::~HttpParser() = default;

void HttpParser::feed(Bytes bytes) {
  CHECK(state_->input.empty());
  CHECK(state_->phase != Phase::complete);
  state_->input = bytes;
}

HttpStatus HttpParser::next() {
  return state_->next();
}

const HttpRequest& HttpParser::request() const {
  CHECK(state_->phase == Phase::complete);
  return state_->request;
}

Bytes HttpParser::rest() const {
  CHECK(state_->phase == Phase::complete && state_->request.upgrade);
  return state_->input;
}

std::uint16_t HttpParser::error_status() const {
  return static_cast<std::uint16_t>(state_->fault);
}

bool HttpParser::in_request() const {
  switch (state_->phase) {
    case Phase::head:
      return !state_->head.text.empty();
    case Phase::body:
    case Phase::trailers:
      return true;
    case Phase::complete:
    case Phase::stopped:
    case Phase::failed:
      return false;
  }
  std::unreachable();
}

bool HttpParser::take_expect_continue() {
  const bool due = state_->phase == Phase::body && state_->expects_continue;
  if (due) state_->expects_continue = false;
  return due;
}

}  // namespace parley::protocol
