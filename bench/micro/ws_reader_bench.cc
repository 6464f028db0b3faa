// Taking a client's masked text frames apart: framer alone, and reader with its UTF-8 check.
#include <benchmark/benchmark.h>

#include <vector>

#include "core/base/check.h"
#include "protocol/websocket/ws_framer.h"
#include "protocol/websocket/ws_mask.h"
#include "protocol/websocket/ws_reader.h"

namespace {

using namespace parley;
using protocol::WsFramer;
using protocol::WsOpcode;
using protocol::WsRole;

constexpr int frames_per_feed = 16;
constexpr std::uint32_t mask_key = 0x7f3a09c2;
constexpr std::uint32_t message_bytes_max = 1 << 20;

// Several frames as one receive brings them.
std::vector<std::byte> masked_frames(std::size_t payload_bytes) {
  std::vector<std::byte> frames;
  for (int i = 0; i < frames_per_feed; ++i) {
    std::byte header[WsFramer::header_bytes_max];
    const std::uint32_t header_bytes =
        WsFramer::write_header(WsRole::client, WsOpcode::text, payload_bytes, mask_key, header);
    std::vector<std::byte> payload(payload_bytes, std::byte{'a'});
    protocol::unmask(payload, mask_key);
    frames.insert(frames.end(), header, header + header_bytes);
    frames.insert(frames.end(), payload.begin(), payload.end());
  }
  return frames;
}

// Unmasking works in place, so each round reads a fresh copy; that copy is timed too.
void framer(benchmark::State& state) {
  const std::vector<std::byte> frames = masked_frames(static_cast<std::size_t>(state.range(0)));
  std::vector<std::byte> input(frames.size());
  WsFramer framer(WsRole::server, {.frame_payload_bytes_max = message_bytes_max});
  for (auto _ : state) {
    input = frames;
    framer.feed(input);
    protocol::WsPiece piece;
    while (framer.next(piece) == protocol::WsStatus::piece) benchmark::DoNotOptimize(piece);
  }
  CHECK(framer.error_code() == protocol::WsCloseCode::none);
  state.SetItemsProcessed(state.iterations() * frames_per_feed);
}
BENCHMARK(framer)->Arg(64)->Arg(1024)->Arg(16384);

void reader(benchmark::State& state) {
  const std::vector<std::byte> frames = masked_frames(static_cast<std::size_t>(state.range(0)));
  std::vector<std::byte> input(frames.size());
  protocol::WsReader reader(WsRole::server, message_bytes_max);
  for (auto _ : state) {
    input = frames;
    reader.feed(input);
    protocol::WsEvent event;
    while (reader.next(event) == protocol::WsReadStatus::event) benchmark::DoNotOptimize(event);
  }
  CHECK(reader.error_code() == protocol::WsCloseCode::none);
  state.SetItemsProcessed(state.iterations() * frames_per_feed);
}
BENCHMARK(reader)->Arg(64)->Arg(1024)->Arg(16384);

}  // namespace
