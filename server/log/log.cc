#include "server/log/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/check.h"

namespace parley::server {

namespace {

using Json = nlohmann::ordered_json;

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
      return spdlog::level::trace;
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::off:
      return spdlog::level::off;
  }
  std::unreachable();
}

// As the configuration spells them; spdlog would write "warning".
std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
      return "trace";
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      return "error";
    case LogLevel::off:
      break;  // A threshold, not a level of lines.
  }
  CHECK(false);
  return {};
}

Json json_of(const LogField::Value& value) {
  return std::visit([](const auto& held) { return Json(held); }, value);
}

// Escapes quotes, backslashes and control characters; what is not UTF-8 becomes U+FFFD.
std::string dumped(const Json& json) {
  std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  // JSON leaves DEL as it is, which a terminal does not.
  for (std::size_t at = text.find('\x7f'); at != std::string::npos; at = text.find('\x7f', at)) {
    text.replace(at, 1, "\\u007f");
  }
  return text;
}

bool is_bare_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < '\x7f' && c != '"' && c != '\\' && c != '=';
  });
}

// key=value, in quotes where a reader could not tell where the value ends.
std::string text_of(const LogField::Value& value) {
  const std::string_view* text = std::get_if<std::string_view>(&value);
  if (text != nullptr && is_bare_word(*text)) return std::string(*text);
  return dumped(json_of(value));
}

std::string text_line(LogLevel level, std::string_view event, Log::Fields fields) {
  const std::string quoted = dumped(Json(event));
  std::string line(level_name(level));
  line += ' ';
  line += std::string_view(quoted).substr(1, quoted.size() - 2);
  for (const LogField& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    line += text_of(field.value);
  }
  return line;
}

// Without the opening brace: the time stands before it.
std::string json_line(LogLevel level, std::string_view event, Log::Fields fields) {
  Json line;
  line["level"] = level_name(level);
  line["msg"] = event;
  for (const LogField& field : fields) line[std::string(field.key)] = json_of(field.value);
  return dumped(line).substr(1);
}

void check_fields(Log::Fields fields) {
  for (const LogField& field : fields) {
    CHECK(field.key != "ts" && field.key != "level" && field.key != "msg");
    CHECK(is_bare_word(field.key));
  }
}

spdlog::sink_ptr make_sink(const std::string& file) {
  if (file.empty()) return std::make_shared<spdlog::sinks::stderr_sink_mt>();
  return std::make_shared<spdlog::sinks::basic_file_sink_mt>(file);
}

}  // namespace

struct Log::State {
  State(spdlog::sink_ptr sink, bool json_lines)
      : json(json_lines), logger("parley", std::move(sink)) {}

  const bool json;
  spdlog::logger logger;
};

Log::Log(std::unique_ptr<State> state) : state_(std::move(state)) {}

Log::~Log() {
  state_->logger.flush();
}

Result<std::unique_ptr<Log>> Log::open(const Config& config) {
  try {
    auto state = std::make_unique<State>(make_sink(config.log_file), config.log_format == "json");
    const char* pattern =
        state->json ? "{\"ts\":\"%Y-%m-%dT%H:%M:%S.%eZ\",%v" : "%Y-%m-%dT%H:%M:%S.%eZ %v";
    state->logger.set_formatter(
        std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
    state->logger.set_level(spdlog_level(config.log_level));
    state->logger.flush_on(spdlog::level::trace);  // Lines are rare, and a crash loses none.
    return std::unique_ptr<Log>(new Log(std::move(state)));
  } catch (const std::exception& error) {
    return failure("log.file = " + config.log_file + " cannot be opened: " + error.what());
  }
}

void Log::write(LogLevel level, std::string_view event, Fields fields) {
  check_fields(fields);
  const spdlog::level::level_enum severity = spdlog_level(level);
  if (!state_->logger.should_log(severity)) return;
  const std::string line =
      state_->json ? json_line(level, event, fields) : text_line(level, event, fields);
  state_->logger.log(severity, spdlog::string_view_t(line));
}

}  // namespace parley::server
