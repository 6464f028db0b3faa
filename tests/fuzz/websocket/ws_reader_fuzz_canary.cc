// The same with an oracle whose limit is off by one: the fuzzer must find that, or it finds
// nothing.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/websocket/ws_fuzz_case.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  parley::test::check_ws_fuzz_case({data, size}, 1);
  return 0;
}
