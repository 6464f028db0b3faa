#include "loadgen/truth/ledger.h"

#include "core/base/check.h"

namespace parley::loadgen {

Ledger::Ledger(std::uint32_t members, std::uint32_t streams)
    : streams_(streams),
      next_(std::size_t{members} * streams, Next{.number = idle, .at_start = 0}) {}

void Ledger::begin(std::uint32_t member, std::span<const std::uint32_t> sent) {
  CHECK(sent.size() == streams_);
  end(member);
  for (std::uint32_t stream = 0; stream < streams_; ++stream) {
    const std::uint32_t number = sent[stream] == not_known ? unset : sent[stream];
    at(member, stream) = {.number = number & idle, .at_start = 1};
  }
}

void Ledger::end(std::uint32_t member) {
  for (std::uint32_t stream = 0; stream < streams_; ++stream) {
    at(member, stream) = {.number = idle, .at_start = 0};
  }
  const auto first = missing_.lower_bound({.member = member});
  auto last = first;
  for (; last != missing_.end() && last->first.member == member; ++last) {
    missing_beyond_ += last->first.last - last->second + 1;
  }
  missing_.erase(first, last);
}

Receipt Ledger::receive(std::uint32_t member, std::uint32_t stream, std::uint32_t number) {
  if (stream >= streams_) return Receipt::unknown;
  Next& next = at(member, stream);
  if (number == next.number) {
    next = {.number = (number + 1) & idle, .at_start = 0};
    return Receipt::fresh;
  }
  if (next.number == idle) return Receipt::early;
  if (next.number == unset) {
    next = {.number = (number + 1) & idle, .at_start = 0};
    return Receipt::fresh;
  }
  if (number < next.number) {
    return next.at_start == 1 ? Receipt::early : receive_old(member, stream, number);
  }
  if (missing_.size() < ranges_max) {
    missing_[{.member = member, .stream = stream, .last = number - 1}] = next.number;
  } else {
    missing_beyond_ += number - next.number;
  }
  next = {.number = (number + 1) & idle, .at_start = 0};
  return Receipt::fresh;
}

Receipt Ledger::receive_old(std::uint32_t member, std::uint32_t stream, std::uint32_t number) {
  const Key key{.member = member, .stream = stream, .last = number};
  const auto range = missing_.lower_bound(key);
  const bool found = range != missing_.end() && range->first.member == member &&
                     range->first.stream == stream && range->second <= number;
  if (!found) return Receipt::duplicate;
  const std::uint32_t first = range->second;
  if (range->first.last == number) {
    missing_.erase(range);
  } else {
    range->second = number + 1;
  }
  if (first < number) {
    missing_[{.member = member, .stream = stream, .last = number - 1}] = first;
  }
  return Receipt::late;
}

bool Ledger::lacks(std::uint32_t member, std::uint32_t stream, std::uint32_t number) const {
  const Next& next = at(member, stream);
  if (next.number == idle || next.number == unset) return false;
  if (number >= next.number) return true;
  const auto range = missing_.lower_bound({.member = member, .stream = stream, .last = number});
  return range != missing_.end() && range->first.member == member &&
         range->first.stream == stream && range->second <= number;
}

std::uint64_t Ledger::owed(std::uint32_t member, std::span<const std::uint32_t> sent) const {
  std::uint64_t count = 0;
  for (std::uint32_t stream = 0; stream < streams_; ++stream) {
    const std::uint32_t next = at(member, stream).number;
    if (next != idle && next != unset && sent[stream] > next) count += sent[stream] - next;
  }
  const auto first = missing_.lower_bound({.member = member});
  for (auto at = first; at != missing_.end() && at->first.member == member; ++at) {
    count += at->first.last - at->second + 1;
  }
  return count;
}

std::uint64_t Ledger::missing() const {
  std::uint64_t count = missing_beyond_;
  for (const auto& [key, first] : missing_) count += key.last - first + 1;
  return count;
}

std::uint64_t Ledger::lost(std::span<const std::uint32_t> sent) const {
  CHECK(sent.size() == streams_);
  std::uint64_t count = missing();
  for (std::size_t i = 0; i < next_.size(); ++i) {
    const std::uint32_t next = next_[i].number;
    const std::uint32_t total = sent[i % streams_];
    if (next != idle && next != unset && total > next) count += total - next;
  }
  return count;
}

}  // namespace parley::loadgen
