// operator new that counts, for the programs that link counting_new.cc. For one thread.
#pragma once

#include <cstddef>

namespace parley::test {

// Since the program began.
[[nodiscard]] std::size_t allocations();

// Asked for and not given back.
[[nodiscard]] std::size_t bytes_live();

}  // namespace parley::test
