// What the chat domain asks of the worker it runs on. The worker's connections implement it; tests
// record it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/types.h"
#include "core/mail/mail.h"
#include "core/payload/payload.h"

namespace parley::core {

// RFC 6455 section 7.4.1, as far as the chat domain closes connections itself.
enum class CloseCode : std::uint16_t { policy = 1008, try_again = 1013 };

class EdgeSink {
 public:
  EdgeSink() = default;
  EdgeSink(const EdgeSink&) = delete;
  EdgeSink& operator=(const EdgeSink&) = delete;
  virtual ~EdgeSink() = default;

  // A frame for one connection; it leaves at the end of the turn, in the order of these calls.
  virtual void send(ConnId conn, PayloadRef frame) = 0;

  // One frame for many connections of this worker, by slot; all of them are open. The span dies at
  // return, and nothing in the call may reach back into the chat domain.
  virtual void deliver(std::span<const std::uint32_t> slots, const PayloadRef& frame) = 0;

  // Whether more may be asked on behalf of a connection, since what it was sent has mostly left.
  // After false, Hub::on_drained() follows once it has.
  [[nodiscard]] virtual bool has_room(ConnId conn) = 0;

  // Closes with a close frame behind what is queued. The connection's on_closed() follows later,
  // from the worker's loop, never from inside this call.
  virtual void close(ConnId conn, CloseCode code, std::string_view reason) = 0;

  // The verdict asked for with Hub::admit(). False: the connection has gone, so nobody will call
  // Hub::release() for it.
  [[nodiscard]] virtual bool admitted(ConnId conn, bool allowed) = 0;

  // Mail for another worker, or for this one.
  virtual void post(WorkerId target, Mail&& mail) = 0;
};

}  // namespace parley::core
