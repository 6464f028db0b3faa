// CHECK states what our own code guarantees. It is on in release: a broken rule stops the process
// before it corrupts anybody's messages. What a peer or the kernel does wrong is never a CHECK.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace parley {

[[noreturn]] inline void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "CHECK failed: %s at %s:%d\n", condition, file, line);
  std::abort();
}

}  // namespace parley

#define CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::parley::check_failed(#condition, __FILE__, __LINE__))

// For checks that cost more than the code around them; off in release builds.
#ifdef NDEBUG
#define DCHECK(condition) static_cast<void>(sizeof(!(condition)))
#else
#define DCHECK(condition) CHECK(condition)
#endif
