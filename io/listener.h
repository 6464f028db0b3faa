// Listening sockets: one for each worker, all on the same address and port (SO_REUSEPORT), so that
// the kernel spreads the connections and no worker hands one to another.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/result.h"

namespace parley::io {

struct ListenerOptions {
  std::string host;         // An IPv4 or IPv6 address, or "localhost" (127.0.0.1). "::" takes both.
  std::uint16_t port = 0;   // 0: the kernel chooses; the next listener names what it chose.
  std::uint32_t backlog{};  // Connections that may wait to be accepted.
  // Another listener of this process has the port already: share it. False makes sure that nobody
  // has it, since the kernel would share it with another process of the same user as well.
  bool shares_port = false;
};

struct Listener {
  int fd = -1;              // Blocking, as io_uring wants it. The caller closes it.
  std::uint16_t port{};     // The actual one.
  std::uint32_t backlog{};  // What the kernel grants: net.core.somaxconn cuts the rest.
};

// TCP_NODELAY is set here and inherited by each accepted connection: Parley sends once a turn what
// has come together, so that Nagle's algorithm could only delay it.
[[nodiscard]] Result<Listener> open_listener(const ListenerOptions& options);

}  // namespace parley::io
