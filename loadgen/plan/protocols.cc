#include "loadgen/plan/protocols.h"

#include <algorithm>
#include <array>

namespace parley::loadgen {

namespace {

constexpr std::array<Protocol, 3> table{
    {{.name = "classic",  // docs/protocol-classic.md
      .hello = R"({"type":"joinRoom","room":"{room}"})",
      .ready = R"({"type":"roomJoined")",
      .message = R"({"type":"message","room":"{room}","message":"{payload}"})",
      .delivery = R"({"type":"message")",
      .error = R"({"type":"error")",
      .ping = "",
      .pong = ""},
     {.name = "socketio",  // Engine.IO 4 over WebSocket alone, one event, text payloads.
      .hello = "40",
      .ready = "40{",
      .message = R"(42["message","{payload}"])",
      .delivery = R"(42["message",)",
      .error = "44",
      .ping = "2",
      .pong = "3"},
     {.name = "ws-raw",  // What a member sends reaches all who connected with the same URL.
      .hello = "",
      .ready = "",
      .message = "{payload}",
      .delivery = "",
      .error = "",
      .ping = "",
      .pong = ""}}};

}  // namespace

std::span<const Protocol> protocols() {
  return table;
}

const Protocol* find_protocol(std::string_view name) {
  const auto found = std::ranges::find(table, name, &Protocol::name);
  return found == table.end() ? nullptr : &*found;
}

}  // namespace parley::loadgen
