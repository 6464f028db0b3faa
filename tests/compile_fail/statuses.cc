// A status is an answer: whoever asks must look at it.
#include "core/outbox/outbox.h"
#include "protocol/http/http_parser.h"
#include "protocol/websocket/ws_reader.h"

namespace parley {

void use(core::Outbox& outbox, core::OutboxPool& pool, core::PayloadRef& payload,
         protocol::HttpParser& parser, protocol::WsReader& reader, MutableBytes bytes,
         protocol::WsEvent& event) {
#if BAD == 1  // expect: ignoring return(ed)? value|-Wunused-(result|value)
  outbox.push(pool, payload, 1);
#elif BAD == 2  // expect: ignoring return(ed)? value|-Wunused-(result|value)
  parser.next();
#elif BAD == 3  // expect: ignoring return(ed)? value|-Wunused-(result|value)
  reader.next(bytes, event);
#else
  if (outbox.push(pool, payload, 1) == core::OutboxStatus::full) return;
  if (parser.next() == protocol::HttpStatus::error) return;
  if (reader.next(bytes, event) == protocol::WsReadStatus::error) return;
#endif
}

}  // namespace parley
