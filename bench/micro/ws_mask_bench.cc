// Unmasking a payload, by engine and size.
#include <benchmark/benchmark.h>

#include <vector>

#include "protocol/websocket/ws_mask.h"

namespace {

using parley::protocol::MaskEngine;

void unmask(benchmark::State& state, MaskEngine engine) {
  if (!parley::protocol::mask_engine_available(engine)) {
    state.SkipWithError("this processor lacks it");
    return;
  }
  std::vector<std::byte> bytes(static_cast<std::size_t>(state.range(0)), std::byte{0x5a});
  for (auto _ : state) {
    parley::protocol::unmask_with(engine, bytes, 0x12345678);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

BENCHMARK_CAPTURE(unmask, scalar, MaskEngine::scalar)->Arg(64)->Arg(1024)->Arg(16384);
BENCHMARK_CAPTURE(unmask, sse2, MaskEngine::sse2)->Arg(64)->Arg(1024)->Arg(16384);
BENCHMARK_CAPTURE(unmask, avx2, MaskEngine::avx2)->Arg(64)->Arg(1024)->Arg(16384);

}  // namespace
