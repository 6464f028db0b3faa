// RFC 6455 sections 5.1, 5.2, 5.3 and 5.7.
#include "tests/conformance/conformance_row.h"

namespace parley::test {
namespace {

using protocol::WsRole;

void append(std::vector<ReadRow>& rows, std::vector<ReadRow> more) {
  rows.insert(rows.end(), more.begin(), more.end());
}

ByteString with_payload(std::string_view header, std::size_t size) {
  return join({from_hex(header), ByteString(size, 'x')});
}

std::vector<ReadRow> masking_rows() {
  return {
      {"5.1", "a server refuses a text frame that is not masked", WsRole::server,
       from_hex("81 02 68 69"), fails(1002)},
      {"5.1", "a server refuses an empty frame that is not masked", WsRole::server,
       from_hex("82 00"), fails(1002)},
      {"5.1", "a server refuses a ping that is not masked", WsRole::server, from_hex("89 00"),
       fails(1002)},
      {"5.1", "a server refuses a close frame that is not masked", WsRole::server,
       from_hex("88 02 03 e8"), fails(1002)},
      {"5.1", "a server refuses a continuation that is not masked", WsRole::server,
       join({client_frame({.opcode = 1, .fin = false}, "a"), from_hex("80 01 62")}), fails(1002)},
      {"5.1", "a client refuses a text frame that is masked", WsRole::client,
       client_frame({}, "hi"), fails(1002)},
      {"5.1", "a client refuses an empty frame that is masked", WsRole::client,
       client_frame({.opcode = 2}, ""), fails(1002)},
      {"5.1", "a client refuses a ping that is masked", WsRole::client,
       client_frame({.opcode = 9}, ""), fails(1002)},
      {"5.3", "the masking key is applied octet by octet modulo four", WsRole::server,
       from_hex("82 89 01 02 03 04 01 02 03 04 01 02 03 04 01"), delivers({binary(ByteString(9))})},
      {"5.3", "a masking key of zero is a masking key", WsRole::server,
       client_frame({.key = 0}, "plain"), delivers({text("plain")})},
      {"5.3", "every frame brings a key of its own", WsRole::server,
       join({client_frame({.opcode = 1, .fin = false, .key = 0x01020304}, "abcde"),
             client_frame({.opcode = 0, .key = 0xfffefdfc}, "fghij")}),
       delivers({text("abcdefghij")})},
      {"5.3", "the payload length does not count the masking key", WsRole::server,
       join({client_frame({.opcode = 2}, "1234"), client_frame({.opcode = 2}, "5678")}),
       delivers({binary(bytes_of("1234")), binary(bytes_of("5678"))})},
      {"6.2", "a server removes the masking", WsRole::server,
       from_hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"), delivers({text("Hello")})},
  };
}

std::vector<ReadRow> reserved_bit_rows() {
  struct Bit {
    std::uint8_t rsv;
    std::string_view data;
    std::string_view control;
    std::string_view continuation;
  };
  std::vector<ReadRow> rows;
  for (const Bit& bit : {Bit{4, "RSV1 without an extension fails the connection",
                             "RSV1 of a control frame fails the connection",
                             "RSV1 of a continuation fails the connection"},
                         Bit{2, "RSV2 without an extension fails the connection",
                             "RSV2 of a control frame fails the connection",
                             "RSV2 of a continuation fails the connection"},
                         Bit{1, "RSV3 without an extension fails the connection",
                             "RSV3 of a control frame fails the connection",
                             "RSV3 of a continuation fails the connection"}}) {
    rows.push_back({"5.2", bit.data, WsRole::server,
                    client_frame({.opcode = 1, .rsv = bit.rsv}, "x"), fails(1002)});
    rows.push_back({"5.2", bit.control, WsRole::client,
                    server_frame({.opcode = 9, .rsv = bit.rsv}, "x"), fails(1002)});
    rows.push_back({"5.2", bit.continuation, WsRole::server,
                    join({client_frame({.opcode = 1, .fin = false}, "x"),
                          client_frame({.opcode = 0, .rsv = bit.rsv}, "y")}),
                    fails(1002)});
  }
  return rows;
}

std::vector<ReadRow> reserved_opcode_rows() {
  struct Reserved {
    std::uint8_t opcode;
    std::string_view alone;
    std::string_view in_message;
  };
  std::vector<ReadRow> rows;
  for (const Reserved& reserved :
       {Reserved{3, "opcode 3 is unknown", "opcode 3 in a message is unknown"},
        Reserved{4, "opcode 4 is unknown", "opcode 4 in a message is unknown"},
        Reserved{5, "opcode 5 is unknown", "opcode 5 in a message is unknown"},
        Reserved{6, "opcode 6 is unknown", "opcode 6 in a message is unknown"},
        Reserved{7, "opcode 7 is unknown", "opcode 7 in a message is unknown"},
        Reserved{11, "opcode 11 is unknown", "opcode 11 in a message is unknown"},
        Reserved{12, "opcode 12 is unknown", "opcode 12 in a message is unknown"},
        Reserved{13, "opcode 13 is unknown", "opcode 13 in a message is unknown"},
        Reserved{14, "opcode 14 is unknown", "opcode 14 in a message is unknown"},
        Reserved{15, "opcode 15 is unknown", "opcode 15 in a message is unknown"}}) {
    const ByteString frame = client_frame({.opcode = reserved.opcode}, "x");
    rows.push_back({"5.2", reserved.alone, WsRole::server, frame, fails(1002)});
    rows.push_back({"5.2", reserved.in_message, WsRole::server,
                    join({client_frame({.opcode = 2, .fin = false}, "x"), frame}), fails(1002)});
  }
  return rows;
}

std::vector<ReadRow> length_rows() {
  std::vector<ReadRow> rows = {
      {"5.2", "the top bit of a 64 bit length must be 0", WsRole::client,
       from_hex("82 7f 80 00 00 00 00 00 00 01"), fails(1002)},
      {"5.2", "the top bit of a 64 bit length must be 0 whatever the rest says", WsRole::client,
       from_hex("82 7f ff ff ff ff ff ff ff ff"), fails(1002)},
      {"5.2", "0 must not be written in 16 bits", WsRole::client, from_hex("82 7e 00 00"),
       fails(1002)},
      {"5.2", "124 must not be written in 16 bits", WsRole::client,
       with_payload("82 7e 00 7c", 124), fails(1002)},
      {"5.2", "125 must not be written in 16 bits", WsRole::client,
       with_payload("82 7e 00 7d", 125), fails(1002)},
      {"5.2", "125 must not be written in 64 bits", WsRole::client,
       with_payload("82 7f 00 00 00 00 00 00 00 7d", 125), fails(1002)},
      {"5.2", "126 must not be written in 64 bits", WsRole::client,
       with_payload("82 7f 00 00 00 00 00 00 00 7e", 126), fails(1002)},
      {"5.2", "65535 must not be written in 64 bits", WsRole::client,
       with_payload("82 7f 00 00 00 00 00 00 ff ff", 65535), fails(1002)},
      {"5.2", "lengths that are too long are refused of clients too", WsRole::server,
       client_frame({.opcode = 2, .length_form = LengthForm::sixteen_bits}, "short"), fails(1002)},
  };
  struct Size {
    std::size_t bytes;
    std::string_view header;
    std::string_view rule;
  };
  for (const Size& size :
       {Size{0, "82 00", "a payload of 0 bytes is read"},
        Size{125, "82 7d", "a payload of 125 bytes has a length of 7 bits"},
        Size{126, "82 7e 00 7e", "a payload of 126 bytes has a length of 16 bits"},
        Size{65535, "82 7e ff ff", "a payload of 65535 bytes has a length of 16 bits"},
        Size{65536, "82 7f 00 00 00 00 00 01 00 00",
             "a payload of 65536 bytes has a length of 64 bits"}}) {
    rows.push_back({"5.2", size.rule, WsRole::client, with_payload(size.header, size.bytes),
                    delivers({binary(ByteString(size.bytes, 'x'))})});
  }
  return rows;
}

std::vector<ReadRow> example_rows() {
  return {
      {"5.7", "example of an unmasked text message", WsRole::client,
       from_hex("81 05 48 65 6c 6c 6f"), delivers({text("Hello")})},
      {"5.7", "example of a masked text message", WsRole::server,
       from_hex("81 85 37 fa 21 3d 7f 9f 4d 51 58"), delivers({text("Hello")})},
      {"5.7", "example of a fragmented unmasked text message", WsRole::client,
       from_hex("01 03 48 65 6c 80 02 6c 6f"), delivers({text("Hello")})},
      {"5.7", "example of an unmasked ping", WsRole::client, from_hex("89 05 48 65 6c 6c 6f"),
       delivers({ping("Hello")})},
      {"5.7", "example of a masked pong", WsRole::server,
       from_hex("8a 85 37 fa 21 3d 7f 9f 4d 51 58"), delivers({pong("Hello")})},
      {"5.7", "example of 256 bytes in one unmasked frame", WsRole::client,
       with_payload("82 7e 01 00", 256), delivers({binary(ByteString(256, 'x'))})},
      {"5.7", "example of 64 KiB in one unmasked frame", WsRole::client,
       with_payload("82 7f 00 00 00 00 00 01 00 00", 65536),
       delivers({binary(ByteString(65536, 'x'))})},
      {"5.8", "no extension gives a meaning to reserved bits and opcodes", WsRole::server,
       client_frame({.opcode = 3, .rsv = 7}, "x"), fails(1002)},
  };
}

}  // namespace

std::vector<ReadRow> rows_of_framing() {
  std::vector<ReadRow> rows = masking_rows();
  append(rows, reserved_bit_rows());
  append(rows, reserved_opcode_rows());
  append(rows, length_rows());
  append(rows, example_rows());
  return rows;
}

}  // namespace parley::test
