// A WebSocket client that can keep up: frames are read where they arrived, none is copied.
//
// Threading  One thread at a time.
// Errors     What must not happen in these tests is a CHECK, an error that the server tells too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace parley::test {

struct ServerFrame {
  std::uint8_t opcode{};
  std::string_view payload;  // Valid until the client reads again.
};

class ChatClient {
 public:
  // Connects to `port` on loopback and upgrades on `target`, a path with its query.
  ChatClient(std::uint16_t port, std::string_view target);
  ChatClient(const ChatClient&) = delete;
  ChatClient& operator=(const ChatClient&) = delete;
  ~ChatClient();

  void write(std::string_view bytes);
  // Waits for the next frame. Pings are answered, and then returned as any other.
  [[nodiscard]] ServerFrame read();

  // Joins `room`, and waits until it is in.
  void join(std::string_view room);
  // Waits for a frame with that opcode.
  void await(std::uint8_t opcode);
  // Waits for a text message of that type.
  [[nodiscard]] std::string_view read_until(std::string_view type);
  // Waits for the next chat message: its number in its room.
  [[nodiscard]] std::uint64_t read_message();

 private:
  static constexpr std::size_t buffer_bytes = 64 << 10;

  void fill(std::size_t bytes);
  [[nodiscard]] std::size_t unread() const { return end_ - begin_; }

  int fd_ = -1;
  std::unique_ptr<char[]> buffer_ = std::make_unique<char[]>(buffer_bytes);
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

// A client's frame, whole.
[[nodiscard]] std::string client_frame(std::uint8_t opcode, std::string_view payload);
// The same, of a text message that the classic vocabulary understands as chat.
[[nodiscard]] std::string say_frame(std::string_view room, std::string_view text);

// The body of what GET answers.
[[nodiscard]] std::string http_get(std::uint16_t port, std::string_view path);

}  // namespace parley::test
