// A WebSocket client on a blocking socket, as small as the tests of a whole server need it.
//
// Threading  One thread at a time.
// Errors     What must not happen in a test is a CHECK; the end of a connection is a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::stress {

class WsClient {
 public:
  // Connects to `port` on loopback and upgrades on /ws.
  explicit WsClient(std::uint16_t port);
  WsClient(const WsClient&) = delete;
  WsClient& operator=(const WsClient&) = delete;
  ~WsClient();  // Ends without another word, unless it said goodbye.

  void send_text(std::string_view text);
  // Bytes as they are: a frame cut short, for a client that dies inside of it.
  void send_bytes(std::string_view bytes);

  // The next text message; nullopt when the server closed.
  [[nodiscard]] std::optional<std::string> read_text();
  // Reads until a message of that type.
  [[nodiscard]] std::string read_until(std::string_view type);
  // The server's close code once it closed; 0: the connection ended without one.
  [[nodiscard]] std::uint16_t close_code() const { return close_code_; }

  // Joins `room` and waits until it is in: the number of the last message so far.
  std::uint64_t join(std::string_view room);
  void say(std::string_view room, std::string_view text);
  // A closing handshake, to its end.
  void say_goodbye();

 private:
  void send_frame(std::uint8_t opcode, std::string_view payload);
  [[nodiscard]] bool fill(std::size_t bytes);

  int fd_ = -1;
  std::string received_;
  std::uint16_t close_code_ = 0;
};

// A member of a JSON object whose text we know the form of: `"name":`, then a number.
[[nodiscard]] std::uint64_t number_in(std::string_view json, std::string_view name);
// The same for a string without escapes.
[[nodiscard]] std::string string_in(std::string_view json, std::string_view name);

}  // namespace parley::stress
