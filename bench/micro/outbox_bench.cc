// One shared payload into many outboxes and out again, as a fan-out does it per member.
#include <benchmark/benchmark.h>

#include <array>
#include <cstring>
#include <vector>

#include "core/base/check.h"
#include "core/outbox/outbox.h"
#include "core/outbox/outbox_pool.h"
#include "core/payload/payload_pool.h"

namespace {

using namespace parley;

constexpr std::uint32_t frame_bytes = 220;
constexpr std::uint32_t outbox_bytes_max = 1 << 20;
constexpr std::size_t pieces_max = 64;

core::PayloadRef make_frame(core::PayloadPool& pool) {
  core::PayloadRef frame = pool.allocate(frame_bytes);
  std::memset(frame->bytes() + frame->end, 'x', frame_bytes);
  frame->end += frame_bytes;
  return frame;
}

void allocate_payload(benchmark::State& state) {
  core::PayloadPool pool(1 << 20);
  for (auto _ : state) benchmark::DoNotOptimize(pool.allocate(frame_bytes));
}
BENCHMARK(allocate_payload);

// range(0): outboxes; range(1): frames that gather in each before it is sent.
void fan_out(benchmark::State& state) {
  core::PayloadPool pool(1 << 20);
  core::OutboxPool nodes;
  std::vector<core::Outbox> outboxes(static_cast<std::size_t>(state.range(0)));
  std::array<Bytes, pieces_max> pieces;
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(1); ++i) {
      const core::PayloadRef frame = make_frame(pool);
      for (core::Outbox& outbox : outboxes) {
        core::PayloadRef reference = frame.share();
        CHECK(outbox.push(nodes, reference, outbox_bytes_max) == core::OutboxStatus::queued);
      }
    }
    for (core::Outbox& outbox : outboxes) {
      benchmark::DoNotOptimize(outbox.take(nodes, pieces));
      outbox.on_sent(nodes, outbox.queued_bytes());
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0) * state.range(1));
}
BENCHMARK(fan_out)->Args({100, 1})->Args({100, 16})->Args({1000, 1})->Args({1000, 16});

}  // namespace
