// That an allocation is seen, whoever asks for it and by whatever name: a count that stays at
// nothing is worth as much as this.
#include "tests/alloc/counted_allocations.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <thread>

namespace parley::test {
namespace {

constexpr std::size_t bytes = 100;
constexpr std::align_val_t wide{128};

// Volatile, so that no compiler takes an allocation away because nobody reads it.
void* volatile block;

// What one call of `allocate` counts for on a thread that counts.
template <class Allocate, class Free>
std::uint64_t counted(Allocate allocate, Free free_block) {
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  std::thread([&] {
    before = allocations();
    block = allocate();
    after = allocations();
    free_block(block);
  }).join();
  return after - before;
}

TEST(CountedAllocations, EveryNameCountsOnce) {
  const auto by_free = [](void* at) { std::free(at); };
  EXPECT_EQ(counted([] { return std::malloc(bytes); }, by_free), 1u);
  EXPECT_EQ(counted([] { return std::calloc(2, bytes); }, by_free), 1u);
  EXPECT_EQ(counted([] { return std::realloc(nullptr, bytes); }, by_free), 1u);
  EXPECT_EQ(counted([] { return std::aligned_alloc(64, 2 * 64); }, by_free), 1u);
  EXPECT_EQ(counted([] { return strdup("a library's"); }, by_free), 1u);
  EXPECT_EQ(counted(
                [] {
                  void* at = nullptr;
                  return posix_memalign(&at, 64, bytes) == 0 ? at : nullptr;
                },
                by_free),
            1u);
  EXPECT_EQ(counted([] { return ::operator new(bytes); }, [](void* at) { ::operator delete(at); }),
            1u);
  EXPECT_EQ(
      counted([] { return ::operator new[](bytes); }, [](void* at) { ::operator delete[](at); }),
      1u);
  EXPECT_EQ(counted([] { return ::operator new(bytes, wide); },
                    [](void* at) { ::operator delete(at, wide); }),
            1u);
  EXPECT_EQ(counted([] { return ::operator new(bytes, std::nothrow); },
                    [](void* at) { ::operator delete(at, std::nothrow); }),
            1u);
}

TEST(CountedAllocations, GrowingABlockCounts) {
  EXPECT_EQ(counted([] { return std::realloc(std::malloc(bytes), 1'000 * bytes); },
                    [](void* at) { std::free(at); }),
            2u);
}

TEST(CountedAllocations, AThreadThatStaysOutDoesNotCount) {
  std::uint64_t before = 0;
  std::uint64_t after = 1;
  std::thread([&] {
    leave_this_thread_out();
    before = allocations();
    block = ::operator new(bytes);
    after = allocations();
    ::operator delete(block);
  }).join();
  EXPECT_EQ(after, before);
}

}  // namespace
}  // namespace parley::test
