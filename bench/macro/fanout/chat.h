// The members of the rooms: they join, publish so that a fixed number of messages per room is
// always on its way, and check that everybody gets every message once and in order.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/macro/fanout/crowd.h"

namespace parley::bench {

struct ChatOptions {
  std::uint32_t connections = 1000;
  std::uint32_t members_per_room = 100;
  std::uint32_t depth = 16;  // Messages in flight per room.
  std::uint32_t text_bytes = 64;
  std::uint16_t port = 0;
};

class Chat {
 public:
  // A power of two, so that a sequence number picks its counter by masking.
  static constexpr std::uint32_t depth_max = 256;

  explicit Chat(const ChatOptions& options);

  // Connects everybody and waits until all are in their rooms.
  void set_up();
  // Puts `depth` messages into every room.
  void start();
  // No further messages; true when all that were sent have been delivered to all.
  void stop() { stopping_ = true; }
  [[nodiscard]] bool drained() const;
  // Reads what is there, checks it, and replaces messages that were fully delivered.
  void sweep();

  [[nodiscard]] const Traffic& traffic() const { return crowd_.traffic(); }
  [[nodiscard]] std::uint64_t deliveries() const { return deliveries_; }
  [[nodiscard]] std::uint64_t published() const { return published_; }
  // Numbers that were skipped, repeated or out of order, and messages that are not ours.
  [[nodiscard]] std::uint64_t faults() const { return faults_; }
  // Bytes of the last message frame, header included.
  [[nodiscard]] std::uint64_t frame_bytes() const { return frame_bytes_; }
  // From handing a message to the kernel to reading it, of one delivery in sample_interval.
  [[nodiscard]] std::vector<std::uint32_t>& latencies_us() { return latencies_us_; }

 private:
  static constexpr std::uint32_t sample_interval = 32;

  struct Room {
    std::string name;
    std::uint32_t next_publisher = 0;
    std::uint32_t due = 0;        // Messages that were delivered to all and not yet replaced.
    std::uint32_t in_flight = 0;  // Messages that were not yet delivered to all.
    // Deliveries still missing, by sequence number.
    std::array<std::uint32_t, depth_max> missing{};
  };

  void connect_one();
  void on_frame(std::uint32_t member, const Frame& frame);
  void on_chat_message(std::uint32_t member, std::string_view json);
  void sample(const Room& room, std::string_view json);
  void publish(Room& room);
  void send_text(std::uint32_t member, std::string_view json);

  const ChatOptions options_;

  Crowd crowd_;
  std::vector<Room> rooms_;
  std::vector<std::uint64_t> last_sequences_;  // By member.
  std::uint32_t joined_ = 0;
  std::uint64_t deliveries_ = 0;
  std::uint64_t published_ = 0;
  std::uint64_t faults_ = 0;
  std::uint64_t frame_bytes_ = 0;
  std::int64_t sweep_ns_ = 0;  // When this sweep began.
  bool stopping_ = false;
  std::uint64_t mask_state_ = 0x9e3779b97f4a7c15;
  std::vector<std::uint32_t> latencies_us_;
  std::string frame_;  // Being written.
};

}  // namespace parley::bench
