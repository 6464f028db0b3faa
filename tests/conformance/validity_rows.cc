// RFC 6455 sections 5.6, 8.1, 10.4 and 10.7.
#include "tests/conformance/conformance_row.h"

namespace parley::test {
namespace {

using protocol::WsRole;

ByteString text_frame(std::string_view hex_payload) {
  ByteString frame;
  append_frame(frame, {.opcode = 1}, from_hex(hex_payload));
  return frame;
}

ByteString declared(std::uint8_t opcode, bool fin, std::uint64_t bytes) {
  ByteString header;
  append_header(header, {.opcode = opcode, .fin = fin, .masked = false}, bytes);
  return header;
}

std::vector<ReadRow> text_rows() {
  const std::string kosme = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";
  return {
      {"5.6", "text is UTF 8", WsRole::server, client_frame({}, kosme), delivers({text(kosme)})},
      {"5.6", "text may be empty", WsRole::server, client_frame({}, ""), delivers({text("")})},
      {"5.6", "a frame may end inside a code point", WsRole::server,
       join({client_frame({.opcode = 1, .fin = false}, kosme.substr(0, 3)),
             client_frame({.opcode = 0, .fin = false}, kosme.substr(3, 1)),
             client_frame({.opcode = 0}, kosme.substr(4))}),
       delivers({text(kosme)})},
      {"5.6", "a message must not end inside a code point", WsRole::server,
       join({client_frame({.opcode = 1, .fin = false}, "ab"),
             client_frame({.opcode = 0}, "\xe2\x82")}),
       fails(1007)},
      {"5.6", "a new message does not continue the code point of the last", WsRole::server,
       join({text_frame("e2 82"), text_frame("ac")}), fails(1007)},
      {"5.6", "binary data is any data", WsRole::server,
       client_frame({.opcode = 2}, "\xff\xfe\xc0\x80"),
       delivers({binary({0xff, 0xfe, 0xc0, 0x80})})},
      {"8.1", "a bad byte fails the connection before its frame ends", WsRole::client,
       join({declared(1, true, 1000), from_hex("61 62 ff")}), fails(1007)},
      {"8.1", "a bad byte fails the connection before its message ends", WsRole::server,
       client_frame({.opcode = 1, .fin = false}, "\xff"), fails(1007)},
      {"8.1", "a byte order mark is text as any other", WsRole::server, text_frame("ef bb bf 61"),
       delivers({text("\xef\xbb\xbf"
                      "a")})},
      {"8.1", "non characters are allowed", WsRole::server, text_frame("ef bf bf f4 8f bf bf"),
       delivers({text("\xef\xbf\xbf\xf4\x8f\xbf\xbf")})},
  };
}

std::vector<ReadRow> bad_text_rows() {
  struct Bad {
    std::string_view payload;
    std::string_view rule;
  };
  std::vector<ReadRow> rows;
  for (const Bad& bad : {Bad{"80", "a continuation byte alone is not UTF 8"},
                         Bad{"c0 af", "an overlong form of two bytes is not UTF 8"},
                         Bad{"e0 80 af", "an overlong form of three bytes is not UTF 8"},
                         Bad{"f0 80 80 af", "an overlong form of four bytes is not UTF 8"},
                         Bad{"ed a0 80", "a high surrogate is not UTF 8"},
                         Bad{"ed bf bf", "a low surrogate is not UTF 8"},
                         Bad{"ed a1 8c ed be b4", "a pair of surrogates is not UTF 8"},
                         Bad{"f4 90 80 80", "a number above 10FFFF is not UTF 8"},
                         Bad{"f8 88 80 80 80", "a form of five bytes is not UTF 8"},
                         Bad{"fc 84 80 80 80 80", "a form of six bytes is not UTF 8"},
                         Bad{"fe", "FE is not UTF 8"}, Bad{"ff", "FF is not UTF 8"},
                         Bad{"c3 28", "a lead byte without continuation is not UTF 8"}}) {
    rows.push_back({"8.1", bad.rule, WsRole::server, text_frame(bad.payload), fails(1007)});
  }
  return rows;
}

std::vector<ReadRow> limit_rows() {
  const std::string most(row_message_bytes_max, 'x');
  ByteString many = server_frame({.opcode = 2, .fin = false}, most.substr(1024));
  for (int i = 0; i < 1024; ++i) {
    const ByteString one = server_frame({.opcode = 0, .fin = false}, "x");
    many.insert(many.end(), one.begin(), one.end());
  }
  return {
      {"10.4", "a message of exactly the limit is read", WsRole::client,
       server_frame({.opcode = 2}, most), delivers({binary(bytes_of(most))})},
      {"10.4", "a frame over the limit is refused when it is declared", WsRole::client,
       declared(2, true, row_message_bytes_max + 1), fails(1009)},
      {"10.4", "a frame of 2 to the 60 bytes is refused when it is declared", WsRole::client,
       declared(2, true, std::uint64_t{1} << 60), fails(1009)},
      {"10.4", "the largest length there is is refused when it is declared", WsRole::client,
       declared(2, true, INT64_MAX), fails(1009)},
      {"10.4", "fragments of exactly the limit are read", WsRole::client,
       join({many, server_frame({.opcode = 0}, "")}), delivers({binary(bytes_of(most))})},
      {"10.4", "a stream of small fragments over the limit is refused", WsRole::client,
       join({many, declared(0, false, 1)}), fails(1009)},
      {"10.4", "the limit holds for each message anew", WsRole::client,
       join({server_frame({.opcode = 2}, most), server_frame({.opcode = 2}, most)}),
       delivers({binary(bytes_of(most)), binary(bytes_of(most))})},
      {"10.7", "what is good is delivered before what is not understood fails", WsRole::client,
       join({server_frame({}, "good"), from_hex("47 45 54 20 2f")}),
       delivers_then_fails({text("good")}, 1002)},
      {"10.7", "an HTTP request in place of a frame fails", WsRole::server,
       bytes_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), fails(1002)},
  };
}

}  // namespace

std::vector<ReadRow> rows_of_validity() {
  std::vector<ReadRow> rows = text_rows();
  for (const auto& more : {bad_text_rows(), limit_rows()}) {
    rows.insert(rows.end(), more.begin(), more.end());
  }
  return rows;
}

}  // namespace parley::test
