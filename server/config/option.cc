#include "server/config/option.h"

#include <algorithm>

namespace parley::server {

const Option* find_option(std::string_view key) {
  for (const Option& option : all_options()) {
    if (option.key == key) return &option;
  }
  return nullptr;
}

std::string flag_of(const Option& option) {
  std::string flag = "--";
  for (const char c : option.name) flag.push_back(c == '_' ? '-' : c);
  return flag;
}

std::string variable_of(const Option& option) {
  std::string variable = "PARLEY_";
  for (const char c : option.name) {
    variable.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  }
  return variable;
}

std::string_view section_of(const Option& option) {
  const std::size_t dot = option.key.find('.');
  return dot == std::string_view::npos ? std::string_view{} : option.key.substr(0, dot);
}

Result<std::vector<Assignment>> listen_assignments(std::string_view text, std::string_view origin) {
  const std::size_t colon = text.rfind(':');
  std::string_view host = text.substr(0, colon == std::string_view::npos ? 0 : colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const bool ambiguous = !bracketed && host.find(':') != std::string_view::npos;
  if (host.empty() || colon + 1 == text.size() || ambiguous) {
    return failure("must be HOST:PORT, such as 127.0.0.1:8080 or [::]:8080");
  }
  return std::vector<Assignment>{
      {find_option("listen.host"), std::string(host), std::string(origin)},
      {find_option("listen.port"), std::string(text.substr(colon + 1)), std::string(origin)}};
}

namespace {

// Levenshtein's distance: insertions, deletions and replacements of one character.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string suggestion(std::string_view unknown, std::span<const std::string> candidates) {
  constexpr std::size_t unknown_bytes_max = 256;  // The distance costs the product of lengths.
  if (unknown.size() > unknown_bytes_max) return {};
  const std::string* nearest = nullptr;
  std::size_t distance_min = std::max<std::size_t>(2, unknown.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(unknown, candidate);
    if (distance < distance_min) {
      distance_min = distance;
      nearest = &candidate;
    }
  }
  return nearest == nullptr ? std::string{} : " (did you mean " + *nearest + "?)";
}

}  // namespace parley::server
