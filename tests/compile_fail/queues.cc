// A queue between workers moves its elements where nothing may throw.
#include "core/queue/spsc_queue.h"

namespace parley::core {

struct Good {
  int number;
};

struct Throwing {
  Throwing(Throwing&&) noexcept(false);
  Throwing& operator=(Throwing&&) noexcept(false);
};

struct Fixed {
  Fixed(Fixed&&) = delete;
};

#if BAD == 1  // expect: static assertion failed|static_assert failed
template class SpscQueue<Throwing>;
#elif BAD == 2  // expect: static assertion failed|static_assert failed
template class SpscQueue<Fixed>;
#else
template class SpscQueue<Good>;
#endif

}  // namespace parley::core
