// Who a connection speaks for, as the server established it.
#pragma once

#include <string>

namespace parley::core {

struct Identity {
  std::string id;    // Unique; a guest's begins with "guest:".
  std::string name;  // What others see.
  bool guest = true;
};

}  // namespace parley::core
