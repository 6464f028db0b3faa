// Texts of a plan with the placeholders of protocols.h filled in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::loadgen {

struct RoomNames {
  std::string_view room_name;  // The template of the name.

  [[nodiscard]] std::string name(std::uint64_t index) const;
};

// {room}, {index} and {member} filled in; {payload} stays.
[[nodiscard]] std::string filled(std::string_view text, std::string_view room, std::uint64_t index,
                                 std::uint64_t member);

// A message around its payload: what is before {payload} and behind it.
struct MessageParts {
  std::string before;
  std::string behind;
};
[[nodiscard]] MessageParts parts_of(std::string_view message);

}  // namespace parley::loadgen
