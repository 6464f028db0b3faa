// HttpRequest's lookups, and the parameters of its query.
#include <cstddef>

#include "protocol/http/http_parser.h"
#include "protocol/http/http_text.h"

namespace parley::protocol {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Takes one encoded character off `text`. False: it is not well encoded. REQUIRES: not empty.
bool take_decoded(std::string_view& text, char& c) {
  c = text.front();
  text.remove_prefix(1);
  if (c == '+') c = ' ';
  if (c != '%') return true;
  if (text.size() < 2) return false;
  const int high = hex_value(text[0]);
  const int low = hex_value(text[1]);
  if (high < 0 || low < 0) return false;
  text.remove_prefix(2);
  c = static_cast<char>(high * 16 + low);
  return true;
}

bool decodes_to(std::string_view encoded, std::string_view plain) {
  char c{};
  while (!encoded.empty()) {
    if (plain.empty() || !take_decoded(encoded, c) || c != plain.front()) return false;
    plain.remove_prefix(1);
  }
  return plain.empty();
}

}  // namespace

std::string_view HttpRequest::header(std::string_view name) const {
  for (const HttpHeader& field : headers) {
    if (equal_without_case(field.name, name)) return field.value;
  }
  return {};
}

std::uint32_t HttpRequest::header_count(std::string_view name) const {
  std::uint32_t count = 0;
  for (const HttpHeader& field : headers) {
    if (equal_without_case(field.name, name)) ++count;
  }
  return count;
}

bool HttpRequest::header_has_token(std::string_view name, std::string_view token) const {
  for (const HttpHeader& field : headers) {
    if (equal_without_case(field.name, name) && list_has_element(field.value, token)) return true;
  }
  return false;
}

bool query_parameter(std::string_view query, std::string_view name, std::span<char> out,
                     std::string_view& value) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(pair.size() < query.size() ? pair.size() + 1 : pair.size());
    const std::string_view encoded_name = pair.substr(0, pair.find('='));
    if (pair.empty() || !decodes_to(encoded_name, name)) continue;

    std::string_view encoded = pair.substr(encoded_name.size());
    if (!encoded.empty()) encoded.remove_prefix(1);  // '='
    std::size_t bytes = 0;
    while (!encoded.empty()) {
      if (bytes == out.size() || !take_decoded(encoded, out[bytes])) return false;
      ++bytes;
    }
    value = {out.data(), bytes};
    return true;
  }
  return false;
}

}  // namespace parley::protocol
