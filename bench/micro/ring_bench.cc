// The ring seam over the kernel: a turn without work, bytes from one ring to another over loopback,
// and a wake. Both rings belong to one thread, so that a round costs what both sides do.
#include <array>
#include <memory>
#include <vector>

#include "bench/micro/micro.h"
#include "core/base/check.h"
#include "io/listener.h"
#include "io/probe.h"
#include "io/uring_ring.h"

namespace {

using namespace parley;
using io::Completion;
using io::Op;
using io::Ring;

constexpr std::uint32_t links_max = 1'024;
constexpr std::size_t message_bytes = 64;

struct Link {
  SocketId near;  // Of the ring that connects.
  SocketId far;
};

class Rings {
 public:
  explicit Rings(std::uint32_t links) : links_(links) {
    const Result<io::Listener> listener =
        io::open_listener({.host = "127.0.0.1", .backlog = links_max});
    CHECK(listener.has_value());
    far_ = open({0}, listener->fd);
    near_ = open({1}, -1);
    far_->accept({links_max, 0});
    for (std::uint32_t i = 0; i < links; ++i) connect(i, listener->port);
  }

  [[nodiscard]] Ring& near() { return *near_; }
  [[nodiscard]] Ring& far() { return *far_; }
  [[nodiscard]] const std::vector<Link>& links() const { return links_; }

  // Bytes that the far ring received.
  std::uint64_t take_far() {
    std::uint64_t bytes = 0;
    for (const Completion& completion : far_->wait(Instant{}, Ring::completion_batch_max)) {
      CHECK(completion.op == Op::recv && completion.result > 0 && completion.more);
      bytes += static_cast<std::uint64_t>(completion.result);
      far_->recycle(completion.buffer);
    }
    return bytes;
  }

  // Sends that the near ring has finished.
  std::uint64_t take_near() {
    std::uint64_t sends = 0;
    for (const Completion& completion : near_->wait(Instant{}, Ring::completion_batch_max)) {
      CHECK(completion.op == Op::send && completion.result > 0);
      sends += 1;
    }
    return sends;
  }

 private:
  [[nodiscard]] std::unique_ptr<io::UringRing> open(WorkerId worker, int listener_fd) {
    const Result<io::Features> features = io::probe_kernel();
    CHECK(features.has_value());
    Result<std::unique_ptr<io::UringRing>> ring = io::UringRing::open({.worker = worker,
                                                                       .directory = &directory_,
                                                                       .listener_fd = listener_fd,
                                                                       .connections_max = links_max,
                                                                       .recv_buffer_bytes = 2'048,
                                                                       .recv_buffers = 1'024,
                                                                       .features = *features});
    CHECK(ring.has_value());
    return std::move(*ring);
  }

  // One after the other, so that the two lists have the same order.
  void connect(std::uint32_t link, std::uint16_t port) {
    near_->connect({link, 0}, {.ip = IpAddress::v4(127, 0, 0, 1), .port = port}, {});
    links_[link].near = socket_of(*near_);
    links_[link].far = socket_of(*far_);
    far_->recv({link, 0}, links_[link].far);
  }

  [[nodiscard]] static SocketId socket_of(Ring& ring) {
    const std::span<const Completion> completions = ring.wait(ring.now() + seconds(5), 1);
    CHECK(completions.size() == 1 && completions[0].result >= 0);
    return {static_cast<std::uint32_t>(completions[0].result)};
  }

  io::RingDirectory directory_;
  std::unique_ptr<io::UringRing> far_;
  std::unique_ptr<io::UringRing> near_;
  std::vector<Link> links_;
};

void turn_without_work(benchmark::State& state) {
  Rings rings(1);
  for (auto _ : state) CHECK(rings.near().wait(Instant{}, Ring::completion_batch_max).empty());
  bench::report(state, 1);
}
BENCHMARK(turn_without_work);

// One message over each of range(0) connections, in range(1) pieces.
void send_and_receive(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  const auto pieces = static_cast<std::size_t>(state.range(1));
  Rings rings(count);
  const std::vector<std::byte> message(message_bytes);
  const std::vector<Bytes> parts(pieces, Bytes(message));
  const std::uint64_t bytes_per_round = count * pieces * message_bytes;
  for (auto _ : state) {
    for (std::uint32_t i = 0; i < count; ++i) {
      rings.near().send({i, 0}, rings.links()[i].near, parts);
    }
    std::uint64_t sends = 0;
    std::uint64_t bytes = 0;
    while (sends < count) sends += rings.take_near();
    while (bytes < bytes_per_round) bytes += rings.take_far();
    CHECK(sends == count && bytes == bytes_per_round);
  }
  bench::report(state, count, bytes_per_round);
}
BENCHMARK(send_and_receive)->Args({1, 1})->Args({100, 1})->Args({1'000, 1})->Args({100, 16});

void wake(benchmark::State& state) {
  Rings rings(1);
  for (auto _ : state) {
    rings.near().wake({0});
    CHECK(rings.near().wait(Instant{}, Ring::completion_batch_max).empty());
    const std::span<const Completion> woken =
        rings.far().wait(rings.far().now() + seconds(5), Ring::completion_batch_max);
    CHECK(woken.size() == 1 && woken[0].op == Op::wake);
  }
  bench::report(state, 1);
}
BENCHMARK(wake);

}  // namespace
