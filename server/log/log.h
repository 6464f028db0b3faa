// What the operator reads: one line per event, an event being a sentence plus key=value fields.
//
//   log.info("listening", {{"address", "127.0.0.1:8080"}, {"workers", 4}});
//   2026-11-21T01:20:30.123Z info listening address=127.0.0.1:8080 workers=4
//   {"ts":"2026-11-21T01:20:30.123Z","level":"info","msg":"listening","address":...,"workers":4}
//
// Threading  Any thread; lines do not interleave.
// Cost       A lock and a write per line, flushed: never per message or per connection event, which
//            are counted instead (/metrics).
// Escaping   A field may hold what a peer sent: control characters and bytes that are not UTF-8
//            never reach the line, so that nobody forges one.
// Errors     A line that cannot be written (disk full) is lost and said so on standard error.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/result.h"
#include "server/config/config.h"

namespace parley::server {

struct LogField {
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  // Not ts, level or msg; letters, digits and '_'.
  std::string_view key;
  Value value;

  LogField(std::string_view name, std::string_view text) : key(name), value(text) {}
  LogField(std::string_view name, const std::string& text)
      : key(name), value(std::string_view(text)) {}
  LogField(std::string_view name, const char* text) : key(name), value(std::string_view(text)) {}
  LogField(std::string_view name, bool boolean) : key(name), value(boolean) {}
  LogField(std::string_view name, double number) : key(name), value(number) {}
  template <std::signed_integral Number>
  LogField(std::string_view name, Number number)
      : key(name), value(static_cast<std::int64_t>(number)) {}
  template <std::unsigned_integral Number>
    requires(!std::same_as<Number, bool>)
  LogField(std::string_view name, Number number)
      : key(name), value(static_cast<std::uint64_t>(number)) {}
};

class Log {
 public:
  // Reads log_level, log_format and log_file. Fails when the file cannot be opened.
  [[nodiscard]] static Result<std::unique_ptr<Log>> open(const Config& config);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  using Fields = std::initializer_list<LogField>;

  void debug(std::string_view event, Fields fields) { write(LogLevel::debug, event, fields); }
  void info(std::string_view event, Fields fields) { write(LogLevel::info, event, fields); }
  void warn(std::string_view event, Fields fields) { write(LogLevel::warn, event, fields); }
  void error(std::string_view event, Fields fields) { write(LogLevel::error, event, fields); }

  void info(std::string_view event) { write(LogLevel::info, event, {}); }
  void warn(std::string_view event) { write(LogLevel::warn, event, {}); }
  void error(std::string_view event) { write(LogLevel::error, event, {}); }

  // Every line is flushed already; for who is about to end the process by other means.
  void flush();

 private:
  struct State;
  explicit Log(std::unique_ptr<State> state);
  void write(LogLevel level, std::string_view event, Fields fields);

  std::unique_ptr<State> state_;
};

}  // namespace parley::server
