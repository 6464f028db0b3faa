#include "core/payload/payload_pool.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>

#include "core/base/check.h"

#if defined(__SANITIZE_ADDRESS__)
#define PARLEY_POISON_IDLE_BLOCKS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PARLEY_POISON_IDLE_BLOCKS 1
#endif
#endif

#ifdef PARLEY_POISON_IDLE_BLOCKS
#include <sanitizer/asan_interface.h>
#endif

namespace parley::core {
namespace {

// Two classes per power of two: 256, 384, 512, 768, ... 65536.
constexpr std::uint32_t class_count =
    2 * static_cast<std::uint32_t>(std::countr_zero(PayloadPool::pooled_block_bytes_max) -
                                   std::countr_zero(PayloadPool::block_bytes_min)) +
    1;
constexpr std::uint32_t unpooled = class_count;

constexpr std::uint32_t class_bytes(std::uint32_t size_class) {
  const std::uint32_t power = PayloadPool::block_bytes_min << (size_class / 2);
  return size_class % 2 == 0 ? power : power + power / 2;
}
static_assert(class_bytes(class_count - 1) == PayloadPool::pooled_block_bytes_max);

// The smallest class that holds a block of so many bytes.
std::uint32_t class_of(std::uint32_t block_bytes) {
  if (block_bytes <= PayloadPool::block_bytes_min) return 0;
  if (block_bytes > PayloadPool::pooled_block_bytes_max) return unpooled;
  const std::uint32_t above = std::bit_ceil(block_bytes);
  const std::uint32_t doublings = static_cast<std::uint32_t>(
      std::countr_zero(above) - std::countr_zero(PayloadPool::block_bytes_min));
  const bool half_step_holds_it = block_bytes <= above - above / 4;
  return half_step_holds_it ? 2 * doublings - 1 : 2 * doublings;
}

std::uint32_t block_bytes_of(const PayloadBlock& block) {
  return block.capacity + static_cast<std::uint32_t>(sizeof(PayloadBlock));
}

// An idle block is a link of a list; the room's id is unused then and holds the next one.
PayloadBlock* next_idle(const PayloadBlock& block) {
  return std::bit_cast<PayloadBlock*>(block.room.low);
}
void set_next_idle(PayloadBlock& block, PayloadBlock* next) {
  block.room.low = std::bit_cast<std::uint64_t>(next);
}

// Under AddressSanitizer a use after the last reference is reported although the memory is ours.
void poison([[maybe_unused]] PayloadBlock& block) {
#ifdef PARLEY_POISON_IDLE_BLOCKS
  ASAN_POISON_MEMORY_REGION(block.bytes(), block.capacity);
#endif
}
void unpoison([[maybe_unused]] PayloadBlock& block) {
#ifdef PARLEY_POISON_IDLE_BLOCKS
  ASAN_UNPOISON_MEMORY_REGION(block.bytes(), block.capacity);
#endif
}

void free_block(PayloadBlock* block) {
  unpoison(*block);
  block->~PayloadBlock();
  std::free(block);
}

}  // namespace

void PayloadRef::drop_references(PayloadBlock* block, std::uint32_t count) {
  // acquire/acq_rel: pairs with the release half of every other drop, so that what the other
  // holders read and wrote happened before the block is used again. Whoever sees its own
  // references alone is the only holder left, and needs no read-modify-write to know it.
  if (block->references.load(std::memory_order_acquire) == count ||
      block->references.fetch_sub(count, std::memory_order_acq_rel) == count) {
    block->pool->give_back(block);
  }
}

struct PayloadPool::State {
  // The owner's.
  std::uint64_t idle_bytes_max = 0;  // For each half: kept by the owner, returned but not seen yet.
  std::uint64_t blocks_taken = 0;    // Out, or on the return stack.
  std::uint64_t bytes_taken = 0;
  std::uint64_t kept_bytes = 0;
  std::array<PayloadBlock*, class_count> kept{};

  // Any thread's.
  alignas(cache_line_bytes) std::atomic<PayloadBlock*> returned{nullptr};
  std::atomic<std::uint64_t> returned_bytes{0};
  std::atomic<std::uint64_t> freed_blocks{0};  // Freed by the thread that gave them back.
  std::atomic<std::uint64_t> freed_bytes{0};

  void keep_or_free(PayloadBlock* block);
  void drain();
  [[nodiscard]] PayloadBlock* make(std::uint32_t size_class, std::uint32_t block_bytes);
};

void PayloadPool::State::keep_or_free(PayloadBlock* block) {
  const std::uint32_t bytes = block_bytes_of(*block);
  CHECK(bytes_taken >= bytes);
  CHECK(blocks_taken > 0);
  --blocks_taken;
  bytes_taken -= bytes;
  const std::uint32_t size_class = class_of(bytes);
  if (size_class == unpooled || kept_bytes + bytes > idle_bytes_max) {
    free_block(block);
    return;
  }
  kept_bytes += bytes;
  set_next_idle(*block, kept[size_class]);
  kept[size_class] = block;
}

// Takes the whole stack at once: no element is ever popped alone, so there is no ABA problem.
void PayloadPool::State::drain() {
  // relaxed: only a hint; a stack that looks empty is looked at again by the next call.
  if (returned.load(std::memory_order_relaxed) == nullptr) return;
  // acquire: pairs with the release of each push in give_back().
  PayloadBlock* block = returned.exchange(nullptr, std::memory_order_acquire);
  std::uint64_t drained_bytes = 0;
  while (block != nullptr) {
    PayloadBlock* next = next_idle(*block);
    drained_bytes += block_bytes_of(*block);
    keep_or_free(block);
    block = next;
  }
  // relaxed: a bound on memory, not a message.
  returned_bytes.fetch_sub(drained_bytes, std::memory_order_relaxed);
}

PayloadBlock* PayloadPool::State::make(std::uint32_t size_class, std::uint32_t block_bytes) {
  if (size_class != unpooled) {
    if (kept[size_class] == nullptr) drain();
    PayloadBlock* block = kept[size_class];
    if (block != nullptr) {
      kept[size_class] = next_idle(*block);
      kept_bytes -= block_bytes;
      unpoison(*block);
      return block;
    }
  }
  void* memory = std::malloc(block_bytes);
  CHECK(memory != nullptr);
  auto* block = new (memory) PayloadBlock{};
  block->capacity = block_bytes - static_cast<std::uint32_t>(sizeof(PayloadBlock));
  return block;
}

PayloadPool::PayloadPool(std::uint64_t idle_bytes_max) : state_(std::make_unique<State>()) {
  state_->idle_bytes_max = idle_bytes_max / 2;
}

PayloadPool::~PayloadPool() {
  CHECK(blocks_in_use() == 0);
  for (PayloadBlock* block : state_->kept) {
    while (block != nullptr) {
      PayloadBlock* next = next_idle(*block);
      free_block(block);
      block = next;
    }
  }
}

PayloadRef PayloadPool::allocate(std::uint32_t bytes) {
  CHECK(bytes <= bytes_max);
  const std::uint32_t wanted =
      bytes + headroom_bytes + static_cast<std::uint32_t>(sizeof(PayloadBlock));
  const std::uint32_t size_class = class_of(wanted);
  const std::uint32_t block_bytes = size_class == unpooled ? wanted : class_bytes(size_class);
  PayloadBlock* block = state_->make(size_class, block_bytes);
  ++state_->blocks_taken;
  state_->bytes_taken += block_bytes;

  // relaxed: the block is nobody else's until the caller shares it.
  block->references.store(1, std::memory_order_relaxed);
  block->begin = block->body = block->end = headroom_bytes;
  block->stamp = 0;
  block->room = {};
  block->first_sequence = block->last_sequence = 0;
  block->pool = this;
  return PayloadRef::adopt(block);
}

void PayloadPool::grow(PayloadRef& payload, std::uint32_t bytes) {
  PayloadBlock& old = *payload.get();
  // relaxed: a reference that another thread still held would be a fault of the caller.
  CHECK(old.references.load(std::memory_order_relaxed) == 1);
  CHECK(old.end <= old.capacity);
  CHECK(bytes <= bytes_max);
  const std::uint32_t had = old.capacity - headroom_bytes;
  PayloadRef larger = allocate(std::min(std::max(bytes, had + had / 2), bytes_max));
  larger->begin = old.begin;
  larger->body = old.body;
  larger->end = old.end;
  larger->stamp = old.stamp;
  larger->room = old.room;
  larger->first_sequence = old.first_sequence;
  larger->last_sequence = old.last_sequence;
  std::memcpy(larger->bytes() + old.begin, old.bytes() + old.begin, old.end - old.begin);
  payload = std::move(larger);
}

void PayloadPool::give_back(PayloadBlock* block) {
  State& state = *state_;
  CHECK(block->pool == this);
  const std::uint32_t bytes = block_bytes_of(*block);
  // relaxed: a bound on memory, not a message; it may be passed by one block per thread.
  const std::uint64_t waiting = state.returned_bytes.load(std::memory_order_relaxed);
  if (bytes > pooled_block_bytes_max || waiting + bytes > state.idle_bytes_max) {
    free_block(block);
    // freed_bytes first, and release: whoever sees the block counted sees its bytes counted.
    state.freed_bytes.fetch_add(bytes, std::memory_order_relaxed);
    state.freed_blocks.fetch_add(1, std::memory_order_release);
    return;
  }
  poison(*block);
  state.returned_bytes.fetch_add(bytes, std::memory_order_relaxed);
  // relaxed: the value is only linked to, never followed here.
  PayloadBlock* head = state.returned.load(std::memory_order_relaxed);
  do {
    set_next_idle(*block, head);
    // release: pairs with the owner's acquire in drain().
  } while (!state.returned.compare_exchange_weak(head, block, std::memory_order_release,
                                                 std::memory_order_relaxed));
}

std::uint64_t PayloadPool::blocks_in_use() const {
  state_->drain();
  // acquire: pairs with the release in give_back().
  return state_->blocks_taken - state_->freed_blocks.load(std::memory_order_acquire);
}

std::uint64_t PayloadPool::bytes_in_use() const {
  state_->drain();
  return state_->bytes_taken - state_->freed_bytes.load(std::memory_order_relaxed);
}

}  // namespace parley::core
