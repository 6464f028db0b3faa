#include "server/config/ip_literal.h"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace parley::server {

namespace {

// 0 to 255 without leading zeros, which some would read as octal.
bool is_octet(std::string_view text) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return false;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  return value <= 255;
}

bool is_ipv4(std::string_view text) {
  int dot_count = 0;
  while (true) {
    const std::size_t dot = text.find('.');
    if (!is_octet(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return dot_count == 3;
    ++dot_count;
    text.remove_prefix(dot + 1);
  }
}

bool is_hex_group(std::string_view text) {
  return !text.empty() && text.size() <= 4 && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
}

// How many 16-bit groups one side of "::" holds; an IPv4 address may end the last and counts two.
std::optional<std::size_t> group_count(std::string_view text, bool may_end_in_ipv4) {
  std::size_t count = 0;
  if (text.empty()) return count;
  while (true) {
    const std::size_t colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    const bool last = colon == std::string_view::npos;
    if (last && may_end_in_ipv4 && is_ipv4(group)) return count + 2;
    if (!is_hex_group(group)) return std::nullopt;
    ++count;
    if (last) return count;
    text.remove_prefix(colon + 1);
  }
}

bool is_ipv6(std::string_view text) {
  constexpr std::size_t groups = 8;  // RFC 4291 2.2
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) return group_count(text, true) == groups;
  const std::optional<std::size_t> before = group_count(text.substr(0, gap), false);
  const std::optional<std::size_t> behind = group_count(text.substr(gap + 2), true);
  return before && behind && *before + *behind < groups;
}

}  // namespace

bool is_ip_literal(std::string_view text) {
  return is_ipv4(text) || is_ipv6(text);
}

}  // namespace parley::server
