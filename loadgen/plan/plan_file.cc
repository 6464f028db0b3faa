// Plans in TOML. toml++ throws; nothing of it gets out.
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

#include "loadgen/plan/plan_options.h"

namespace parley::loadgen {

namespace {

std::string place(const std::string& path, const toml::node& node) {
  return path + ":" + std::to_string(node.source().begin.line);
}

// A value as an option takes it; nullopt: none of the kinds that options have.
std::optional<std::string> text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* integer = node.as_integer()) return std::to_string(integer->get());
  if (const auto* truth = node.as_boolean()) return std::string(truth->get() ? "true" : "false");
  if (const auto* number = node.as_floating_point()) {
    std::array<char, 64> out{};
    const std::to_chars_result end =
        std::to_chars(out.data(), out.data() + out.size(), number->get(), std::chars_format::fixed);
    if (end.ec != std::errc{}) return std::nullopt;
    return std::string(out.data(), end.ptr);
  }
  const toml::array* array = node.as_array();
  if (array == nullptr) return std::nullopt;
  std::string joined;
  for (const toml::node& item : *array) {
    const std::optional<std::string> text = item.is_array() ? std::nullopt : text_of(item);
    if (!text) return std::nullopt;
    if (!joined.empty()) joined += ',';
    joined += *text;
  }
  return joined;
}

Result<void> collect(const std::string& path, const std::string& prefix, const toml::table& table,
                     PlanTexts& texts) {
  for (const auto& [name, node] : table) {
    const std::string key = prefix + std::string(name.str());
    if (const toml::table* inner = node.as_table()) {
      const Result<void> collected = collect(path, key + ".", *inner, texts);
      if (!collected) return collected;
      continue;
    }
    const auto option = std::ranges::find(plan_options(), key, &PlanOption::key);
    if (option == plan_options().end()) {
      return failure(place(path, node) + ": " + key + " is not an option of a plan");
    }
    const std::optional<std::string> text = text_of(node);
    if (!text)
      return failure(place(path, node) + ": " + key + " must be a text, a number or a list");
    Plan unused;
    const Result<void> taken = option->set(unused, *text);
    if (!taken) {
      return failure(place(path, node) + ": " + key + " = " + *text + " " + taken.error().message);
    }
    texts[key] = *text;
  }
  return {};
}

}  // namespace

Result<PlanTexts> read_plan(const std::string& path) {
  // To read from one gives nothing, and no error.
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return failure(path + ": it is a directory");
  PlanTexts texts;
  try {
    const toml::table root = toml::parse_file(path);
    const Result<void> collected = collect(path, "", root, texts);
    if (!collected) return std::unexpected(collected.error());
  } catch (const toml::parse_error& error) {
    const toml::source_region& source = error.source();
    const std::string where =
        source.begin.line > 0 ? path + ":" + std::to_string(source.begin.line) : path;
    return failure(where + ": " + std::string(error.description()));
  }
  return texts;
}

}  // namespace parley::loadgen
