// Unmasking a payload, by engine and size; only engines that this processor has are listed.
#include <vector>

#include "bench/micro/micro.h"
#include "core/base/check.h"
#include "protocol/websocket/ws_mask.h"

namespace {

using parley::protocol::MaskEngine;
namespace bench = parley::bench;

constexpr std::uint32_t mask_key = 0x12345678;

std::vector<std::byte> random_bytes(std::size_t size) {
  bench::Random random(bench::seed);
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

// A byte at a time, as RFC 6455 section 5.3 has it.
void mask_plainly(std::vector<std::byte>& bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] ^= static_cast<std::byte>(mask_key >> (8 * (i % 4)));
  }
}

void unmask(benchmark::State& state, MaskEngine engine) {
  const auto size = static_cast<std::size_t>(state.range(0));
  std::vector<std::byte> bytes = random_bytes(size);
  for (auto _ : state) {
    parley::protocol::unmask_with(engine, bytes, mask_key);
    benchmark::ClobberMemory();
  }
  // Masking is its own inverse: what is left tells whether the rounds were odd or even.
  std::vector<std::byte> expected = random_bytes(size);
  if (state.iterations() % 2 == 1) mask_plainly(expected);
  CHECK(bytes == expected);
  bench::report(state, 1, size);
}

bool list_engines() {
  constexpr std::pair<const char*, MaskEngine> engines[] = {
      {"unmask/scalar", MaskEngine::scalar},
      {"unmask/sse2", MaskEngine::sse2},
      {"unmask/avx2", MaskEngine::avx2},
  };
  for (const auto& [name, engine] : engines) {
    if (!parley::protocol::mask_engine_available(engine)) continue;
    benchmark::RegisterBenchmark(name, unmask, engine)
        ->Arg(16)
        ->Arg(64)
        ->Arg(1024)
        ->Arg(4096)
        ->Arg(16384);
  }
  return true;
}
[[maybe_unused]] const bool listed = list_engines();

}  // namespace
