// Time is passed in, never read, outside io/ and main: a simulated ring owns time too.
#pragma once

#include <compare>
#include <cstdint>

namespace parley {

struct Duration {
  std::int64_t ns{};

  friend constexpr auto operator<=>(Duration, Duration) = default;
  friend constexpr Duration operator+(Duration a, Duration b) { return {a.ns + b.ns}; }
  friend constexpr Duration operator-(Duration a, Duration b) { return {a.ns - b.ns}; }
};

constexpr Duration microseconds(std::int64_t n) {
  return {n * 1'000};
}
constexpr Duration milliseconds(std::int64_t n) {
  return {n * 1'000'000};
}
constexpr Duration seconds(std::int64_t n) {
  return {n * 1'000'000'000};
}

// A point of the monotonic clock of one process.
struct Instant {
  std::int64_t ns{};

  static constexpr Instant never() { return {INT64_MAX}; }

  friend constexpr auto operator<=>(Instant, Instant) = default;
  friend constexpr Instant operator+(Instant t, Duration d) { return {t.ns + d.ns}; }
  friend constexpr Duration operator-(Instant a, Instant b) { return {a.ns - b.ns}; }
};

// Wall-clock time as clients see it: milliseconds since 1970-01-01 UTC.
struct UnixMillis {
  std::int64_t value{};

  friend constexpr auto operator<=>(UnixMillis, UnixMillis) = default;
};

}  // namespace parley
