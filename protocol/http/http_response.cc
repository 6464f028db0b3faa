#include "protocol/http/http_response.h"

#include <charconv>
#include <cstddef>
#include <cstring>

#include "core/base/check.h"
#include "protocol/http/http_text.h"

namespace parley::protocol {
namespace {

struct Reason {
  std::uint16_t status;
  std::string_view phrase;
};

constexpr Reason reasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

// More than the parts of every response: the status line without its phrase, the names of our own
// header lines, the digits of the length, and the empty line.
constexpr std::size_t fixed_bytes_max = 160;

// Splitting a response (RFC 9112 11.1) takes a line end in a value: values are ours to keep clean.
bool is_clean_value(std::string_view value) {
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7f) return false;
  }
  return true;
}

// RFC 9110 8.6: these never carry a Content-Length; 15.3.5, 15.4.5: nor a body.
bool has_content(const HttpResponse& response) {
  return response.status >= 200 && response.status != 204 && response.status != 304;
}

class Text {
 public:
  explicit Text(MutableBytes out) : out_(out) {}

  void add(std::string_view text) {
    CHECK(text.size() <= out_.size() - bytes_);
    if (!text.empty()) std::memcpy(out_.data() + bytes_, text.data(), text.size());
    bytes_ += text.size();
  }
  void add_number(std::uint64_t number) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof(digits), number);
    add({digits, static_cast<std::size_t>(end.ptr - digits)});
  }
  void add_header(std::string_view name, std::string_view value) {
    CHECK(is_http_token(name));
    CHECK(is_clean_value(value));
    add(name);
    add(": ");
    add(value);
    add("\r\n");
  }
  [[nodiscard]] std::uint32_t bytes() const { return static_cast<std::uint32_t>(bytes_); }

 private:
  MutableBytes out_;
  std::size_t bytes_ = 0;
};

}  // namespace

std::string_view http_reason(std::uint16_t status) {
  for (const Reason& reason : reasons) {
    if (reason.status == status) return reason.phrase;
  }
  return "Unknown";
}

std::uint32_t http_response_bytes_max(const HttpResponse& response) {
  std::size_t bytes = fixed_bytes_max + http_reason(response.status).size() + response.date.size() +
                      response.content_type.size() + response.body.size();
  for (const HttpHeader& header : response.headers) {
    bytes += header.name.size() + header.value.size() + 4;  // ": " and the line's end.
  }
  CHECK(bytes <= UINT32_MAX);
  return static_cast<std::uint32_t>(bytes);
}

std::uint32_t write_http_response(const HttpResponse& response, MutableBytes out) {
  CHECK(response.status >= 100 && response.status <= 999);
  CHECK(out.size() >= http_response_bytes_max(response));
  CHECK(response.body.empty() || has_content(response));
  Text text(out);
  text.add("HTTP/1.1 ");
  text.add_number(response.status);
  text.add(" ");
  text.add(http_reason(response.status));
  text.add("\r\n");
  if (!response.date.empty()) text.add_header("Date", response.date);
  if (!response.content_type.empty()) text.add_header("Content-Type", response.content_type);
  if (has_content(response)) {
    text.add("Content-Length: ");
    text.add_number(response.body.size());
    text.add("\r\n");
  }
  if (!response.keep_alive) text.add_header("Connection", "close");
  for (const HttpHeader& header : response.headers) text.add_header(header.name, header.value);
  text.add("\r\n");
  if (!response.head) text.add(response.body);
  return text.bytes();
}

}  // namespace parley::protocol
