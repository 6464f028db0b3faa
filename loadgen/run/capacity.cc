#include "loadgen/run/capacity.h"

#include <algorithm>
#include <cmath>

#include "core/base/check.h"

namespace parley::loadgen {

CapacitySearch::CapacitySearch(const Options& options) : options_(options), value_(options.first) {
  CHECK(options.first > 0 && options.precision > 0 && options.confirm > 0);
  try_value(options.first);
}

void CapacitySearch::try_value(double value) {
  value_ = options_.whole ? std::max(std::round(value), 1.0) : value;
  const bool again = std::any_of(tried_.begin(), tried_.end(),
                                 [this](const Tried& tried) { return tried.value == value_; });
  if (again || value_ < options_.least || value_ > options_.most) {
    done_ = true;  // Whole numbers lie no closer, or there is nothing further out.
    return;
  }
  tried_.push_back({.value = value_});
}

void CapacitySearch::tell(bool good) {
  CHECK(!done_);
  Tried& tried = tried_.back();
  (good ? tried.good : tried.bad) += 1;
  if (tried.good >= options_.confirm || tried.bad >= options_.confirm) {
    tried.decided = true;
    tried.held = tried.good >= options_.confirm;
    decide(tried.held);
  }
}

void CapacitySearch::tell_nothing() {
  CHECK(!done_);
  tried_.back().good = 0;
}

void CapacitySearch::decide(bool held) {
  if (held) {
    held_ = std::max(held_.value_or(0), value_);
  } else {
    failed_ = std::min(failed_.value_or(value_), value_);
  }
  if (!failed_) return try_value(value_ * 2);
  if (!held_) return try_value(value_ / 2);
  if (*failed_ <= *held_ * (1 + options_.precision)) {
    done_ = true;
    return;
  }
  try_value(std::sqrt(*held_ * *failed_));
}

}  // namespace parley::loadgen
