// The first byte chooses the limits and how the rest, a stream of requests, is cut. Whatever the
// stream holds, the answers must not depend on the cuts, and no request may exceed the limits.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/check.h"
#include "protocol/http/http_parser.h"
#include "protocol/http/http_text.h"
#include "protocol/websocket/ws_handshake.h"
#include "tests/unit/protocol/http/http_transcript.h"

namespace parley::protocol {
namespace {

constexpr HttpLimits small_limits{
    .target_bytes_max = 16, .header_bytes_max = 64, .headers_max = 3, .body_bytes_max = 8};

void check_bounds(const HttpRequest& request, const HttpLimits& limits) {
  std::size_t header_bytes = 0;
  for (const HttpHeader& header : request.headers) {
    CHECK(is_http_token(header.name));
    CHECK(header.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
    header_bytes += header.name.size() + header.value.size() + 3;  // The colon and the line's end.
  }
  CHECK(header_bytes <= limits.header_bytes_max);
  CHECK(request.headers.size() <= limits.headers_max);
  CHECK(request.target.size() <= limits.target_bytes_max);
  CHECK(request.body.size() <= limits.body_bytes_max);
}

// RFC 9112 6.3: there is one reading of where the body ends.
void check_framing(const HttpRequest& request) {
  const std::uint32_t lengths = request.header_count("content-length");
  const std::uint32_t encodings = request.header_count("transfer-encoding");
  CHECK(lengths + encodings <= 1);
  CHECK(request.header_count("host") <= 1);
  if (lengths + encodings == 0 || request.upgrade) CHECK(request.body.empty());
  if (lengths == 1)
    CHECK(std::stoull(std::string(request.header("content-length"))) == request.body.size());
}

void check_use(const HttpRequest& request) {
  std::array<std::byte, 256> out;
  if (check_ws_handshake(request) == WsHandshake::accepted) {
    CHECK(request.upgrade);
    CHECK(write_ws_accept(request, out) == 129);
  }
  const auto room = std::make_unique<char[]>(8);
  std::string_view value;
  if (query_parameter(request.query, "a", {room.get(), 8}, value)) CHECK(value.size() <= 8);
}

void run(std::uint8_t choice, std::string_view stream) {
  const HttpLimits limits = (choice & 1) == 0 ? HttpLimits{} : small_limits;
  const auto check = [&](const HttpRequest& request) {
    check_bounds(request, limits);
    check_framing(request);
    check_use(request);
  };
  const std::string whole = transcript(stream, limits, [] { return std::size_t{0}; }, check);
  CHECK(transcript(stream, limits, [] { return std::size_t{1}; }, check) == whole);
  std::uint32_t state = choice;
  const auto next_size = [&] {
    state = state * 1'664'525 + 1'013'904'223;
    return std::size_t{1 + (state >> 24) % (2 + choice % 61)};
  };
  CHECK(transcript(stream, limits, next_size, check) == whole);
}

}  // namespace
}  // namespace parley::protocol

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  parley::protocol::run(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
