// Taking a client's masked text frames apart, ours beside wslay over the same bytes: frames alone
// (WsFramer), and whole messages checked for UTF-8 (WsReader).
#include <algorithm>
#include <cstring>
#include <vector>

#include "bench/micro/micro.h"
#include "bench/micro/wslay_peer.h"
#include "core/base/check.h"
#include "protocol/websocket/ws_framer.h"
#include "protocol/websocket/ws_mask.h"
#include "protocol/websocket/ws_reader.h"

namespace {

using namespace parley;
using bench::PayloadSink;
using protocol::WsFramer;
using protocol::WsOpcode;
using protocol::WsRole;

constexpr std::int64_t frames_per_round = 16;
constexpr std::uint32_t message_bytes_max = 1 << 20;
constexpr std::size_t recv_bytes = 4096;  // As the server's receive buffers are; as wslay's is.

struct Stream {
  std::vector<std::byte> bytes;    // Masked frames, one behind the other.
  std::vector<std::byte> payload;  // Of all of them.
};

Stream masked_frames(std::size_t payload_bytes) {
  Stream stream;
  bench::Random random(bench::seed);
  const std::string text = bench::ascii_text(payload_bytes * frames_per_round);
  for (std::size_t at = 0; at < text.size(); at += payload_bytes) {
    const Bytes payload = std::as_bytes(std::span(text).subspan(at, payload_bytes));
    const auto mask_key = static_cast<std::uint32_t>(random());
    std::byte header[WsFramer::header_bytes_max];
    const std::uint32_t header_bytes =
        WsFramer::write_header(WsRole::client, WsOpcode::text, payload_bytes, mask_key, header);
    std::vector<std::byte> masked(payload.begin(), payload.end());
    protocol::unmask(masked, mask_key);
    stream.bytes.insert(stream.bytes.end(), header, header + header_bytes);
    stream.bytes.insert(stream.bytes.end(), masked.begin(), masked.end());
    stream.payload.insert(stream.payload.end(), payload.begin(), payload.end());
  }
  return stream;
}

// Ours unmask in place, so each receive is a fresh copy, as it is from the kernel.
template <class Feed>
void feed_receives(Bytes stream, Feed feed) {
  std::byte buffer[recv_bytes];
  while (!stream.empty()) {
    const std::size_t size = std::min(stream.size(), recv_bytes);
    std::memcpy(buffer, stream.data(), size);
    stream = stream.subspan(size);
    feed(MutableBytes(buffer, size));
  }
}

class OurFramer {
 public:
  void read(Bytes stream, PayloadSink& sink) {
    feed_receives(stream, [&](MutableBytes bytes) {
      protocol::WsPiece piece;
      while (framer_.next(bytes, piece) == protocol::WsStatus::piece)
        sink.on_payload(piece.payload);
    });
    CHECK(framer_.error_code() == protocol::WsCloseCode::none);
  }

 private:
  WsFramer framer_{WsRole::server, message_bytes_max};
};

class OurReader {
 public:
  explicit OurReader(std::uint32_t bytes_max) : reader_(WsRole::server, bytes_max) {}

  void read(Bytes stream, PayloadSink& sink) {
    feed_receives(stream, [&](MutableBytes bytes) {
      protocol::WsEvent event;
      while (reader_.next(bytes, event) == protocol::WsReadStatus::event)
        sink.on_payload(event.payload);
    });
    CHECK(reader_.error_code() == protocol::WsCloseCode::none);
  }

 private:
  protocol::WsReader reader_;
};

class Keeping final : public PayloadSink {
 public:
  void on_payload(Bytes payload) override {
    seen.insert(seen.end(), payload.begin(), payload.end());
  }
  std::vector<std::byte> seen;
};

class Counting final : public PayloadSink {
 public:
  void on_payload(Bytes payload) override {
    benchmark::DoNotOptimize(payload.data());
    benchmark::ClobberMemory();
    bytes += payload.size();
  }
  std::size_t bytes = 0;
};

// range(0): bytes of a payload. That every byte comes out right is checked before the clock runs.
template <class Reader>
void run(benchmark::State& state, Reader&& reader) {
  const Stream stream = masked_frames(static_cast<std::size_t>(state.range(0)));
  Keeping keeping;
  reader.read(stream.bytes, keeping);
  CHECK(keeping.seen == stream.payload);

  Counting counting;
  for (auto _ : state) reader.read(stream.bytes, counting);
  CHECK(counting.bytes == static_cast<std::size_t>(state.iterations()) * stream.payload.size());
  bench::report(state, frames_per_round, stream.bytes.size());
}

void frames_ours(benchmark::State& state) {
  run(state, OurFramer());
}
void frames_wslay(benchmark::State& state) {
  run(state, bench::WslayFramer());
}
void messages_ours(benchmark::State& state) {
  run(state, OurReader(message_bytes_max));
}
void messages_wslay(benchmark::State& state) {
  run(state, bench::WslayReader(message_bytes_max));
}

// Pairs stand side by side.
#define PARLEY_BENCH_SIZE(payload_bytes)        \
  BENCHMARK(frames_ours)->Arg(payload_bytes);   \
  BENCHMARK(frames_wslay)->Arg(payload_bytes);  \
  BENCHMARK(messages_ours)->Arg(payload_bytes); \
  BENCHMARK(messages_wslay)->Arg(payload_bytes)
PARLEY_BENCH_SIZE(16);
PARLEY_BENCH_SIZE(64);
PARLEY_BENCH_SIZE(1024);
PARLEY_BENCH_SIZE(16384);
PARLEY_BENCH_SIZE(262144);

}  // namespace
