// All workers of the process: their threads, what they share, their start and their end.
//
// Threading  One thread (main's) starts it and shuts it down. Each worker's ring, domain and
//            connections are made, used and destroyed on the worker's own thread.
// Errors     A set-up that fails is one line that names the fix; nothing is left running.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "server/config/config.h"
#include "server/log/log.h"

namespace parley::server {

class Server {
 public:
  // `config` and `log` are borrowed and outlive this.
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(const Config& config, Log& log);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::uint16_t workers() const;

  // Closes the listeners and says goodbye to every client; returns when nobody can connect any
  // more.
  void stop_listening();

  // Waits until all clients have gone, for shutdown_timeout_ms at most, then ends the workers.
  // True: everybody left by themselves. Calls stop_listening() if nobody has.
  bool shut_down();

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace parley::server
