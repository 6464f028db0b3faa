// A reference to a payload costs an atomic count: a second one is made by name, never by accident.
#include "core/payload/payload.h"

#include <utility>

namespace parley::core {

PayloadRef pass_on(PayloadRef payload) {
#if BAD == 1  // expect: use of deleted function|call to deleted constructor
  PayloadRef second = payload;
  return second;
#elif BAD == 2  // expect: use of deleted function|overload resolution selected deleted operator
  PayloadRef second;
  second = payload;
  return second;
#elif BAD == 3  // expect: ignoring return value|-Wunused-result
  payload.share();
  return payload;
#elif BAD == 4  // expect: ignoring return value|-Wunused-result
  payload.release();
  return payload;
#elif BAD == 5  // expect: cannot convert|no viable conversion|could not convert
  const bool held = payload;
  return held ? std::move(payload) : PayloadRef();
#else
  PayloadRef second = payload.share();
  return second ? std::move(second) : std::move(payload);
#endif
}

}  // namespace parley::core
