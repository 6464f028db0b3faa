// When messages are due: a rate that may change over the run, evenly spaced or as chance has it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"

namespace parley::loadgen {

// The rate over time: constant between points, or a straight line from one to the next.
class RateCurve {
 public:
  // "1000/s"; "1000/s@0s,5000/s@10s", steps; "1000/s@0s~5000/s@10s", a ramp: '~' before a point
  // leads there in a straight line. The first point is at 0s, and times rise.
  [[nodiscard]] static Result<RateCurve> parse(std::string_view text);
  [[nodiscard]] static RateCurve constant(double per_second);

  // How many are due from the start up to `at`, as a fraction.
  [[nodiscard]] double due_until(Duration at) const;
  // When the number due reaches `count`; Instant::never()'s worth of time when it never does.
  [[nodiscard]] Duration reaches(double count) const;
  [[nodiscard]] double at(Duration at) const;
  [[nodiscard]] double highest() const;
  [[nodiscard]] RateCurve scaled(double factor) const;

  static constexpr Duration never{INT64_MAX};

 private:
  struct Point {
    double at_s{};
    double rate{};
    bool straight{};  // From the point before, in a straight line.
    double before{};  // How many were due until here.
  };

  void add_up();

  std::vector<Point> points_;
};

enum class Arrivals : std::uint8_t { even, poisson };

// The times of one worker, which has a share of the messages.
class Schedule {
 public:
  // Worker `index` of `count` has every count-th message. `random_seed` is its own.
  Schedule(const RateCurve& curve, Arrivals arrivals, std::uint32_t index, std::uint32_t count,
           std::uint64_t random_seed);

  // When the next message is due, since the start; RateCurve::never when none is.
  [[nodiscard]] Duration next() const { return next_; }
  void advance();

 private:
  [[nodiscard]] double gap();

  RateCurve curve_;  // Of all workers for even arrivals, of this one for chance.
  Arrivals arrivals_;
  double step_;  // Between two of ours, in messages.
  double position_;
  std::uint64_t random_;
  Duration next_;
};

}  // namespace parley::loadgen
