#include "tests/alloc/counted_allocations.h"

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>

#include "core/base/check.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PARLEY_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PARLEY_SANITIZED 1
#endif
#endif

namespace {

constexpr int told_max = 5;

// relaxed, all of them: they are read when nobody is busy, and tell nothing about other memory.
constinit std::atomic<std::uint64_t> count{0};
constinit std::atomic<int> to_tell{0};
constinit thread_local bool stays_out = false;

}  // namespace

#ifdef PARLEY_SANITIZED

// <sanitizer/allocator_interface.h> and <sanitizer/common_interface_defs.h>; g++ 12 comes without
// the first.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void*,
                                                                             std::size_t),
                                                         void (*free_hook)(const volatile void*));
extern "C" void __sanitizer_print_stack_trace();

namespace {

void on_malloc(const volatile void*, std::size_t) {
  if (stays_out) return;
  count.fetch_add(1, std::memory_order_relaxed);
  if (to_tell.load(std::memory_order_relaxed) <= 0) return;
  if (to_tell.fetch_sub(1, std::memory_order_relaxed) <= 0) return;
  stays_out = true;  // What telling takes is not the program's.
  __sanitizer_print_stack_trace();
  stays_out = false;
}

void on_free(const volatile void*) {}

[[gnu::constructor]] void install_hooks() {
  CHECK(__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) > 0);
}

}  // namespace

#else

// glibc's own, under the names that nobody stands in front of.
extern "C" void* __libc_malloc(std::size_t bytes);
extern "C" void* __libc_calloc(std::size_t items, std::size_t bytes);
extern "C" void* __libc_realloc(void* block, std::size_t bytes);
extern "C" void* __libc_memalign(std::size_t alignment, std::size_t bytes);

namespace {

void* counted(void* block) {
  if (!stays_out) count.fetch_add(1, std::memory_order_relaxed);
  return block;
}

}  // namespace

// libstdc++'s operator new calls malloc and aligned_alloc by these names too.
extern "C" void* malloc(std::size_t bytes) noexcept {
  return counted(__libc_malloc(bytes));
}
extern "C" void* calloc(std::size_t items, std::size_t bytes) noexcept {
  return counted(__libc_calloc(items, bytes));
}
extern "C" void* realloc(void* block, std::size_t bytes) noexcept {
  return counted(__libc_realloc(block, bytes));
}
extern "C" void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
  return counted(__libc_memalign(alignment, bytes));
}
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  return counted(__libc_memalign(alignment, bytes));
}
extern "C" int posix_memalign(void** block, std::size_t alignment, std::size_t bytes) noexcept {
  *block = counted(__libc_memalign(alignment, bytes));
  return *block == nullptr ? ENOMEM : 0;
}

#endif

namespace parley::test {

std::uint64_t allocations() {
  return count.load(std::memory_order_relaxed);
}

void leave_this_thread_out() {
  stays_out = true;
}

void tell_where(bool on) {
  to_tell.store(on ? told_max : 0, std::memory_order_relaxed);
}

}  // namespace parley::test
