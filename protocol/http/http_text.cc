#include "protocol/http/http_text.h"

#include <cstddef>

namespace parley::protocol {
namespace {

constexpr bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool is_space(char c) {
  return c == ' ' || c == '\t';
}

}  // namespace

bool is_http_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  for (const char c : text) {
    if (!is_alphanumeric(c) && marks.find(c) == std::string_view::npos) return false;
  }
  return !text.empty();
}

bool equal_without_case(std::string_view left, std::string_view right) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (lower(left[i]) != lower(right[i])) return false;
  }
  return true;
}

std::string_view without_outer_space(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view take_list_element(std::string_view& list) {
  const std::size_t comma = list.find(',');
  const std::string_view element = without_outer_space(list.substr(0, comma));
  list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
  return element;
}

bool list_has_element(std::string_view list, std::string_view element) {
  while (!list.empty()) {
    if (equal_without_case(take_list_element(list), element)) return true;
  }
  return false;
}

}  // namespace parley::protocol
