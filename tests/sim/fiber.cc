#include "tests/sim/fiber.h"

#include <ucontext.h>

#include <cstdint>
#include <utility>

#include "core/base/check.h"

#if defined(__SANITIZE_ADDRESS__)
#define PARLEY_SIM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PARLEY_SIM_ASAN 1
#endif
#endif

#ifdef PARLEY_SIM_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace parley::sim {

struct Fiber::State {
  std::function<void()> body;
  std::unique_ptr<std::byte[]> stack;
  ucontext_t own{};
  ucontext_t caller{};
  void* fake_stack = nullptr;  // ASan's, of whoever does not run.
  const void* caller_stack = nullptr;
  std::size_t caller_stack_bytes = 0;
  bool running = false;
  bool done = false;
};

namespace {

// ASan must know which stack runs, or it takes the other one's frames for overflows.
void before_switch([[maybe_unused]] void** fake_stack, [[maybe_unused]] const void* stack,
                   [[maybe_unused]] std::size_t bytes) {
#ifdef PARLEY_SIM_ASAN
  __sanitizer_start_switch_fiber(fake_stack, stack, bytes);
#endif
}

void after_switch([[maybe_unused]] void* fake_stack, [[maybe_unused]] const void** stack,
                  [[maybe_unused]] std::size_t* bytes) {
#ifdef PARLEY_SIM_ASAN
  __sanitizer_finish_switch_fiber(fake_stack, stack, bytes);
#endif
}

}  // namespace

Fiber::Fiber(std::function<void()> body) : state_(std::make_unique<State>()) {
  state_->body = std::move(body);
  state_->stack = std::make_unique_for_overwrite<std::byte[]>(stack_bytes);
  CHECK(getcontext(&state_->own) == 0);
  state_->own.uc_stack.ss_sp = state_->stack.get();
  state_->own.uc_stack.ss_size = stack_bytes;
  state_->own.uc_link = nullptr;
  const auto address = reinterpret_cast<std::uintptr_t>(state_.get());
  makecontext(&state_->own, reinterpret_cast<void (*)()>(&Fiber::enter), 2,
              static_cast<unsigned>(address >> 32), static_cast<unsigned>(address));
}

Fiber::~Fiber() = default;

void Fiber::resume() {
  CHECK(!state_->done);
  CHECK(!std::exchange(state_->running, true));
  void* fake_stack = nullptr;
  before_switch(&fake_stack, state_->stack.get(), stack_bytes);
  CHECK(swapcontext(&state_->caller, &state_->own) == 0);
  after_switch(fake_stack, nullptr, nullptr);
  state_->running = false;
}

void Fiber::pause() {
  State& state = *state_;
  CHECK(state.running);
  before_switch(&state.fake_stack, state.caller_stack, state.caller_stack_bytes);
  CHECK(swapcontext(&state.own, &state.caller) == 0);
  after_switch(state.fake_stack, &state.caller_stack, &state.caller_stack_bytes);
}

bool Fiber::done() const {
  return state_->done;
}

// makecontext() passes integers only (its manual page), so the address comes in two halves.
void Fiber::enter(unsigned high, unsigned low) {
  const std::uintptr_t address = (std::uintptr_t{high} << 32) | low;
  State& state = *reinterpret_cast<State*>(address);
  after_switch(nullptr, &state.caller_stack, &state.caller_stack_bytes);
  state.body();
  state.done = true;
  before_switch(nullptr, state.caller_stack, state.caller_stack_bytes);
  swapcontext(&state.own, &state.caller);
  CHECK(false);  // A fiber that is done is not resumed.
}

}  // namespace parley::sim
