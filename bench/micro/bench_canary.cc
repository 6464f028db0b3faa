// A benchmark that fails on purpose: CTest must see it, or no failure of the others would be seen.
#include <benchmark/benchmark.h>

namespace {

void fails(benchmark::State& state) {
  state.SkipWithError("planted");
  for (auto _ : state) benchmark::ClobberMemory();
}
BENCHMARK(fails);

}  // namespace
