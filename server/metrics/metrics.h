// What each worker counts, where any worker can read it to answer /metrics.
//
// Threading  Each worker publishes into its own row, a few times a second; any worker reads all
//            rows. Values of one row may be of two neighbouring moments.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/types.h"

namespace parley::server {

enum class MetricKind : std::uint8_t { counter, gauge };

struct MetricInfo {
  std::string_view name;
  MetricKind kind;
  std::string_view help;
};

// One line each, so that a metric cannot have a name without a place.
#define PARLEY_METRICS(X)                                                                          \
  X(connections, gauge, "Connections open.")                                                       \
  X(sessions, gauge, "WebSocket sessions of the chat.")                                            \
  X(rooms_home, gauge, "Rooms whose home is this worker.")                                         \
  X(rooms_edge, gauge, "Rooms with members among this worker's connections.")                      \
  X(memberships, gauge, "Memberships of this worker's connections.")                               \
  X(history_messages, gauge, "Messages on record.")                                                \
  X(history_bytes, gauge, "Bytes of messages on record.")                                          \
  X(payload_blocks, gauge, "Payload blocks in use that this worker allocated.")                    \
  X(payload_bytes, gauge, "Bytes of payload blocks in use that this worker allocated.")            \
  X(outbox_entries, gauge, "Frames that wait to be sent.")                                         \
  X(turns_total, counter, "Turns of the worker.")                                                  \
  X(accepted_total, counter, "Connections accepted.")                                              \
  X(accept_errors_total, counter, "Accepts that failed.")                                          \
  X(received_bytes_total, counter, "Bytes received.")                                              \
  X(sent_bytes_total, counter, "Bytes sent.")                                                      \
  X(sends_total, counter, "Send operations.")                                                      \
  X(send_errors_total, counter, "Sends that failed.")                                              \
  X(receive_errors_total, counter, "Receives that failed.")                                        \
  X(http_requests_total, counter, "HTTP requests, upgrades included.")                             \
  X(http_errors_total, counter, "HTTP answers with a status of 400 or more.")                      \
  X(upgrades_total, counter, "WebSocket handshakes that succeeded.")                               \
  X(websocket_messages_total, counter, "WebSocket messages received.")                             \
  X(websocket_errors_total, counter, "Connections closed for a breach of the WebSocket protocol.") \
  X(commands_total, counter, "Commands of chat clients.")                                          \
  X(errors_told_total, counter, "Errors told to chat clients.")                                    \
  X(rate_limited_total, counter, "Commands and messages refused by a rate limit.")                 \
  X(address_refused_total, counter, "Connections refused by the limit of their address.")          \
  X(publications_total, counter, "Messages numbered, by the room's home.")                         \
  X(deliveries_total, counter, "Messages and other events of rooms, times members.")               \
  X(slow_reader_disconnects_total, counter, "Connections closed because they read too slowly.")    \
  X(slow_reader_dropped_total, counter, "Messages dropped for connections that read too slowly.")  \
  X(gap_notices_total, counter, "Gaps told to connections that read too slowly.")                  \
  X(timeouts_total, counter, "Connections closed by a time-out.")                                  \
  X(mail_received_total, counter, "Letters from other workers.")                                   \
  X(wakes_sent_total, counter, "Sleeping workers woken.")

enum class Metric : std::uint8_t {
#define PARLEY_METRIC(name, kind, help) name,
  PARLEY_METRICS(PARLEY_METRIC)
#undef PARLEY_METRIC
      count
};

inline constexpr auto metric_count = static_cast<std::size_t>(Metric::count);

// One worker's row.
class alignas(cache_line_bytes) MetricRow {
 public:
  void set(Metric metric, std::uint64_t value) {
    // relaxed: values are independent of each other and of everything else.
    values_[static_cast<std::size_t>(metric)].store(value, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t get(Metric metric) const {
    return values_[static_cast<std::size_t>(metric)].load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, metric_count> values_{};
};

class MetricBoard {
 public:
  explicit MetricBoard(std::uint16_t worker_count)
      : worker_count_(worker_count), rows_(std::make_unique<MetricRow[]>(worker_count)) {}

  [[nodiscard]] MetricRow& row(WorkerId worker) { return rows_[worker.value]; }
  [[nodiscard]] std::uint64_t total(Metric metric) const;

  // The Prometheus text format, version 0.0.4, with a label per worker.
  [[nodiscard]] std::string render() const;

 private:
  const std::uint16_t worker_count_;
  std::unique_ptr<MetricRow[]> rows_;
};

}  // namespace parley::server
