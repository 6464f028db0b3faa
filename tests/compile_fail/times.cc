// Points of time and lengths of time are different things, and so are two clocks.
#include "core/base/time.h"

namespace parley {

Instant deadline(Instant now, Duration limit) {
#if BAD == 1  // expect: no match for .operator\+|invalid operands
  return now + now;
#elif BAD == 2  // expect: could not convert|no viable conversion
  return now - now;
#elif BAD == 3  // expect: no match for .operator\+|invalid operands
  return now + 10;
#elif BAD == 4  // expect: no match for .operator<|invalid operands
  return now < limit ? now : now + limit;
#elif BAD == 5  // expect: could not convert|no viable conversion
  return UnixMillis{limit.ns};
#else
  return now + limit;
#endif
}

}  // namespace parley
