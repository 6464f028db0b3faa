// Any bytes: no crash, no access outside, no leak, and the naive reader's outcome in any slicing.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/websocket/ws_fuzz_case.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  parley::test::check_ws_fuzz_case({data, size}, 0);
  return 0;
}
