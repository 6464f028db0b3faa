// A function with a stack of its own that can stop in its middle: how many workers that sleep in
// Ring::wait() share one thread, one at a time, in an order that a seed decides.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace parley::sim {

class Fiber {
 public:
  // Runs nothing yet. A fiber that is destroyed before it is done leaves what its stack owned.
  explicit Fiber(std::function<void()> body);
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
  ~Fiber();

  // Runs until pause() or the end. REQUIRES: not done; not called from a fiber.
  void resume();
  // Back to whoever called resume(). REQUIRES: called from this fiber.
  void pause();
  [[nodiscard]] bool done() const;

  // Sanitized frames are several times as large as others; but ASan clears its shadow of the whole
  // stack at each switch, and of a larger one with system calls.
  static constexpr std::size_t stack_bytes = 256 << 10;

 private:
  struct State;
  static void enter(unsigned high, unsigned low);

  std::unique_ptr<State> state_;
};

}  // namespace parley::sim
