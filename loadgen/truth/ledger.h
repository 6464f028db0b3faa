// What each member of a room must receive, and what it did: loss, duplicates, disorder.
//
// A stream is one publisher of a room; its messages are numbered from 0, and a member must see each
// number once, in order. Order between streams is the server's affair.
//
// Members  Of this worker; their indices are the caller's. A member that comes (again) while others
//          publish owes nothing from before: see begin().
// Memory   4 bytes for each member and stream. What is missing is remembered as ranges, so that
//          what comes late is told from what comes twice; beyond ranges_max, late counts as twice.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace parley::loadgen {

enum class [[nodiscard]] Receipt : std::uint8_t {
  fresh,      // The next of its stream, possibly behind a gap.
  late,       // One that was missing: others overtook it.
  duplicate,  // It was received before.
  early,      // From before the member counts: no claim on it.
  unknown,    // No such stream.
};

class Ledger {
 public:
  Ledger(std::uint32_t members, std::uint32_t streams);

  // The member's session is new: it is owed each stream from sent[stream] on. A stream that others
  // publish, whose count is not known here, is `not_known`: the first that is received counts.
  void begin(std::uint32_t member, std::span<const std::uint32_t> sent);
  // What the member may miss from now on does not count; what others overtook before does.
  void end(std::uint32_t member);

  Receipt receive(std::uint32_t member, std::uint32_t stream, std::uint32_t number);

  // Whether the member has not received this one yet. REQUIRES: begun.
  [[nodiscard]] bool lacks(std::uint32_t member, std::uint32_t stream, std::uint32_t number) const;

  // Whether this one comes next: nothing of the stream would be skipped. False for unknown streams.
  [[nodiscard]] bool expects(std::uint32_t member, std::uint32_t stream,
                             std::uint32_t number) const {
    return stream < streams_ && at(member, stream).number == number;
  }

  // What the member is still to receive when sent[stream] were sent. REQUIRES: all are known.
  [[nodiscard]] std::uint64_t owed(std::uint32_t member, std::span<const std::uint32_t> sent) const;

  // Messages that are missing between others, also of members that have ended.
  [[nodiscard]] std::uint64_t missing() const;
  // Those, and what is still owed when sent[stream] were sent in all.
  [[nodiscard]] std::uint64_t lost(std::span<const std::uint32_t> sent) const;

  [[nodiscard]] std::uint32_t streams() const { return streams_; }

  static constexpr std::uint32_t not_known = UINT32_MAX;
  static constexpr std::size_t ranges_max = 100'000;

 private:
  // One for each member and stream: the number that comes next, and whether that is where the
  // member began and nothing has come yet.
  struct Next {
    std::uint32_t number : 31;
    std::uint32_t at_start : 1;
  };
  static_assert(sizeof(Next) == 4);
  static constexpr std::uint32_t idle = (1u << 31) - 1;   // The member has not begun.
  static constexpr std::uint32_t unset = (1u << 31) - 2;  // It has, but nobody knows where.

  struct Key {
    std::uint32_t member{};
    std::uint32_t stream{};
    std::uint32_t last{};  // Of a range.
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  [[nodiscard]] Next& at(std::uint32_t member, std::uint32_t stream) {
    return next_[std::size_t{member} * streams_ + stream];
  }
  [[nodiscard]] const Next& at(std::uint32_t member, std::uint32_t stream) const {
    return next_[std::size_t{member} * streams_ + stream];
  }
  [[nodiscard]] Receipt receive_old(std::uint32_t member, std::uint32_t stream,
                                    std::uint32_t number);

  const std::uint32_t streams_;
  std::vector<Next> next_;
  std::map<Key, std::uint32_t> missing_;  // To the first of each range.
  // In ranges that were one too many to remember, and those of members that have ended.
  std::uint64_t missing_beyond_ = 0;
};

}  // namespace parley::loadgen
