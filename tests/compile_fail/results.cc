// A step of the set-up that failed says so to somebody: a failure cannot be dropped or misread.
#include "core/base/result.h"

namespace parley {

Result<int> open(bool works) {
#if BAD == 1  // expect: ignoring return value|-Wunused-result
  failure("no");
#elif BAD == 2  // expect: could not convert|no viable conversion|cannot convert
  if (!works) return Error{"no"};
#endif
  if (!works) return failure("no");
  return 1;
}

#if BAD == 3  // expect: cannot convert|no viable conversion
int number() {
  return open(true);
}
#endif

}  // namespace parley
