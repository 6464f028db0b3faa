// What an operator can set: from defaults, a profile, a TOML file, the environment and flags, each
// overriding the one before. Every value knows where it came from.
//
// Errors  Anything unknown, malformed or out of range is one line that names the value, its origin
//         and what would be right. Nothing is read and ignored.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"

namespace parley::server {

enum class SlowReaderPolicy : std::uint8_t { disconnect, drop_oldest };
enum class GuestPolicy : std::uint8_t { refuse, allow, may_choose_name };
enum class LogLevel : std::uint8_t { trace, debug, info, warn, error, off };

struct Rate {
  std::uint32_t count{};  // 0: no limit.
  std::uint32_t window_ms{};
};

struct Config {
  // Where and how wide.
  std::string listen_host = "127.0.0.1";
  std::uint16_t listen_port = 8080;  // 0: the kernel chooses; the log says which.
  std::uint32_t listen_backlog = 50'000;
  std::uint16_t workers = 0;  // 0: one per core.
  bool pin_workers = false;   // Worker i on core i modulo cores.
  std::string profile = "default";
  std::string data_dir;
  LogLevel log_level = LogLevel::info;
  std::string log_format = "text";  // or "json"
  std::string log_file;             // Empty: standard error.

  // Endpoints.
  std::string classic_path = "/ws";
  std::string echo_path;        // Empty: no echo endpoint.
  std::string page_path = "/";  // Empty: no chat page.
  std::string service_name = "chat-service";
  std::vector<std::string> allowed_origins;  // Of WebSocket upgrades; empty: any.

  // Who may come in.
  GuestPolicy guests = GuestPolicy::may_choose_name;
  std::string jwt_secret;           // HS256; empty: none.
  std::string jwt_public_key_file;  // RS256, PEM; empty: none.

  // Rooms that exist from the start and always.
  std::vector<std::string> rooms_initial = {"general", "help"};

  // Limits.
  std::uint32_t connections_max = 0;  // Of the process; 0: what the descriptor limit allows.
  std::uint32_t connections_per_address_max = 0;
  std::uint32_t message_bytes_max = 65'536;
  std::uint32_t outbox_bytes_max = 1 << 20;
  std::uint32_t rooms_per_connection_max = 64;
  std::uint32_t rooms_max = 1'000'000;
  std::uint32_t members_per_room_max = 0;
  std::uint32_t presence_members_max = 100;
  Rate rate_connection{100, 2'000};
  Rate rate_join{100, 60'000};
  Rate rate_user{10, 30'000};
  Rate rate_address{0, 1'000};
  SlowReaderPolicy slow_reader = SlowReaderPolicy::disconnect;
  std::uint16_t slow_reader_close_code = 1013;  // or 1008

  // History.
  std::uint32_t history_count_max = 1000;
  std::uint32_t history_room_bytes_max = 1 << 20;
  std::uint64_t history_bytes_max = 1ull << 30;  // Of the process.
  std::uint32_t history_age_max_s = 24 * 3600;
  std::uint32_t history_on_join = 20;

  // Times.
  std::uint32_t handshake_timeout_ms = 10'000;
  std::uint32_t idle_timeout_ms = 600'000;
  std::uint32_t ping_interval_ms = 25'000;  // 0: the server sends no pings.
  std::uint32_t ping_timeout_ms = 20'000;   // No pong and no other bytes for this long: closed.
  std::uint32_t close_timeout_ms = 2'000;   // For the peer's side of a closing handshake.
  std::uint32_t shutdown_timeout_ms = 8'000;

  // The ring of each worker.
  std::uint32_t recv_buffer_bytes = 4'096;
  std::uint32_t recv_buffers = 1'024;      // Per worker; a power of two.
  std::uint32_t mailbox_capacity = 1'024;  // Per pair of workers and rank; a power of two.
};

// One value of the effective configuration, for --check-config.
struct ConfigEntry {
  std::string key;     // As in TOML: "limits.message_bytes_max"
  std::string value;   // Secrets show as "(set)" or "(none)".
  std::string origin;  // "default", "profile roflfaucet", "file x.toml:12", "env PORT",
                       // "env PORT (.env:3)", "flag --listen"
};

struct Options {
  Config config;
  std::vector<ConfigEntry> entries;
  bool check_config = false;  // --check-config: print the entries and exit 0.
};

// What to do instead of running: --help, --version, or a usage error (exit code 2).
struct Exit {
  int code{};
  std::string text;  // For standard output when code is 0, else standard error.
};

// `environment` as in main(). Reads the configuration file and .env, nothing else. A set-up error
// (a file that is not there, a value out of range) is exit code 1, a wrong command line 2: an
// unknown flag, or a value of a flag that is not what it must be.
[[nodiscard]] std::expected<Options, Exit> load_options(int argc, const char* const* argv,
                                                        const char* const* environment);

// What --check-config prints: one line "key = value  # origin" per entry.
[[nodiscard]] std::string entries_text(std::span<const ConfigEntry> entries);

}  // namespace parley::server
