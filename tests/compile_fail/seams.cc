// What owns or is a seam stays where it was made: a copy would be a second owner.
#include <utility>

#include "core/outbox/outbox.h"
#include "core/timers/timer_wheel.h"
#include "io/ring.h"
#include "protocol/http/http_parser.h"

namespace parley {

void use(core::Outbox& outbox, core::TimerWheel& wheel, protocol::HttpParser& parser) {
#if BAD == 1  // expect: use of deleted function|call to deleted constructor
  const core::Outbox second(outbox);
#elif BAD == 2  // expect: use of deleted function|call to deleted constructor
  const core::TimerWheel second(wheel);
#elif BAD == 3  // expect: use of deleted function|call to deleted constructor
  const protocol::HttpParser second(parser);
#elif BAD == 4  // expect: abstract
  const io::Ring ring;
#else
  static_cast<void>(&outbox);
  static_cast<void>(&wheel);
  static_cast<void>(&parser);
#endif
}

}  // namespace parley
