// RFC 6455 sections 5.4 and 6.2.
#include "tests/conformance/conformance_row.h"

namespace parley::test {
namespace {

using protocol::WsRole;

ByteString first(std::uint8_t opcode, std::string_view payload) {
  return client_frame({.opcode = opcode, .fin = false}, payload);
}

ByteString middle(std::string_view payload) {
  return client_frame({.opcode = 0, .fin = false}, payload);
}

ByteString last(std::string_view payload) {
  return client_frame({.opcode = 0}, payload);
}

std::vector<ReadRow> good_rows() {
  return {
      {"5.4", "an unfragmented message is one frame with FIN", WsRole::server,
       client_frame({}, "one"), delivers({text("one")})},
      {"5.4", "fragments are delivered as one message in the order sent", WsRole::server,
       join({first(1, "one "), middle("two "), middle("three "), last("four")}),
       delivers({text("one two three four")})},
      {"5.4", "two fragments are enough", WsRole::server, join({first(2, "a"), last("b")}),
       delivers({binary(bytes_of("ab"))})},
      {"5.4", "fragments may be of any size and so empty", WsRole::server,
       join({first(1, ""), middle(""), middle("x"), middle(""), last("")}), delivers({text("x")})},
      {"5.4", "all fragments are of the type of the first", WsRole::server,
       join({first(2, "\xff"), last("\xfe")}), delivers({binary({0xff, 0xfe})})},
      {"5.4", "control frames are handled in the middle of a message", WsRole::server,
       join({first(1, "a"), client_frame({.opcode = 9}, "p"), middle("b"),
             client_frame({.opcode = 10}, "q"), last("c")}),
       delivers({ping("p"), pong("q"), text("abc")})},
      {"5.4", "a close frame is handled in the middle of a message", WsRole::server,
       join({first(1, "a"), client_frame({.opcode = 8}, "\x03\xe8")}),
       delivers({closed(1000, "")})},
      {"5.4", "a client puts fragments together too", WsRole::client,
       join({server_frame({.opcode = 1, .fin = false}, "a"), server_frame({.opcode = 9}, "p"),
             server_frame({.opcode = 0}, "b")}),
       delivers({ping("p"), text("ab")})},
      {"6.2", "frames behind a message belong to a new one", WsRole::server,
       join({first(1, "a"), last("b"), client_frame({.opcode = 2}, "c")}),
       delivers({text("ab"), binary(bytes_of("c"))})},
      {"6.2", "a message is received with its last fragment only", WsRole::server,
       join({first(1, "a"), middle("b")}), delivers({})},
  };
}

std::vector<ReadRow> bad_rows() {
  return {
      {"5.4", "a ping must not be fragmented", WsRole::server,
       client_frame({.opcode = 9, .fin = false}, "p"), fails(1002)},
      {"5.4", "a pong must not be fragmented", WsRole::server,
       client_frame({.opcode = 10, .fin = false}, "p"), fails(1002)},
      {"5.4", "a close frame must not be fragmented", WsRole::server,
       client_frame({.opcode = 8, .fin = false}, "\x03\xe8"), fails(1002)},
      {"5.4", "a fragmented control frame is refused in a message too", WsRole::server,
       join({first(1, "a"), client_frame({.opcode = 9, .fin = false}, "p"), last("b")}),
       fails(1002)},
      {"5.4", "a text message must not begin within a text message", WsRole::server,
       join({first(1, "a"), client_frame({.opcode = 1}, "b")}), fails(1002)},
      {"5.4", "a binary message must not begin within a text message", WsRole::server,
       join({first(1, "a"), client_frame({.opcode = 2}, "b")}), fails(1002)},
      {"5.4", "a fragmented message must not begin within another", WsRole::server,
       join({first(2, "a"), first(2, "b")}), fails(1002)},
      {"5.4", "a continuation must continue something", WsRole::server, last("a"), fails(1002)},
      {"5.4", "a continuation without FIN must continue something", WsRole::server, middle("a"),
       fails(1002)},
      {"5.4", "a continuation behind a whole message continues nothing", WsRole::server,
       join({client_frame({}, "a"), last("b")}), delivers_then_fails({text("a")}, 1002)},
      {"5.4", "a continuation behind a last fragment continues nothing", WsRole::server,
       join({first(1, "a"), last("b"), last("c")}), delivers_then_fails({text("ab")}, 1002)},
      {"5.4", "a continuation behind a ping continues nothing", WsRole::server,
       join({client_frame({.opcode = 9}, ""), last("b")}), delivers_then_fails({ping("")}, 1002)},
  };
}

}  // namespace

std::vector<ReadRow> rows_of_fragmentation() {
  std::vector<ReadRow> rows = good_rows();
  const std::vector<ReadRow> bad = bad_rows();
  rows.insert(rows.end(), bad.begin(), bad.end());
  return rows;
}

}  // namespace parley::test
