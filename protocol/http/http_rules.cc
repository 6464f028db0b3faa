#include "protocol/http/http_rules.h"

#include <charconv>
#include <cstddef>
#include <system_error>

#include "protocol/http/http_text.h"

namespace parley::protocol {
namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::string_view hex_digits = "0123456789abcdefABCDEF";
// RFC 3986 3.2.2: unreserved, sub-delims and the sign of a percent-encoding.
constexpr std::string_view name_characters =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._~!$&'()*+,;=%";

bool consists_of(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

bool is_well_encoded(std::string_view text) {
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    const std::string_view code = text.substr(at + 1, 2);
    if (code.size() != 2 || !consists_of(code, hex_digits)) return false;
  }
  return true;
}

// RFC 3986 3.2 without the user information, which RFC 9110 4.2.4 bans. `host` may be empty.
bool is_authority(std::string_view text) {
  std::string_view host;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (host.empty() || !consists_of(host, "0123456789abcdefABCDEF:.")) return false;
  } else {
    host = text.substr(0, text.find(':'));
    text.remove_prefix(host.size());
    if (!consists_of(host, name_characters) || !is_well_encoded(host)) return false;
  }
  if (text.empty()) return true;
  return text.front() == ':' && consists_of(text.substr(1), digits);
}

void split_path(std::string_view text, HttpRequestLine& request_line) {
  request_line.path = text.substr(0, text.find('?'));
  text.remove_prefix(request_line.path.size());
  request_line.query = text.empty() ? text : text.substr(1);
}

HttpFault check_absolute_target(HttpRequestLine& request_line) {
  std::string_view text = request_line.target;
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return HttpFault::bad_request;
  const std::string_view scheme = text.substr(0, colon);
  if (!equal_without_case(scheme, "http") && !equal_without_case(scheme, "https") &&
      !equal_without_case(scheme, "ws") && !equal_without_case(scheme, "wss")) {
    return HttpFault::bad_request;
  }
  text.remove_prefix(colon + 3);
  const std::string_view authority = text.substr(0, text.find_first_of("/?"));
  text.remove_prefix(authority.size());
  // RFC 9110 4.2.1: a URI of these schemes with an empty host is invalid.
  if (authority.empty() || authority.front() == ':' || !is_authority(authority)) {
    return HttpFault::bad_request;
  }
  split_path(text, request_line);
  if (request_line.path.empty()) request_line.path = "/";  // RFC 9112 3.2.1
  return HttpFault::none;
}

HttpFault check_target(HttpRequestLine& request_line) {
  const std::string_view text = request_line.target;
  if (request_line.method == "CONNECT") return HttpFault::not_implemented;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f || c == '#') return HttpFault::bad_request;
  }
  if (text.starts_with('/')) {
    split_path(text, request_line);
    return HttpFault::none;
  }
  if (text == "*") {
    request_line.path = text;
    return request_line.method == "OPTIONS" ? HttpFault::none : HttpFault::bad_request;
  }
  return check_absolute_target(request_line);
}

// RFC 9112 3.2: exactly one in HTTP/1.1, and never two.
HttpFault check_host(const HttpRequest& request, bool is_http_1_0) {
  const std::uint32_t count = request.header_count("host");
  if (count == 0) return is_http_1_0 ? HttpFault::none : HttpFault::bad_request;
  if (count > 1 || !is_authority(request.header("host"))) return HttpFault::bad_request;
  return HttpFault::none;
}

HttpFault check_transfer_encoding(std::string_view codings) {
  if (equal_without_case(codings, "chunked")) return HttpFault::none;
  // 6.3: without a final `chunked` nobody knows where the request ends. 7: never chunked twice.
  std::uint32_t chunked_count = 0;
  std::string_view last;
  while (!codings.empty()) {
    last = take_list_element(codings);
    if (equal_without_case(last, "chunked")) ++chunked_count;
  }
  const bool framed = chunked_count == 1 && equal_without_case(last, "chunked");
  return framed ? HttpFault::not_implemented : HttpFault::bad_request;  // 6.1
}

HttpFault check_content_length(std::string_view text, std::uint32_t body_bytes_max) {
  if (text.empty() || !consists_of(text, digits)) return HttpFault::bad_request;
  std::uint64_t bytes = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), bytes);
  const bool fits = parsed.ec == std::errc{} && bytes <= body_bytes_max;
  return fits ? HttpFault::none : HttpFault::content_too_large;
}

HttpFault check_body_length(const HttpRequest& request, bool is_http_1_0,
                            std::uint32_t body_bytes_max) {
  const std::uint32_t lengths = request.header_count("content-length");
  const std::uint32_t encodings = request.header_count("transfer-encoding");
  if (lengths + encodings == 0) return HttpFault::none;
  if (lengths + encodings > 1) return HttpFault::bad_request;  // 6.1, 6.3
  if (encodings == 1) {
    if (is_http_1_0 || request.upgrade) return HttpFault::bad_request;  // 6.1
    return check_transfer_encoding(request.header("transfer-encoding"));
  }
  const std::string_view length = request.header("content-length");
  const HttpFault fault = check_content_length(length, body_bytes_max);
  if (fault != HttpFault::none) return fault;
  // The bytes behind the head of an upgrade belong to one protocol or the other, never to both.
  const bool has_body = !consists_of(length, "0");
  return request.upgrade && has_body ? HttpFault::bad_request : HttpFault::none;
}

}  // namespace

bool is_clean_http_line(std::string_view line) {
  if (!line.ends_with("\r\n")) return false;
  line.remove_suffix(2);
  if (line.starts_with(' ') || line.starts_with('\t')) return false;
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7f) return false;
  }
  return true;
}

bool has_field_name(std::string_view line) {
  const std::size_t colon = line.find(':');
  return colon != std::string_view::npos && is_http_token(line.substr(0, colon));
}

HttpFault check_request_line(std::string_view line, std::uint32_t target_bytes_max,
                             HttpRequestLine& request_line) {
  line.remove_suffix(2);
  const std::size_t method_end = line.find(' ');
  const std::size_t target_end = line.rfind(' ');
  if (method_end == std::string_view::npos || method_end == target_end) {
    return HttpFault::bad_request;
  }
  request_line.method = line.substr(0, method_end);
  request_line.target = line.substr(method_end + 1, target_end - method_end - 1);
  if (!is_http_token(request_line.method)) return HttpFault::bad_request;
  if (request_line.method.size() > http_method_bytes_max) return HttpFault::not_implemented;
  if (request_line.target.size() > target_bytes_max) return HttpFault::uri_too_long;

  const std::string_view version = line.substr(target_end + 1);
  const bool is_version = version.size() == 8 && version.starts_with("HTTP/") &&
                          digits.find(version[5]) != std::string_view::npos && version[6] == '.' &&
                          digits.find(version[7]) != std::string_view::npos;
  if (!is_version) return HttpFault::bad_request;
  request_line.is_http_1_0 = version == "HTTP/1.0";
  if (!request_line.is_http_1_0 && version != "HTTP/1.1") return HttpFault::version_not_supported;
  return check_target(request_line);
}

HttpFault check_fields(const HttpRequest& request, bool is_http_1_0, std::uint32_t body_bytes_max) {
  const HttpFault fault = check_host(request, is_http_1_0);
  if (fault != HttpFault::none) return fault;
  return check_body_length(request, is_http_1_0, body_bytes_max);
}

}  // namespace parley::protocol
