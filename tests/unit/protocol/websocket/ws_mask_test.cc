// RFC 6455 section 5.3.
#include "protocol/websocket/ws_mask.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <memory>

namespace parley::protocol {
namespace {

constexpr std::uint32_t key = 0x1732f9a6;

std::byte pattern(std::size_t index) {
  return static_cast<std::byte>(index * 37 + 11);
}

// Octet i of the result is octet i of the payload XOR octet (i MOD 4) of the key (5.3).
std::byte masked_pattern(std::size_t index) {
  std::array<std::byte, 4> key_bytes;
  std::memcpy(key_bytes.data(), &key, 4);
  return pattern(index) ^ key_bytes[index % 4];
}

class WsMaskEngine : public testing::TestWithParam<MaskEngine> {};

TEST_P(WsMaskEngine, MasksEveryLengthAtEveryAlignmentAndNothingBeside) {
  if (!mask_engine_available(GetParam())) GTEST_SKIP() << "this processor lacks it";
  constexpr std::size_t length_max = 300;
  constexpr std::size_t alignment_max = 64;
  std::uint64_t wrong = 0;
  for (std::size_t alignment = 0; alignment < alignment_max; ++alignment) {
    for (std::size_t length = 0; length <= length_max; ++length) {
      // The block ends with the payload, so that ASan sees what is read or written behind it.
      const std::unique_ptr<std::byte[]> block(new std::byte[alignment + length]);
      for (std::size_t i = 0; i < alignment; ++i) block[i] = std::byte{0x5a};
      for (std::size_t i = 0; i < length; ++i) block[alignment + i] = pattern(i);
      unmask_with(GetParam(), MutableBytes(block.get() + alignment, length), key);
      for (std::size_t i = 0; i < alignment; ++i) wrong += block[i] != std::byte{0x5a};
      for (std::size_t i = 0; i < length; ++i) wrong += block[alignment + i] != masked_pattern(i);
    }
  }
  EXPECT_EQ(wrong, 0u);
}

INSTANTIATE_TEST_SUITE_P(All, WsMaskEngine,
                         testing::Values(MaskEngine::scalar, MaskEngine::sse2, MaskEngine::avx2),
                         [](const testing::TestParamInfo<MaskEngine>& engine) {
                           switch (engine.param) {
                             case MaskEngine::scalar:
                               return "scalar";
                             case MaskEngine::sse2:
                               return "sse2";
                             case MaskEngine::avx2:
                               return "avx2";
                           }
                           return "unknown";
                         });

TEST(WsMask, ChosenEngineContinuesWithTheRotatedKeyAtEveryCut) {
  constexpr std::size_t length = 150;
  for (std::size_t cut = 0; cut <= length; ++cut) {
    std::array<std::byte, length> bytes;
    for (std::size_t i = 0; i < length; ++i) bytes[i] = pattern(i);
    const MutableBytes all(bytes);
    unmask(all.first(cut), key);
    unmask(all.subspan(cut), rotate_mask_key(key, cut));
    for (std::size_t i = 0; i < length; ++i) ASSERT_EQ(bytes[i], masked_pattern(i)) << cut;
  }
}

TEST(WsMask, ScalarEngineIsAlwaysThere) {
  EXPECT_TRUE(mask_engine_available(MaskEngine::scalar));
}

}  // namespace
}  // namespace parley::protocol
