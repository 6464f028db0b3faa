// Ids are numbers, and numbers mix: a socket passed for a worker would go unnoticed for weeks.
#include "core/base/types.h"

namespace parley {

void wake(WorkerId target);
bool same(ConnId a, ConnId b);

void use(WorkerId worker, SocketId socket, BufferId buffer, ConnId conn, RoomId room) {
  wake(worker);
  static_cast<void>(same(conn, conn));
#if BAD == 1  // expect: could not convert|no matching function
  wake(socket);
#elif BAD == 2  // expect: could not convert|no matching function
  wake(3);
#elif BAD == 3  // expect: no match for .operator==|invalid operands
  static_cast<void>(socket == buffer);
#elif BAD == 4  // expect: cannot convert|no viable conversion
  const std::uint32_t number = socket;
#elif BAD == 5  // expect: could not convert|no matching function
  static_cast<void>(same(conn, room));
#elif BAD == 6  // expect: no match for .operator\+|invalid operands
  static_cast<void>(worker + 1);
#elif BAD == 7  // expect: no match for .operator<|invalid operands
  static_cast<void>(conn < conn);
#else
  static_cast<void>(socket == SocketId{buffer.value});
  static_cast<void>(room == RoomId{});
#endif
}

}  // namespace parley
