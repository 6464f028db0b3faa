// One shared payload into many outboxes and out again, as a fan-out does it per member; and what
// happens to the outbox of one who does not read.
#include <array>
#include <cstring>
#include <vector>

#include "bench/micro/micro.h"
#include "core/base/check.h"
#include "core/outbox/outbox.h"
#include "core/outbox/outbox_pool.h"
#include "core/payload/payload_pool.h"

namespace {

using namespace parley;

constexpr std::uint32_t frame_bytes = 220;
constexpr std::uint32_t outbox_bytes_max = 1 << 20;
constexpr std::size_t pieces_max = 64;

core::PayloadRef make_frame(core::PayloadPool& pool, Sequence sequence) {
  core::PayloadRef frame = pool.allocate(frame_bytes);
  std::memset(frame->bytes() + frame->end, 'x', frame_bytes);
  frame->end += frame_bytes;
  frame->first_sequence = frame->last_sequence = sequence;
  return frame;
}

// range(0): outboxes; range(1): frames that gather in each before it is sent.
void fan_out(benchmark::State& state) {
  core::PayloadPool pool(1 << 20);
  core::OutboxPool nodes;
  std::vector<core::Outbox> outboxes(static_cast<std::size_t>(state.range(0)));
  std::array<Bytes, pieces_max> pieces;
  std::int64_t sent_pieces = 0;
  Sequence sequence = 0;
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(1); ++i) {
      const core::PayloadRef frame = make_frame(pool, ++sequence);
      for (core::Outbox& outbox : outboxes) {
        core::PayloadRef reference = frame.share();
        CHECK(outbox.push(nodes, reference, outbox_bytes_max) == core::OutboxStatus::queued);
      }
    }
    for (core::Outbox& outbox : outboxes) {
      sent_pieces += outbox.take(nodes, pieces);
      benchmark::DoNotOptimize(pieces);
      outbox.on_sent(nodes, outbox.queued_bytes());
    }
  }
  CHECK(sent_pieces == state.iterations() * state.range(0) * state.range(1));
  CHECK(nodes.nodes_in_use() == 0);
  CHECK(pool.blocks_in_use() == 0);
  bench::report(state, state.range(0) * state.range(1));
}
BENCHMARK(fan_out)->Args({100, 1})->Args({100, 16})->Args({1000, 1})->Args({1000, 16});

// An outbox that is full: each new publication drops the oldest, and the gap grows.
void slow_reader(benchmark::State& state) {
  constexpr std::uint32_t frames_max = 100;
  core::PayloadPool pool(1 << 20);
  core::OutboxPool nodes;
  core::Outbox outbox;
  Sequence sequence = 0;
  std::uint64_t dropped = 0;
  const auto publish = [&] {
    core::PayloadRef frame = make_frame(pool, ++sequence);
    if (outbox.push(nodes, frame, frames_max * frame_bytes) == core::OutboxStatus::queued) return;
    dropped += outbox.drop_oldest(nodes, frame_bytes, frames_max * frame_bytes).publications;
    CHECK(outbox.push(nodes, frame, frames_max * frame_bytes) == core::OutboxStatus::queued);
  };
  for (std::uint32_t i = 0; i < frames_max; ++i) publish();
  for (auto _ : state) publish();

  std::vector<core::Gap> gaps;
  CHECK(dropped == static_cast<std::uint64_t>(state.iterations()));
  outbox.take_gaps(nodes, gaps);
  CHECK(gaps.size() == 1 && gaps[0].first == 1 && gaps[0].last == dropped);
  outbox.clear(nodes);
  bench::report(state, 1);
}
BENCHMARK(slow_reader);

}  // namespace
