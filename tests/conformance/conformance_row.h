// A rule of RFC 6455 and bytes that show whether an endpoint keeps it.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/differential/ws_frames.h"
#include "tests/differential/ws_outcome.h"

namespace parley::test {

struct ReadRow {
  std::string_view section;
  std::string_view rule;  // In our own words; the test is named after it.
  protocol::WsRole role{};
  ByteString input;
  WsOutcome expected;  // Offsets are not looked at.
};

std::ostream& operator<<(std::ostream& out, const ReadRow& row);

// "5.1", "a server refuses a frame" -> "s5_1_AServerRefusesAFrame".
[[nodiscard]] std::string test_name_of(std::string_view section, std::string_view rule);

// What is delivered: messages, then perhaps a close code that the reader fails with.
[[nodiscard]] WsMessage text(std::string_view payload);
[[nodiscard]] WsMessage binary(const ByteString& payload);
[[nodiscard]] WsMessage ping(std::string_view payload);
[[nodiscard]] WsMessage pong(std::string_view payload);
[[nodiscard]] WsMessage closed(std::uint16_t code, std::string_view reason);
[[nodiscard]] WsOutcome delivers(std::vector<WsMessage> messages);
[[nodiscard]] WsOutcome fails(std::uint16_t close_code);
[[nodiscard]] WsOutcome delivers_then_fails(std::vector<WsMessage> messages,
                                            std::uint16_t close_code);

// The rows, by section. All messages of at most `row_message_bytes_max` are within the limits.
inline constexpr std::uint32_t row_message_bytes_max = 70'000;
[[nodiscard]] std::vector<ReadRow> rows_of_framing();        // 5.1, 5.2, 5.3, 5.7
[[nodiscard]] std::vector<ReadRow> rows_of_fragmentation();  // 5.4, 6.2
[[nodiscard]] std::vector<ReadRow> rows_of_control();        // 5.5, 7.1
[[nodiscard]] std::vector<ReadRow> rows_of_close_codes();    // 7.4
[[nodiscard]] std::vector<ReadRow> rows_of_validity();       // 5.6, 8.1, 10.4, 10.7

}  // namespace parley::test
