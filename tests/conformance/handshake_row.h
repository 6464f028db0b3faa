// A rule of RFC 6455 section 4 and an opening handshake that shows whether the server keeps it.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace parley::test {

struct HandshakeRow {
  std::string_view section;
  std::string_view rule;  // In our own words; the test is named after it.
  std::string request;
  std::uint16_t status{};  // Of the answer: 101 when the handshake is accepted.
};

std::ostream& operator<<(std::ostream& out, const HandshakeRow& row);

// The example of section 1.3, which is good, with changes: the line that begins with `name` is
// replaced by `line`, or taken out when that is empty. An unknown name adds the line.
struct HandshakeChange {
  std::string_view name;
  std::string_view line;
};
[[nodiscard]] std::string handshake(std::vector<HandshakeChange> changes);

[[nodiscard]] std::vector<HandshakeRow> rows_of_accepted_handshakes();
[[nodiscard]] std::vector<HandshakeRow> rows_of_refused_handshakes();

}  // namespace parley::test
