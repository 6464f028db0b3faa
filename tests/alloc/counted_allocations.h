// Counts what the threads of this program take from the heap, by whatever name: operator new in all
// its forms, malloc, calloc, realloc, aligned_alloc, posix_memalign, and what libraries do with
// them.
//
// How        With a sanitizer, by the hooks of its allocator; without, by standing in front of
//            glibc's. Linking the .cc is enough; only a program of its own should.
// Threading  Any thread.
#pragma once

#include <cstdint>

namespace parley::test {

// Since the program began, of all threads but those that stay out.
[[nodiscard]] std::uint64_t allocations();

// Those of the calling thread do not count from here on.
void leave_this_thread_out();

// Where the next few that count come from goes to standard error, for whoever has to find them.
// Without a sanitizer nobody knows: then it does nothing.
void tell_where(bool on);

}  // namespace parley::test
