// Lines of JSON over TCP, between a conductor and its agents. Blocking; for talk that is cold.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/base/result.h"
#include "core/base/time.h"
#include "loadgen/engine/target.h"

namespace parley::loadgen {

// Whether to give up waiting. Asked several times a second.
using StopWanted = std::function<bool()>;

class Wire {
 public:
  // "HOST:PORT".
  [[nodiscard]] static Result<std::unique_ptr<Wire>> connect(const std::string& to);
  explicit Wire(int fd) : fd_(fd) {}  // Owned from now on.
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire();

  [[nodiscard]] Result<void> send(const nlohmann::json& message);
  // An error also when the other side has gone, when nothing comes in time, or what comes is no
  // JSON object.
  [[nodiscard]] Result<nlohmann::json> receive(Duration timeout);
  [[nodiscard]] Result<nlohmann::json> receive(Duration timeout, const StopWanted& stop_wanted);

  static constexpr std::size_t line_bytes_max = 256u << 20;

 private:
  int fd_;
  std::string received_;
};

// Waits for conductors, one at a time.
class WireListener {
 public:
  [[nodiscard]] static Result<std::unique_ptr<WireListener>> open(const std::string& at);
  explicit WireListener(int fd) : fd_(fd) {}
  WireListener(const WireListener&) = delete;
  WireListener& operator=(const WireListener&) = delete;
  ~WireListener();

  // Null when `timeout` has passed.
  [[nodiscard]] std::unique_ptr<Wire> accept(Duration timeout);
  [[nodiscard]] std::uint16_t port() const;

 private:
  int fd_;
};

}  // namespace parley::loadgen
