#include "tests/conformance/conformance_row.h"

#include <cctype>
#include <utility>

namespace parley::test {

std::ostream& operator<<(std::ostream& out, const ReadRow& row) {
  return out << "RFC 6455 section " << row.section << ": " << row.rule;
}

std::string test_name_of(std::string_view section, std::string_view rule) {
  std::string name = "s";
  for (const char c : section) name += c == '.' ? '_' : c;
  name += '_';
  bool word_begins = true;
  for (const char c : rule) {
    const auto letter = static_cast<unsigned char>(c);
    if (std::isalnum(letter) == 0) {
      word_begins = true;
      continue;
    }
    name += word_begins ? static_cast<char>(std::toupper(letter)) : c;
    word_begins = false;
  }
  return name;
}

WsMessage text(std::string_view payload) {
  return {.opcode = 1, .payload = bytes_of(payload)};
}

WsMessage binary(const ByteString& payload) {
  return {.opcode = 2, .payload = payload};
}

WsMessage ping(std::string_view payload) {
  return {.opcode = 9, .payload = bytes_of(payload)};
}

WsMessage pong(std::string_view payload) {
  return {.opcode = 10, .payload = bytes_of(payload)};
}

WsMessage closed(std::uint16_t code, std::string_view reason) {
  return {.opcode = 8, .close_code = code, .payload = bytes_of(reason)};
}

WsOutcome delivers(std::vector<WsMessage> messages) {
  return {.messages = std::move(messages)};
}

WsOutcome fails(std::uint16_t close_code) {
  return {.messages = {}, .error_code = close_code};
}

WsOutcome delivers_then_fails(std::vector<WsMessage> messages, std::uint16_t close_code) {
  return {.messages = std::move(messages), .error_code = close_code};
}

}  // namespace parley::test
