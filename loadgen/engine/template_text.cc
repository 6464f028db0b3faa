#include "loadgen/engine/template_text.h"

#include "core/base/check.h"

namespace parley::loadgen {

namespace {

constexpr std::string_view payload = "{payload}";

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

}  // namespace

std::string RoomNames::name(std::uint64_t index) const {
  std::string name(room_name);
  replace_all(name, "{index}", std::to_string(index));
  return name;
}

std::string filled(std::string_view text, std::string_view room, std::uint64_t index,
                   std::uint64_t member) {
  std::string out(text);
  replace_all(out, "{room}", room);
  replace_all(out, "{index}", std::to_string(index));
  replace_all(out, "{member}", std::to_string(member));
  return out;
}

MessageParts parts_of(std::string_view message) {
  const std::size_t at = message.find(payload);
  CHECK(at != std::string_view::npos);
  return {.before = std::string(message.substr(0, at)),
          .behind = std::string(message.substr(at + payload.size()))};
}

}  // namespace parley::loadgen
