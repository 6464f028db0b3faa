// A server that a command starts, for searches and comparisons that need a fresh one each time.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/base/time.h"
#include "loadgen/engine/target.h"

namespace parley::loadgen {

class ServerProcess {
 public:
  // Runs `command` in a shell of its own process group, and waits until `target` accepts
  // connections. An error: it ended, or did not answer in time.
  [[nodiscard]] static Result<std::unique_ptr<ServerProcess>> start(const std::string& command,
                                                                    const Target& target);
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess();  // SIGTERM; SIGKILL when it has not ended in time.

  // The process that does the work: the shell's child when there is one, else the shell, which has
  // become the command.
  [[nodiscard]] std::uint32_t pid() const;

 private:
  explicit ServerProcess(pid_t pid) : pid_(pid) {}
  [[nodiscard]] bool ended();        // The shell.
  [[nodiscard]] bool group_ended();  // All that it started.

  pid_t pid_;
  bool reaped_ = false;
};

}  // namespace parley::loadgen
