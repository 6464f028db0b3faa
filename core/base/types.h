// Ids that cannot be mixed up, and views of bytes. An id is a number in a table, never a pointer or
// a file descriptor; where slots are reused, a generation tells the tenants apart.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>

namespace parley {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

inline constexpr std::size_t cache_line_bytes = 64;

template <class Tag, class Rep>
struct StrongId {
  Rep value{};

  friend constexpr bool operator==(StrongId, StrongId) = default;
  friend constexpr auto operator<=>(StrongId, StrongId) = default;
};

using WorkerId = StrongId<struct WorkerTag, std::uint16_t>;
inline constexpr std::uint16_t workers_max = 512;

// A socket in a ring's table of direct descriptors, or a listening descriptor of the process.
using SocketId = StrongId<struct SocketTag, std::uint32_t>;

// A receive buffer of a ring, lent to the caller until it is recycled.
using BufferId = StrongId<struct BufferTag, std::uint32_t>;

// A connection of one worker. Slots are reused, generations are not (until 2^32 have passed).
struct ConnId {
  static constexpr std::uint32_t slots_max = 1u << 24;  // So that an id and an op fit 64 bits.

  std::uint32_t slot{};
  std::uint32_t generation{};  // 0 is never given out: a default ConnId names nobody.

  friend constexpr bool operator==(ConnId, ConnId) = default;
};

// A keyed 128-bit hash of a room's name (core/rooms/room_name.h): two names never share one.
struct RoomId {
  std::uint64_t high{};
  std::uint64_t low{};

  friend constexpr bool operator==(RoomId, RoomId) = default;
};

// Counts the messages of one room from 1. 0: none yet.
using Sequence = std::uint64_t;

}  // namespace parley
