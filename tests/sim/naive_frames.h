// RFC 6455 section 5 the naive way, for simulated clients: everything is copied, nothing is fast,
// and nothing is shared with the server's framer, so the two cannot be wrong together.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::sim {

struct NaiveFrame {
  std::uint8_t opcode{};
  bool fin{};
  std::string payload;
};

// A masked frame, as a client sends it.
[[nodiscard]] std::string naive_client_frame(const NaiveFrame& frame, std::uint32_t mask_key);

enum class [[nodiscard]] NaiveStatus : std::uint8_t { frame, need_more, broken };

// The frames of a server, which must keep the rules: not masked, no reserved bits, the shortest
// length, control frames short and whole.
class NaiveFrames {
 public:
  void feed(std::string_view bytes) { bytes_ += bytes; }
  NaiveStatus next(NaiveFrame& frame);

 private:
  std::string bytes_;
};

}  // namespace parley::sim
