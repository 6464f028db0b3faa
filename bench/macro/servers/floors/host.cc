#include "bench/macro/servers/floors/host.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>

#include "protocol/websocket/ws_framer.h"

namespace parley::bench {

void fail(std::string_view why) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(why.size()), why.data());
  std::exit(1);
}

void fail_errno(std::string_view what) {
  std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(what.size()), what.data(),
               std::strerror(errno));
  std::exit(1);
}

int listen_loopback(std::uint16_t port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // The same port may be asked for again while connections of the last run still linger; and
  // accepted sockets inherit TCP_NODELAY, tcp(7).
  const int on = 1;
  if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
      bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener, 4096) != 0) {
    fail_errno("listen");
  }
  return listener;
}

std::string frame_header(std::uint32_t frame_bytes) {
  std::string header(protocol::WsFramer::header_bytes_max, '\0');
  for (const std::uint32_t header_bytes : {2u, 4u, 10u}) {
    if (frame_bytes < header_bytes) break;
    const std::uint32_t written = protocol::WsFramer::write_header(
        protocol::WsRole::server, protocol::WsOpcode::text, frame_bytes - header_bytes, 0,
        std::as_writable_bytes(std::span<char>(header)));
    if (written != header_bytes) continue;
    header.resize(header_bytes);
    return header;
  }
  fail("no frame has " + std::to_string(frame_bytes) + " bytes");
}

}  // namespace parley::bench
