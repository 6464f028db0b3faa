// Presets of [target]: how a member of a room says hello, publishes and hears.
#pragma once

#include <span>
#include <string_view>

namespace parley::loadgen {

// Texts with placeholders: {room} is the room's name, {payload} stamp and fill, {index} the room's
// number, {member} the member's in it.
struct Protocol {
  std::string_view name;
  std::string_view hello;
  std::string_view ready;
  std::string_view message;
  std::string_view delivery;
  std::string_view error;
  std::string_view ping;  // A frame that is this is answered with `pong`. Empty: none is.
  std::string_view pong;
};

[[nodiscard]] std::span<const Protocol> protocols();
[[nodiscard]] const Protocol* find_protocol(std::string_view name);

}  // namespace parley::loadgen
