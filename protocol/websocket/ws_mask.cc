#include "protocol/websocket/ws_mask.h"

#include <cstring>

#include "core/base/check.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace parley::protocol {
namespace {

using Unmask = void (*)(std::byte* data, std::size_t size, std::uint32_t mask_key);

void unmask_scalar(std::byte* data, std::size_t size, std::uint32_t mask_key) {
  const std::uint64_t key = (std::uint64_t{mask_key} << 32) | mask_key;
  for (; size >= 8; data += 8, size -= 8) {
    std::uint64_t word;
    std::memcpy(&word, data, 8);
    word ^= key;
    std::memcpy(data, &word, 8);
  }
  for (std::size_t index = 0; index < size; ++index) {
    data[index] ^= static_cast<std::byte>(mask_key >> (8 * (index % 4)));
  }
}

#if defined(__x86_64__)

// Every step is a multiple of four bytes, so the key never has to be rotated in between.
void unmask_sse2(std::byte* data, std::size_t size, std::uint32_t mask_key) {
  const __m128i key = _mm_set1_epi32(static_cast<int>(mask_key));
  for (; size >= 16; data += 16, size -= 16) {
    auto* block = reinterpret_cast<__m128i*>(data);
    _mm_storeu_si128(block, _mm_xor_si128(_mm_loadu_si128(block), key));
  }
  unmask_scalar(data, size, mask_key);
}

__attribute__((target("avx2"))) void unmask_avx2(std::byte* data, std::size_t size,
                                                 std::uint32_t mask_key) {
  const __m256i key = _mm256_set1_epi32(static_cast<int>(mask_key));
  for (; size >= 64; data += 64, size -= 64) {
    auto* blocks = reinterpret_cast<__m256i*>(data);
    const __m256i low = _mm256_xor_si256(_mm256_loadu_si256(blocks), key);
    const __m256i high = _mm256_xor_si256(_mm256_loadu_si256(blocks + 1), key);
    _mm256_storeu_si256(blocks, low);
    _mm256_storeu_si256(blocks + 1, high);
  }
  if (size >= 32) {
    auto* block = reinterpret_cast<__m256i*>(data);
    _mm256_storeu_si256(block, _mm256_xor_si256(_mm256_loadu_si256(block), key));
    data += 32;
    size -= 32;
  }
  // Without this, SSE code behind it pays for upper halves that the call leaves dirty: 110 ns a
  // frame where 9 do.
  _mm256_zeroupper();
  unmask_sse2(data, size, mask_key);
}

Unmask widest() {
  __builtin_cpu_init();  // This runs before main(), maybe before libgcc's own constructor.
  return __builtin_cpu_supports("avx2") ? unmask_avx2 : unmask_sse2;
}

#else

Unmask widest() {
  return unmask_scalar;
}

#endif

const Unmask unmask_widest = widest();

}  // namespace

void unmask(MutableBytes bytes, std::uint32_t mask_key) {
  unmask_widest(bytes.data(), bytes.size(), mask_key);
}

bool mask_engine_available(MaskEngine engine) {
  switch (engine) {
    case MaskEngine::scalar:
      return true;
#if defined(__x86_64__)
    case MaskEngine::sse2:
      return true;
    case MaskEngine::avx2:
      return __builtin_cpu_supports("avx2") != 0;
#else
    case MaskEngine::sse2:
    case MaskEngine::avx2:
      return false;
#endif
  }
  return false;
}

void unmask_with(MaskEngine engine, MutableBytes bytes, std::uint32_t mask_key) {
  CHECK(mask_engine_available(engine));
  switch (engine) {
    case MaskEngine::scalar:
      return unmask_scalar(bytes.data(), bytes.size(), mask_key);
#if defined(__x86_64__)
    case MaskEngine::sse2:
      return unmask_sse2(bytes.data(), bytes.size(), mask_key);
    case MaskEngine::avx2:
      return unmask_avx2(bytes.data(), bytes.size(), mask_key);
#else
    case MaskEngine::sse2:
    case MaskEngine::avx2:
      return;
#endif
  }
}

}  // namespace parley::protocol
