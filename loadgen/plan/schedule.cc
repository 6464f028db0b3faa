#include "loadgen/plan/schedule.h"

#include <algorithm>
#include <cmath>

#include "core/base/check.h"
#include "loadgen/plan/units.h"
#include "loadgen/truth/random.h"

namespace parley::loadgen {

namespace {

constexpr double ns_per_s = 1e9;
constexpr const char* form =
    "must be rates such as 1000/s, steps 1000/s@0s,5000/s@10s or a ramp "
    "1000/s@0s~5000/s@10s; the first at 0s, times rising";

}  // namespace

RateCurve RateCurve::constant(double per_second) {
  RateCurve curve;
  curve.points_.push_back({.at_s = 0, .rate = per_second});
  return curve;
}

Result<RateCurve> RateCurve::parse(std::string_view text) {
  RateCurve curve;
  bool straight = false;
  while (true) {
    const std::size_t end = std::min(text.find_first_of(",~"), text.size());
    const std::string_view item = text.substr(0, end);
    const std::size_t sign = std::min(item.find('@'), item.size());
    const Result<double> rate = parse_rate(item.substr(0, sign));
    const Result<Duration> at =
        sign == item.size() ? Result<Duration>(Duration{}) : parse_duration(item.substr(sign + 1));
    const bool first = curve.points_.empty();
    const double at_s = at ? static_cast<double>(at->ns) / ns_per_s : 0;
    if (!rate || !at || (first ? at_s != 0 : at_s <= curve.points_.back().at_s)) {
      return failure(form);
    }
    curve.points_.push_back({.at_s = at_s, .rate = *rate, .straight = straight});
    if (end == text.size()) break;
    straight = text[end] == '~';
    text.remove_prefix(end + 1);
  }
  curve.add_up();
  return curve;
}

void RateCurve::add_up() {
  for (std::size_t i = 1; i < points_.size(); ++i) {
    const Point& last = points_[i - 1];
    Point& point = points_[i];
    const double mean = point.straight ? (last.rate + point.rate) / 2 : last.rate;
    point.before = last.before + mean * (point.at_s - last.at_s);
  }
}

double RateCurve::at(Duration when) const {
  const double at_s = static_cast<double>(when.ns) / ns_per_s;
  std::size_t i = 0;
  while (i + 1 < points_.size() && points_[i + 1].at_s <= at_s) ++i;
  const Point& from = points_[i];
  if (i + 1 == points_.size() || !points_[i + 1].straight) return from.rate;
  const Point& to = points_[i + 1];
  return from.rate + (to.rate - from.rate) * (at_s - from.at_s) / (to.at_s - from.at_s);
}

double RateCurve::due_until(Duration when) const {
  const double at_s = static_cast<double>(when.ns) / ns_per_s;
  std::size_t i = 0;
  while (i + 1 < points_.size() && points_[i + 1].at_s <= at_s) ++i;
  return points_[i].before + (points_[i].rate + at(when)) / 2 * (at_s - points_[i].at_s);
}

Duration RateCurve::reaches(double count) const {
  std::size_t i = 0;
  while (i + 1 < points_.size() && points_[i + 1].before <= count) ++i;
  const Point& from = points_[i];
  const double wanted = count - from.before;
  const bool slopes = i + 1 < points_.size() && points_[i + 1].straight;
  const double slope =
      slopes ? (points_[i + 1].rate - from.rate) / (points_[i + 1].at_s - from.at_s) : 0;
  double after_s = 0;
  if (slope == 0) {
    if (from.rate == 0) return never;
    after_s = wanted / from.rate;
  } else {
    // rate * t + slope / 2 * t^2 = wanted
    const double root = from.rate * from.rate + 2 * slope * wanted;
    if (root < 0) return never;
    after_s = (std::sqrt(root) - from.rate) / slope;
  }
  const double at_ns = (from.at_s + after_s) * ns_per_s;
  return at_ns < 9e18 ? Duration{static_cast<std::int64_t>(at_ns)} : never;
}

double RateCurve::highest() const {
  double highest = 0;
  for (const Point& point : points_) highest = std::max(highest, point.rate);
  return highest;
}

RateCurve RateCurve::scaled(double factor) const {
  RateCurve curve = *this;
  for (Point& point : curve.points_) point.rate *= factor;
  curve.add_up();
  return curve;
}

Schedule::Schedule(const RateCurve& curve, Arrivals arrivals, std::uint32_t index,
                   std::uint32_t count, std::uint64_t random_seed)
    : curve_(arrivals == Arrivals::even ? curve : curve.scaled(1.0 / count)),
      arrivals_(arrivals),
      step_(arrivals == Arrivals::even ? count : 1),
      position_(arrivals == Arrivals::even ? index : 0),
      random_(random_seed) {
  CHECK(index < count);
  if (arrivals_ == Arrivals::poisson) position_ = gap();
  next_ = curve_.reaches(position_);
}

void Schedule::advance() {
  position_ += arrivals_ == Arrivals::even ? step_ : gap();
  next_ = curve_.reaches(position_);
}

// Between two events of a Poisson process of rate 1.
double Schedule::gap() {
  constexpr double two_53 = 9'007'199'254'740'992.0;
  const double uniform = (static_cast<double>(next_random(random_) >> 11) + 0.5) / two_53;
  return -std::log(uniform);
}

}  // namespace parley::loadgen
