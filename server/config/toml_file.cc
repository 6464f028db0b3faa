#include "server/config/toml_file.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "server/config/file_text.h"

namespace parley::server {

namespace {

struct Leaf {
  std::string key;
  const toml::node* node;
  std::uint32_t line;
};

std::string origin_of(const std::string& path, std::uint32_t line) {
  return "file " + path + ":" + std::to_string(line);
}

bool is_section(std::string_view name) {
  return std::ranges::any_of(all_options(),
                             [&](const Option& option) { return section_of(option) == name; });
}

// All that is not a known section: its options, and what nobody knows.
std::vector<Leaf> leaves_of(const toml::table& root) {
  std::vector<Leaf> leaves;
  for (const auto& [name, node] : root) {
    const toml::table* section = node.as_table();
    if (section == nullptr || !is_section(name.str())) {
      leaves.push_back({std::string(name.str()), &node, name.source().begin.line});
      continue;
    }
    for (const auto& [inner_name, inner] : *section) {
      leaves.push_back({std::string(name.str()) + "." + std::string(inner_name.str()), &inner,
                        inner_name.source().begin.line});
    }
  }
  std::ranges::stable_sort(leaves, {}, &Leaf::line);
  return leaves;
}

std::string unknown_key(const std::string& key) {
  std::vector<std::string> keys;
  for (const Option& option : all_options()) {
    // Known, but written without its section or in another.
    const std::size_t dot = key.rfind('.');
    const std::string_view last = std::string_view(key).substr(dot == key.npos ? 0 : dot + 1);
    if (last == option.name || option.key.ends_with("." + std::string(last))) {
      return key + " is not an option (did you mean " + std::string(option.key) + "?)";
    }
    keys.emplace_back(option.key);
  }
  return key + " is not an option" + suggestion(key, keys);
}

enum class TomlKind : std::uint8_t { integer, boolean, string, strings };

TomlKind kind_of(const Option& option) {
  if (std::holds_alternative<std::uint16_t Config::*>(option.member) ||
      std::holds_alternative<std::uint32_t Config::*>(option.member) ||
      std::holds_alternative<std::uint64_t Config::*>(option.member)) {
    return TomlKind::integer;
  }
  if (std::holds_alternative<bool Config::*>(option.member)) return TomlKind::boolean;
  if (std::holds_alternative<std::vector<std::string> Config::*>(option.member)) {
    return TomlKind::strings;
  }
  return TomlKind::string;
}

Result<std::string> text_of_array(const toml::node& node) {
  const toml::array* array = node.as_array();
  if (array == nullptr) return failure("must be an array of strings");
  std::string text;
  for (const toml::node& item : *array) {
    const toml::value<std::string>* string = item.as_string();
    if (string == nullptr) return failure("must be an array of strings");
    if (string->get().empty()) return failure("must not hold empty strings");
    if (string->get().find(',') != std::string::npos) return failure("must not hold commas");
    if (!text.empty()) text += ',';
    text += string->get();
  }
  return text;
}

Result<std::string> text_of(const toml::node& node, TomlKind kind) {
  switch (kind) {
    case TomlKind::integer:
      if (const auto* value = node.as_integer()) return std::to_string(value->get());
      return failure("must be a number, without quotes");
    case TomlKind::boolean:
      if (const auto* value = node.as_boolean())
        return std::string(value->get() ? "true" : "false");
      return failure("must be true or false, without quotes");
    case TomlKind::string:
      if (const auto* value = node.as_string()) return value->get();
      return failure("must be a string, in quotes");
    case TomlKind::strings:
      return text_of_array(node);
  }
  std::unreachable();
}

}  // namespace

Result<std::vector<Assignment>> read_toml_file(const std::string& path) {
  const std::expected<std::string, int> text = file_text(path);
  if (!text) {
    return failure("cannot read the configuration file " + path + ": " +
                   std::strerror(text.error()));
  }
  toml::table root;
  try {
    root = toml::parse(*text, path);
  } catch (const toml::parse_error& error) {
    return failure(origin_of(path, error.source().begin.line) + ": " +
                   std::string(error.description()));
  }
  std::vector<Assignment> assignments;
  for (const Leaf& leaf : leaves_of(root)) {
    const std::string origin = origin_of(path, leaf.line);
    const Option* option = find_option(leaf.key);
    if (option == nullptr) return failure(origin + ": " + unknown_key(leaf.key));
    Result<std::string> value = text_of(*leaf.node, kind_of(*option));
    if (!value) return failure(origin + ": " + leaf.key + " " + value.error().message);
    assignments.push_back({option, std::move(*value), origin});
  }
  return assignments;
}

}  // namespace parley::server
