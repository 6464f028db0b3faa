// Whether this kernel has what Parley needs, found out by trying.
#pragma once

#include "core/base/result.h"

namespace parley::io {

// What newer kernels have and Parley does without where it must. Tests switch them off.
struct Features {
  // The kernel names the peer of a socket in a ring's table (SOCKET_URING_OP_GETSOCKOPT, Linux
  // 6.7). Without it each accepted connection costs three more system calls; see io/acceptor.h.
  bool peer_of_direct_socket = false;
  // One chain of entries makes a socket in a ring's table, sets it up and binds it (IORING_OP_BIND,
  // Linux 6.11). Without it each connect costs up to six more system calls; see io/connector.h.
  bool connect_chain = false;
};

// An error is one line that names what is missing and which kernel has it, or which switch
// turned it off.
[[nodiscard]] Result<Features> probe_kernel();

}  // namespace parley::io
