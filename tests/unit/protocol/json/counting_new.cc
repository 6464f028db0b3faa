#include "tests/unit/protocol/json/counting_new.h"

#include <cstdlib>
#include <new>

namespace {

std::size_t allocation_count = 0;
std::size_t live_bytes = 0;

constexpr std::size_t size_bytes = 2 * sizeof(std::size_t);  // In front of each block.

void* allocate(std::size_t bytes) noexcept {
  void* block = std::malloc(bytes + size_bytes);
  if (block == nullptr) return nullptr;
  ++allocation_count;
  live_bytes += bytes;
  *static_cast<std::size_t*>(block) = bytes;
  return static_cast<char*>(block) + size_bytes;
}

void release(void* at) noexcept {
  if (at == nullptr) return;
  void* block = static_cast<char*>(at) - size_bytes;
  live_bytes -= *static_cast<std::size_t*>(block);
  std::free(block);
}

}  // namespace

void* operator new(std::size_t bytes) {
  if (void* at = allocate(bytes)) return at;
  throw std::bad_alloc();
}
void* operator new[](std::size_t bytes) {
  return operator new(bytes);
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return allocate(bytes);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  return allocate(bytes);
}
void operator delete(void* at) noexcept {
  release(at);
}
void operator delete[](void* at) noexcept {
  release(at);
}
void operator delete(void* at, std::size_t) noexcept {
  release(at);
}
void operator delete[](void* at, std::size_t) noexcept {
  release(at);
}
void operator delete(void* at, const std::nothrow_t&) noexcept {
  release(at);
}
void operator delete[](void* at, const std::nothrow_t&) noexcept {
  release(at);
}

namespace parley::test {

std::size_t allocations() {
  return allocation_count;
}
std::size_t bytes_live() {
  return live_bytes;
}

}  // namespace parley::test
