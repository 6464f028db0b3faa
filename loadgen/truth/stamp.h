// What the generator writes into each payload, so that whoever receives it can tell which message
// it is, when it should have been sent, and whether it is whole.
//
//   ~PL~ RRR rrrr sss nnnnn tttttttt dd llll <fill>
//        run room stream number time slot bytes
//
// Text    Digits of base64url, which no text format escapes: a stamp survives JSON unchanged.
// Fill    The rest of a payload of `bytes` bytes is a fixed sequence of digits that begins at a
//         place the stamp says, so that bytes of another message do not pass for this one's, and a
//         changed digit of the stamp is seen, too.
// Bounds  stamp_bytes is the least payload. Numbers are of one stream, and wrap at 2^30.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/base/time.h"
#include "core/base/types.h"

namespace parley::loadgen {

inline constexpr std::size_t stamp_bytes = 33;
inline constexpr std::uint32_t payload_bytes_max = (1u << 24) - 1;
inline constexpr std::uint32_t slots_max = 1u << 12;
inline constexpr std::uint32_t rooms_max = 1u << 24;
inline constexpr std::uint32_t streams_max = 1u << 18;  // Of one room.

struct Stamp {
  std::uint32_t run{};     // 18 bits, random for each run: what an earlier run left is not ours.
  std::uint32_t room{};    // 24 bits.
  std::uint32_t stream{};  // 18 bits: the publisher, of its room.
  std::uint32_t number{};  // 30 bits: counts the stream's messages from 0.
  Duration due;            // When it should be sent, since the run began. 100 ns, 48 bits.
  std::uint32_t slot{};    // 12 bits: which of the room's messages in flight.
  std::uint32_t bytes{};   // 24 bits: of the whole payload, the stamp included.
};

inline constexpr std::uint32_t run_max = 1u << 18;
inline constexpr std::uint32_t number_max = 1u << 30;

// Writes stamp and fill. REQUIRES: payload.size() == stamp.bytes >= stamp_bytes.
void write_payload(const Stamp& stamp, MutableBytes payload);

// Where a stamp begins in a message, looking at `hint` first; nullopt: there is none.
[[nodiscard]] std::optional<std::size_t> find_stamp(Bytes message, std::size_t hint);

enum class [[nodiscard]] StampStatus : std::uint8_t {
  good,
  malformed,  // A digit is none, or the message ends inside the stamp.
  damaged,    // The stamp can be read, the fill is cut or not what was sent.
};

// REQUIRES: find_stamp() found it at `at`.
StampStatus read_stamp(Bytes message, std::size_t at, Stamp& stamp);

}  // namespace parley::loadgen
