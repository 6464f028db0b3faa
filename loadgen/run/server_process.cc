#include "loadgen/run/server_process.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "loadgen/run/clock.h"
#include "loadgen/run/host.h"

namespace parley::loadgen {

namespace {

constexpr Duration start_timeout = seconds(20);
constexpr Duration stop_timeout = seconds(15);
constexpr Duration try_interval = milliseconds(50);

bool accepts(const Target& target) {
  const int fd = socket(target.address.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  int result = -1;
  if (target.address.is_v4()) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(target.port);
    std::memcpy(&to.sin_addr, &target.address.octets[12], sizeof to.sin_addr);
    result = connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  } else {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(target.port);
    std::memcpy(&to.sin6_addr, target.address.octets.data(), sizeof to.sin6_addr);
    result = connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
  close(fd);
  return result == 0;
}

// In a process group of its own, so that all it starts can be ended; and with no signal blocked, as
// ours are.
Result<pid_t> spawn_shell(std::string command) {
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setsigmask(&attributes, &none);
  std::string shell = "sh";
  std::string option = "-c";
  std::array<char*, 4> words{shell.data(), option.data(), command.data(), nullptr};
  pid_t pid = 0;
  const int error = posix_spawn(&pid, "/bin/sh", nullptr, &attributes, words.data(), environ);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return failure("cannot start a process: " + std::string(std::strerror(error)));
  return pid;
}

}  // namespace

Result<std::unique_ptr<ServerProcess>> ServerProcess::start(const std::string& command,
                                                            const Target& target) {
  if (accepts(target)) {
    return failure("something listens on " + target.host +
                   " already: stop it, or use another port");
  }
  const Result<pid_t> pid = spawn_shell(command);
  if (!pid) return std::unexpected(pid.error());
  std::unique_ptr<ServerProcess> server(new ServerProcess(*pid));
  const Instant deadline = monotonic_now() + start_timeout;
  while (monotonic_now() < deadline) {
    if (server->ended()) return failure("the server ended at once: " + command);
    if (accepts(target)) return server;
    sleep_for(try_interval);
  }
  return failure("nothing listens on " + target.host +
                 " although the server was started: " + command);
}

bool ServerProcess::ended() {
  if (!reaped_) reaped_ = waitpid(pid_, nullptr, WNOHANG) == pid_;
  return reaped_;
}

std::uint32_t ServerProcess::pid() const {
  const auto shell = static_cast<std::uint32_t>(pid_);
  return first_child(shell).value_or(shell);
}

// The shell may end before what it started: the next server can listen when all of them have.
bool ServerProcess::group_ended() {
  static_cast<void>(ended());
  return kill(-pid_, 0) != 0 && errno == ESRCH;
}

ServerProcess::~ServerProcess() {
  kill(-pid_, SIGTERM);
  const Instant deadline = monotonic_now() + stop_timeout;
  while (!group_ended() && monotonic_now() < deadline) sleep_for(try_interval);
  if (group_ended()) return;
  kill(-pid_, SIGKILL);
  while (!group_ended()) sleep_for(try_interval);
}

}  // namespace parley::loadgen
