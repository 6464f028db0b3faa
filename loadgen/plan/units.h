// Numbers with units, as people write them in plans.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/time.h"

namespace parley::loadgen {

// "1500", "10k", "2M": k, M and G are powers of 1000.
[[nodiscard]] Result<std::uint64_t> parse_count(std::string_view text);
// "64", "64KiB", "1MiB", "10kB".
[[nodiscard]] Result<std::uint64_t> parse_bytes(std::string_view text);
// "500us", "20ms", "10s", "5m", "1h"; "0" needs no unit.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);
// "1000/s", "10k/s", "30/m": so many a second. 0 is "off" or "0".
[[nodiscard]] Result<double> parse_rate(std::string_view text);
// "0.05" or "5%".
[[nodiscard]] Result<double> parse_share(std::string_view text);

// Without the spaces around it.
[[nodiscard]] std::string_view trimmed(std::string_view text);

// As a terminal and a log may show it: control characters, and bytes that are no UTF-8, are
// written \x1b; so nobody whose text this is can move a cursor or begin a line.
[[nodiscard]] std::string printable(std::string_view text);

// Numbers the other way, short: "1.25 M", "431 us", "2.1 GiB".
[[nodiscard]] std::string count_text(double count);
[[nodiscard]] std::string duration_text(Duration duration);
[[nodiscard]] std::string bytes_text(double bytes);

}  // namespace parley::loadgen
