"""RFC 6455 as the server's connections keep it, frame by frame on raw sockets."""

import struct
import time
import unittest

from parley import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Server, frame


class WebSocket(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--echo-path", "/echo", "--rate-user", "off", "--rate-connection",
                            "off", "--close-timeout-ms", "1000")

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        assert code == 0, f"parleyd ended with {code}\n{cls.server.log}"

    def echo(self):
        wire = self.server.connect()
        self.addCleanup(wire.socket.close)
        wire.upgrade("/echo")
        return wire

    def assert_fails(self, data, code, path="/ws"):
        wire = self.server.connect()
        with wire:
            wire.upgrade(path)
            wire.send(data)
            self.assertEqual(wire.close_frame()[0], code)
            self.assertTrue(wire.ended(), "the server ends the TCP connection")

    def test_echo_answers_text_and_binary(self):
        wire = self.echo()
        for opcode, payload in ((TEXT, b"hello"), (BINARY, bytes(range(256))), (TEXT, b"")):
            wire.send(frame(opcode, payload))
            self.assertEqual(wire.frame(), (0x80 | opcode, payload))

    def test_payloads_at_the_bounds_of_each_length_form_come_back(self):
        wire = self.echo()
        for size in (0, 1, 125, 126, 127, 128, 65535, 65536):
            payload = bytes(i % 251 for i in range(size))
            wire.send(frame(BINARY, payload))
            self.assertEqual(wire.frame(), (0x80 | BINARY, payload), size)

    def test_a_ping_is_answered_with_its_payload(self):
        wire = self.echo()
        for payload in (b"", b"x", bytes(125)):
            wire.send(frame(PING, payload))  # 5.5.2, 5.5.3
            self.assertEqual(wire.frame(), (0x80 | PONG, payload))

    def test_an_unasked_pong_is_ignored(self):
        wire = self.echo()
        wire.send(frame(PONG, b"unasked") + frame(TEXT, b"next"))  # 5.5.3
        self.assertEqual(wire.frame(), (0x80 | TEXT, b"next"))

    def test_a_close_is_answered_with_its_code_and_the_server_ends_tcp_first(self):
        for code in (1000, 1001, 1003, 1007, 1008, 1010, 1011, 3000, 4999):
            with self.subTest(code=code):
                wire = self.echo()
                wire.send(frame(CLOSE, struct.pack(">H", code) + b"bye"))  # 5.5.1, 7.1.1
                self.assertEqual(wire.close_frame()[0], code)
                self.assertTrue(wire.ended())

    def test_a_close_without_a_code_is_answered_without_or_with_1000(self):
        wire = self.echo()
        wire.send(frame(CLOSE))
        self.assertIn(wire.close_frame()[0], (1000, 1005))
        self.assertTrue(wire.ended())

    def test_nothing_is_answered_behind_a_close(self):
        wire = self.echo()
        wire.send(frame(TEXT, b"before") + frame(CLOSE, b"\x03\xe8") + frame(TEXT, b"behind"))
        self.assertEqual(wire.frame(), (0x80 | TEXT, b"before"))
        self.assertEqual(wire.frame()[0], 0x80 | CLOSE)
        self.assertTrue(wire.ended())
        self.assertEqual(wire.buffer, b"")

    def test_breaches_of_the_protocol_close_with_1002(self):
        rows = {
            "5.1 an unmasked frame": frame(TEXT, b"hi", masked=False),
            "5.1 an unmasked close": frame(CLOSE, b"\x03\xe8", masked=False),
            "5.2 RSV1": frame(TEXT, b"hi", rsv=4),
            "5.2 RSV2": frame(TEXT, b"hi", rsv=2),
            "5.2 RSV3": frame(TEXT, b"hi", rsv=1),
            "5.2 RSV on a ping": frame(PING, b"hi", rsv=4),
            "5.2 a reserved opcode 3": frame(3, b"hi"),
            "5.2 a reserved opcode 7": frame(7, b"hi"),
            "5.2 a reserved control opcode 11": frame(11, b"hi"),
            "5.2 a reserved control opcode 15": frame(15, b""),
            "5.2 a length of 125 in the 16-bit form": b"\x81\xfe\x00\x7dmask",
            "5.2 a length of 65535 in the 64-bit form": b"\x81\xff" + struct.pack(">Q", 65535),
            "5.2 a length with the highest bit": b"\x81\xff" + struct.pack(">Q", 1 << 63),
            "5.4 a continuation of nothing": frame(CONTINUATION, b"hi"),
            "5.4 a new message inside another": frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"),
            "5.5 a ping of 126 bytes": frame(PING, bytes(126)),
            "5.5 a close of 126 bytes": frame(CLOSE, b"\x03\xe8" + b"x" * 124),
            "5.5 a fragmented ping": frame(PING, b"hi", fin=False),
            "5.5.1 a close of one byte": frame(CLOSE, b"\x03"),
            "7.4.1 close code 1005": frame(CLOSE, struct.pack(">H", 1005)),
            "7.4.1 close code 1006": frame(CLOSE, struct.pack(">H", 1006)),
            "7.4.1 close code 1015": frame(CLOSE, struct.pack(">H", 1015)),
            "7.4.2 close code 999": frame(CLOSE, struct.pack(">H", 999)),
            "7.4.2 close code 0": frame(CLOSE, struct.pack(">H", 0)),
            "7.4.2 close code 1016": frame(CLOSE, struct.pack(">H", 1016)),
            "7.4.2 close code 2999": frame(CLOSE, struct.pack(">H", 2999)),
            "7.4.2 close code 5000": frame(CLOSE, struct.pack(">H", 5000)),
        }
        for what, data in rows.items():
            with self.subTest(what=what):
                self.assert_fails(data, 1002, "/echo")

    def test_text_that_is_not_utf_8_closes_with_1007_at_the_first_bad_byte(self):
        rows = [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"ok \xe2\x28\xa1"]
        for payload in rows:
            with self.subTest(payload=payload):  # 8.1
                self.assert_fails(frame(TEXT, payload), 1007, "/echo")
                # Neither the end of the frame nor of the message is waited for.
                cut = frame(TEXT, payload + bytes(100), fin=False)
                self.assert_fails(cut[:-60], 1007, "/echo")

    def test_a_close_reason_that_is_not_utf_8_closes_with_1007(self):
        self.assert_fails(frame(CLOSE, b"\x03\xe8\xff\xfe"), 1007, "/echo")

    def test_a_code_point_cut_by_fragments_is_whole(self):
        wire = self.echo()
        text = "€𝄞".encode()
        parts = [frame(TEXT, text[:1], fin=False)]
        parts += [frame(CONTINUATION, text[i:i + 1], fin=False) for i in range(1, len(text))]
        wire.send(b"".join(parts) + frame(CONTINUATION, b""))
        self.assertEqual(wire.frame(), (0x80 | TEXT, text))

    def test_control_frames_between_fragments_are_answered_at_once(self):
        wire = self.echo()
        wire.send(frame(TEXT, b"one ", fin=False) + frame(PING, b"between"))  # 5.4
        self.assertEqual(wire.frame(), (0x80 | PONG, b"between"))
        wire.send(frame(CONTINUATION, b"two ", fin=False) + frame(PONG) + frame(CONTINUATION))
        self.assertEqual(wire.frame(), (0x80 | TEXT, b"one two "))

    def test_a_message_may_come_in_very_many_fragments(self):
        wire = self.echo()
        parts = [frame(BINARY, b"x", fin=False)]
        parts += [frame(CONTINUATION, b"x", fin=False)] * 60_000
        wire.send(b"".join(parts) + frame(CONTINUATION, b"!"))
        self.assertEqual(wire.frame(), (0x80 | BINARY, b"x" * 60_001 + b"!"))

    def test_a_declared_length_over_the_limit_closes_with_1009_before_it_arrives(self):
        for size in (65_537, 1 << 32, (1 << 63) - 1):
            with self.subTest(size=size):
                head = b"\x82\xff" + struct.pack(">Q", size) + b"mask"
                self.assert_fails(head, 1009, "/echo")

    def test_a_frame_may_be_cut_at_every_byte(self):
        text = b'{"type":"ping"}'
        stream = frame(TEXT, text[:5], fin=False) + frame(PING, b"p") + frame(CONTINUATION,
                                                                              text[5:])
        for cut in range(1, len(stream)):
            with self.subTest(cut=cut), self.server.connect() as wire:
                wire.chat()
                wire.send(stream[:cut])
                time.sleep(0.002)
                wire.send(stream[cut:])
                self.assertEqual(wire.frame(), (0x80 | PONG, b"p"))
                self.assertEqual(wire.message()["type"], "pong")

    def test_a_stream_may_arrive_byte_by_byte(self):
        with self.server.connect() as wire:
            wire.chat()
            for byte in frame(TEXT, b'{"type":"ping"}', key=b"\x00\xff\x80\x01"):
                wire.send(bytes([byte]))
                time.sleep(0.001)
            self.assertEqual(wire.message()["type"], "pong")

    def test_a_client_that_vanishes_inside_a_frame_leaves_the_room(self):
        with self.server.connect() as stays:
            stays.chat("vanish")
            for cut in (1, 3, 6, 9):
                with self.server.connect() as goes:
                    goes.chat("vanish")
                    self.assertEqual(stays.message()["type"], "userJoin")
                    goes.send(frame(TEXT, b'{"type":"ping"}')[:cut])
                self.assertEqual(stays.message()["type"], "userLeave")

    def test_a_peer_that_never_answers_a_close_is_cut_after_the_close_timeout(self):
        with self.server.connect() as wire:
            wire.upgrade("/echo")
            wire.send(frame(3, b""))
            self.assertEqual(wire.close_frame()[0], 1002)
            self.assertTrue(wire.ended())

    def test_many_messages_in_one_segment_are_all_answered_in_order(self):
        wire = self.echo()
        texts = [str(i).encode() for i in range(2000)]
        wire.send(b"".join(frame(TEXT, text) for text in texts))
        self.assertEqual([wire.frame()[1] for _ in texts], texts)


if __name__ == "__main__":
    unittest.main()
