// How the fuzzers of the WebSocket reader understand their input, and what must hold for it.
//
// Byte 0 chooses: bit 0 the role, bits 1-2 the limit, bits 3-7 the slicing. The rest is the stream.
#pragma once

#include <cstdint>
#include <span>

namespace parley::test {

// Stops the process unless our reader agrees with the naive one, which is given a limit that is
// larger by `oracle_limit_error`, however the stream is sliced.
void check_ws_fuzz_case(std::span<const std::uint8_t> input, std::uint32_t oracle_limit_error);

}  // namespace parley::test
