// The floor of a fan-out: sends the bytes of ready frames to sockets in turn and does nothing else.
// No server that writes to as many sockets in sends of as many frames can be faster on this kernel.
//
// Accepts the connections, prints its port first; sends until SIGTERM. One send per socket is in
// flight, 128 are handed over at a time, sockets are direct descriptors, as parleyd has it.
#include <liburing.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <deque>
#include <string>
#include <vector>

#include "bench/macro/fanout/frames.h"
#include "bench/macro/fanout/host.h"

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
  const std::uint32_t header_bytes = options.frame_bytes < 128 ? 2 : 4;
  if (options.frame_bytes <= header_bytes) fail("--frame-bytes is too small");
  const std::string text(options.frame_bytes - header_bytes, 'x');
  std::string frames;
  for (std::uint32_t i = 0; i < options.frames_per_send; ++i) {
    write_text_frame(frames, text, nullptr);
  }
  return frames;
}

bool has_hung_up(int socket) {
  char byte = 0;
  return recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

// Who only looked whether the port answers and hung up is none of them.
std::vector<int> accept_all(int listener, std::uint32_t count) {
  std::vector<int> sockets;
  while (sockets.size() < count) {
    const int socket = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) fail_errno("accept");
    sockets.push_back(socket);
    if (sockets.size() < count) continue;
    std::erase_if(sockets, [](int peer) { return has_hung_up(peer) && close(peer) == 0; });
  }
  return sockets;
}

class Sender {
 public:
  Sender(const Options& options, const std::vector<int>& sockets)
      : options_(options), frames_(frames_of(options)), left_(sockets.size(), frames_.size()) {
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
    for (std::uint32_t i = 0; i < count; ++i) ready_.push_back(i);
  }

  // Until a peer hangs up.
  void run() {
    while (open_) {
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
        open_ = false;
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
  std::vector<std::size_t> left_;    // Bytes of the socket's current send still to go.
  std::deque<std::uint32_t> ready_;  // Sockets without a send in flight.
  bool open_ = true;
};

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Sends ready frames to sockets in turn: the floor of a fan-out");
  app.add_option("--port", options.port, "0: one that the kernel chooses");
  app.add_option("--connections", options.connections, "How many to wait for");
  app.add_option("--frame-bytes", options.frame_bytes, "Header included");
  app.add_option("--frames-per-send", options.frames_per_send);
  app.add_option("--sends-per-enter", options.sends_per_enter);
  CLI11_PARSE(app, argc, argv);

  const Listener listener = listen_loopback(options.port);
  std::printf("%u\n", listener.port);
  std::fflush(stdout);
  const std::vector<int> sockets = accept_all(listener.socket, options.connections);
  Sender sender(options, sockets);
  sender.run();
  return 0;
}

}  // namespace
}  // namespace parley::bench

int main(int argc, char** argv) {
  return parley::bench::run(argc, argv);
}
