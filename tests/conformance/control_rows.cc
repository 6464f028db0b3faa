// RFC 6455 sections 5.5, 7.1 and 7.4.
#include "tests/conformance/conformance_row.h"

namespace parley::test {
namespace {

using protocol::WsRole;

ByteString close_frame(std::string_view body) {
  return client_frame({.opcode = 8}, body);
}

std::string code_bytes(std::uint16_t code) {
  return {static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
}

std::vector<ReadRow> size_rows() {
  const std::string most(125, 'x');
  const std::string reason(123, 'r');
  return {
      {"5.5", "a ping may have 125 bytes", WsRole::server, client_frame({.opcode = 9}, most),
       delivers({ping(most)})},
      {"5.5", "a pong may have 125 bytes", WsRole::server, client_frame({.opcode = 10}, most),
       delivers({pong(most)})},
      {"5.5", "a close frame may have 125 bytes", WsRole::server,
       close_frame(code_bytes(1000) + reason), delivers({closed(1000, reason)})},
      {"5.5", "a ping of 126 bytes is refused", WsRole::server,
       client_frame({.opcode = 9}, most + "x"), fails(1002)},
      {"5.5", "a pong of 126 bytes is refused", WsRole::server,
       client_frame({.opcode = 10}, most + "x"), fails(1002)},
      {"5.5", "a close frame of 126 bytes is refused", WsRole::server,
       close_frame(code_bytes(1000) + reason + "x"), fails(1002)},
      {"5.5", "a control frame with a length of 64 bits is refused", WsRole::client,
       from_hex("89 7f 00 00 00 00 00 01 00 00"), fails(1002)},
      {"5.5", "control frames do not count for the limit of a message", WsRole::server,
       join({client_frame({.opcode = 2, .fin = false}, std::string(row_message_bytes_max - 1, 'x')),
             client_frame({.opcode = 9}, most), client_frame({.opcode = 0}, "x")}),
       delivers({ping(most), binary(ByteString(row_message_bytes_max, 'x'))})},
  };
}

std::vector<ReadRow> close_rows() {
  return {
      {"5.5.1", "a close frame may have no body", WsRole::server, close_frame(""),
       delivers({closed(1005, "")})},
      {"5.5.1", "a body begins with a code of two bytes", WsRole::server,
       close_frame("\x03\xe9"
                   "Server shutting down"),
       delivers({closed(1001, "Server shutting down")})},
      {"5.5.1", "a body of one byte is no code", WsRole::server, close_frame("\x03"), fails(1002)},
      {"5.5.1", "the reason is UTF 8", WsRole::server,
       close_frame("\x0f\xa0"
                   "caf\xc3\xa9"),
       delivers({closed(4000, "caf\xc3\xa9")})},
      {"5.5.1", "a reason that is not UTF 8 is refused", WsRole::server,
       close_frame("\x03\xe8\xc0\x80"), fails(1007)},
      {"5.5.1", "a reason that ends inside a code point is refused", WsRole::server,
       close_frame("\x03\xe8\xe2\x82"), fails(1007)},
      {"5.5.1", "frames behind a close frame are ignored", WsRole::server,
       join({close_frame("\x03\xe8"), client_frame({}, "late"), client_frame({.opcode = 9}, "")}),
       delivers({closed(1000, "")})},
      {"5.5.1", "rubbish behind a close frame is ignored", WsRole::server,
       join({close_frame("\x03\xe8"), from_hex("ff ff ff ff ff ff ff ff")}),
       delivers({closed(1000, "")})},
      {"5.5.2", "the application data of a ping is there for the pong", WsRole::server,
       client_frame({.opcode = 9}, "\x01\xff and more"), delivers({ping("\x01\xff and more")})},
      {"5.5.2", "pings are delivered one by one", WsRole::server,
       join({client_frame({.opcode = 9}, "1"), client_frame({.opcode = 9}, "2")}),
       delivers({ping("1"), ping("2")})},
      {"5.5.3", "a pong that nobody asked for is no fault", WsRole::server,
       join({client_frame({.opcode = 10}, "heartbeat"), client_frame({}, "x")}),
       delivers({pong("heartbeat"), text("x")})},
      {"7.1.5", "the close code is that of the first close frame", WsRole::server,
       join({close_frame(code_bytes(1001)), close_frame(code_bytes(1000))}),
       delivers({closed(1001, "")})},
      {"7.1.5", "without a code the close code is 1005", WsRole::client,
       server_frame({.opcode = 8}, ""), delivers({closed(1005, "")})},
      {"7.1.6", "without a reason the close reason is empty", WsRole::client,
       server_frame({.opcode = 8}, "\x03\xe8"), delivers({closed(1000, "")})},
      {"7.1.7", "nothing is processed behind a fault", WsRole::server,
       join({client_frame({}, "before"), client_frame({.opcode = 3}, ""),
             client_frame({}, "behind"), close_frame("\x03\xe8")}),
       delivers_then_fails({text("before")}, 1002)},
  };
}

}  // namespace

std::vector<ReadRow> rows_of_control() {
  std::vector<ReadRow> rows = size_rows();
  const std::vector<ReadRow> close = close_rows();
  rows.insert(rows.end(), close.begin(), close.end());
  return rows;
}

std::vector<ReadRow> rows_of_close_codes() {
  struct Code {
    std::uint16_t code;
    bool allowed;
    std::string_view section;
    std::string_view rule;
  };
  std::vector<ReadRow> rows;
  for (const Code& code : {Code{1000, true, "7.4.1", "close code 1000 is allowed"},
                           Code{1001, true, "7.4.1", "close code 1001 is allowed"},
                           Code{1002, true, "7.4.1", "close code 1002 is allowed"},
                           Code{1003, true, "7.4.1", "close code 1003 is allowed"},
                           Code{1004, false, "7.4.1", "close code 1004 is reserved"},
                           Code{1005, false, "7.4.1", "close code 1005 must not be sent"},
                           Code{1006, false, "7.4.1", "close code 1006 must not be sent"},
                           Code{1007, true, "7.4.1", "close code 1007 is allowed"},
                           Code{1008, true, "7.4.1", "close code 1008 is allowed"},
                           Code{1009, true, "7.4.1", "close code 1009 is allowed"},
                           Code{1010, true, "7.4.1", "close code 1010 is allowed"},
                           Code{1011, true, "7.4.1", "close code 1011 is allowed"},
                           Code{1012, true, "7.4.2", "close code 1012 is registered with IANA"},
                           Code{1013, true, "7.4.2", "close code 1013 is registered with IANA"},
                           Code{1014, true, "7.4.2", "close code 1014 is registered with IANA"},
                           Code{1015, false, "7.4.1", "close code 1015 must not be sent"},
                           Code{0, false, "7.4.2", "close code 0 is not used"},
                           Code{999, false, "7.4.2", "close code 999 is not used"},
                           Code{1016, false, "7.4.2", "close code 1016 is not defined"},
                           Code{2000, false, "7.4.2", "close code 2000 is not defined"},
                           Code{2999, false, "7.4.2", "close code 2999 is not defined"},
                           Code{3000, true, "7.4.2", "close code 3000 is for libraries"},
                           Code{3999, true, "7.4.2", "close code 3999 is for libraries"},
                           Code{4000, true, "7.4.2", "close code 4000 is for applications"},
                           Code{4999, true, "7.4.2", "close code 4999 is for applications"},
                           Code{5000, false, "7.4.2", "close code 5000 is in no range"},
                           Code{65535, false, "7.4.2", "close code 65535 is in no range"}}) {
    rows.push_back({code.section, code.rule, WsRole::server, close_frame(code_bytes(code.code)),
                    code.allowed ? delivers({closed(code.code, "")}) : fails(1002)});
  }
  return rows;
}

}  // namespace parley::test
