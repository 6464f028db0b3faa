// The floor of a fan-out: sends the bytes of ready frames to WebSockets in turn and does nothing
// else. It waits for nobody, so that a reader that is slower than it fills the sockets, and sends
// become short: then what is measured is the reader.
//
// Waits for --connections handshakes, then sends until all have gone, or SIGTERM. One send per
// socket is in flight, 128 are handed over at a time, sockets are direct descriptors, as parleyd
// has it. What the peers send after the handshake is never read.
#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <deque>
#include <string>
#include <vector>

#include "bench/macro/servers/floors/host.h"
#include "protocol/http/http_parser.h"
#include "protocol/websocket/ws_handshake.h"

namespace parley::bench {
namespace {

struct Options {
  std::uint32_t connections = 1000;
  std::uint32_t frame_bytes = 211;
  std::uint32_t frames_per_send = 16;
  std::uint32_t sends_per_enter = 128;
  std::uint16_t port = 0;
};

std::string frames_of(const Options& options) {
  std::string frame = frame_header(options.frame_bytes);
  frame.resize(options.frame_bytes, 'x');
  std::string frames;
  for (std::uint32_t i = 0; i < options.frames_per_send; ++i) frames += frame;
  return frames;
}

// False when the peer asked for no WebSocket, or only looked whether the port answers.
bool take_handshake(int socket) {
  protocol::HttpParser parser{protocol::HttpLimits{}};
  std::array<std::byte, 4096> bytes;
  protocol::HttpStatus status = protocol::HttpStatus::need_more;
  while (status == protocol::HttpStatus::need_more) {
    const ssize_t received = recv(socket, bytes.data(), bytes.size(), 0);
    if (received <= 0) return false;
    parser.feed(Bytes(bytes).first(static_cast<std::size_t>(received)));
    status = parser.next();
  }
  if (status == protocol::HttpStatus::error) return false;
  if (protocol::check_ws_handshake(parser.request()) != protocol::WsHandshake::accepted) {
    return false;
  }
  std::array<std::byte, 256> answer;
  const std::uint32_t answer_bytes = protocol::write_ws_accept(parser.request(), answer);
  return ::send(socket, answer.data(), answer_bytes, MSG_NOSIGNAL) == ssize_t{answer_bytes};
}

std::vector<int> accept_all(int listener, std::uint32_t count) {
  std::vector<int> sockets;
  while (sockets.size() < count) {
    const int socket = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) fail_errno("accept");
    if (take_handshake(socket)) {
      sockets.push_back(socket);
    } else {
      close(socket);
    }
  }
  return sockets;
}

class Sender {
 public:
  Sender(const Options& options, const std::vector<int>& sockets)
      : options_(options),
        frames_(frames_of(options)),
        open_(sockets.size()),
        left_(sockets.size(), frames_.size()) {
    io_uring_params params{};
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
    params.cq_entries = 4096;
    if (io_uring_queue_init_params(options.sends_per_enter, &ring_, &params) != 0) {
      fail("io_uring_queue_init_params");
    }
    io_uring_register_ring_fd(&ring_);
    const auto count = static_cast<unsigned>(sockets.size());
    if (io_uring_register_files(&ring_, sockets.data(), count) != 0) {
      fail("io_uring_register_files");
    }
    for (const int socket : sockets) close(socket);
    for (std::uint32_t i = 0; i < count; ++i) ready_.push_back(i);
  }

  // Until all peers have hung up.
  void run() {
    while (open_ > 0) {
      for (std::uint32_t i = 0; i < options_.sends_per_enter && !ready_.empty(); ++i) queue_one();
      // Sends whose socket is full finish later; with nothing else to do, wait for one of them.
      io_uring_submit_and_wait(&ring_, ready_.empty() ? 1 : 0);
      io_uring_get_events(&ring_);
      take_completions();
    }
  }

 private:
  void queue_one() {
    const std::uint32_t socket = ready_.front();
    ready_.pop_front();
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    const std::size_t offset = frames_.size() - left_[socket];
    io_uring_prep_send(sqe, static_cast<int>(socket), frames_.data() + offset, left_[socket],
                       MSG_NOSIGNAL);
    sqe->flags |= IOSQE_FIXED_FILE;
    sqe->user_data = socket;
  }

  void take_completions() {
    unsigned head = 0;
    unsigned taken = 0;
    io_uring_cqe* cqe = nullptr;
    io_uring_for_each_cqe(&ring_, head, cqe) {
      ++taken;
      if (cqe->res < 0) {
        open_ -= 1;
        continue;
      }
      const auto socket = static_cast<std::uint32_t>(cqe->user_data);
      left_[socket] -= static_cast<std::size_t>(cqe->res);
      if (left_[socket] == 0) left_[socket] = frames_.size();
      ready_.push_back(socket);
    }
    io_uring_cq_advance(&ring_, taken);
  }

  const Options options_;
  const std::string frames_;  // What one send carries.

  io_uring ring_{};
  std::size_t open_;
  std::vector<std::size_t> left_;    // Bytes of the socket's current send still to go.
  std::deque<std::uint32_t> ready_;  // Sockets without a send in flight.
};

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Sends ready frames to WebSockets in turn: the floor of a fan-out");
  app.add_option("--port", options.port)->required();
  app.add_option("--connections", options.connections, "How many to wait for");
  app.add_option("--frame-bytes", options.frame_bytes, "Header included");
  app.add_option("--frames-per-send", options.frames_per_send);
  app.add_option("--sends-per-enter", options.sends_per_enter);
  CLI11_PARSE(app, argc, argv);
  Sender(options, accept_all(listen_loopback(options.port), options.connections)).run();
  return 0;
}

}  // namespace
}  // namespace parley::bench

int main(int argc, char** argv) {
  return parley::bench::run(argc, argv);
}
