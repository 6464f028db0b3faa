// The clocks of this process.
#pragma once

#include "core/base/time.h"

namespace parley::loadgen {

[[nodiscard]] Instant monotonic_now();  // That of a ring.
[[nodiscard]] UnixMillis wall_now();
[[nodiscard]] Duration thread_cpu();  // Processor time of the calling thread.
[[nodiscard]] Duration process_cpu();
void sleep_for(Duration duration);

}  // namespace parley::loadgen
