"""Time-outs and limits of connections, with settings short enough to wait for."""

import time
import unittest

from parley import CLOSE, PING, PONG, TEXT, Server, frame

GET_HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"


class Limits(unittest.TestCase):
    def serve(self, *args):
        server = Server(*args)
        self.addCleanup(lambda: self.assertEqual(server.stop(), 0, server.log))
        return server

    def test_connections_of_one_address_are_limited_and_come_free_again(self):
        server = self.serve("--connections-per-address-max", "5", "--workers", "3")
        wires = [server.connect() for _ in range(5)]
        for wire in wires:
            wire.upgrade()
        with server.connect() as refused:
            refused.send(GET_HEALTH)
            self.assertEqual(refused.response().status, 429)
            self.assertTrue(refused.ended())
        with server.connect() as refused:
            self.assertTrue(refused.ended() or refused.buffer, "also one that says nothing")
        for wire in wires[:2]:
            wire.socket.close()
        end = time.monotonic() + 10
        status = 0
        while status != 200 and time.monotonic() < end:
            with server.connect() as again:
                again.send(GET_HEALTH)
                status = again.response().status
            time.sleep(0.05)
        self.assertEqual(status, 200)
        for wire in wires[2:]:
            wire.socket.close()

    def test_connections_of_the_process_are_limited(self):
        server = self.serve("--connections-max", "8", "--workers", "2")
        wires = []
        served = 0
        for _ in range(14):
            wire = server.connect()
            wire.socket.settimeout(0.5)
            wires.append(wire)
            try:
                wire.upgrade()
                served += 1
            except (EOFError, ConnectionError, TimeoutError, AssertionError):
                pass
        self.assertLessEqual(served, 8)
        self.assertGreaterEqual(served, 4)
        for wire in wires:
            wire.socket.close()
        end = time.monotonic() + 10
        while True:
            try:
                self.assertEqual(server.request(GET_HEALTH).status, 200)
                break
            except (EOFError, ConnectionError, TimeoutError):
                self.assertLess(time.monotonic(), end, "it serves again once there is room")

    def test_a_handshake_that_takes_too_long_is_cut(self):
        server = self.serve("--handshake-timeout-ms", "500")
        with server.connect() as silent, server.connect() as slow:
            slow.send(b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: webso")
            self.assertTrue(silent.ended())
            self.assertEqual(slow.response().status, 408)
            self.assertTrue(slow.ended())

    def test_bytes_that_trickle_do_not_extend_the_handshake(self):
        server = self.serve("--handshake-timeout-ms", "500")
        with server.connect() as wire:
            wire.send(b"GET / HTTP/1.1\r\n")
            ended = False
            for _ in range(100):
                try:
                    wire.send(b"X: y\r\n")
                except ConnectionError:
                    ended = True
                    break
                time.sleep(0.05)
            self.assertTrue(ended)

    def test_silence_is_closed_with_1001(self):
        server = self.serve("--idle-timeout-ms", "700", "--ping-interval-ms", "0")
        with server.connect() as wire:
            wire.upgrade()
            self.assertEqual(wire.until("welcome")["type"], "welcome")
            self.assertEqual(wire.close_frame(), (1001, "idle timeout"))
            wire.send(frame(CLOSE, b"\x03\xe9"))
            self.assertTrue(wire.ended())

    def test_a_client_that_talks_is_not_idle(self):
        server = self.serve("--idle-timeout-ms", "700", "--ping-interval-ms", "0")
        with server.connect() as wire:
            wire.chat()
            for _ in range(15):
                wire.send(frame(TEXT, b'{"type":"ping"}'))
                self.assertEqual(wire.until("pong")["type"], "pong")
                time.sleep(0.1)

    def test_a_pong_is_a_sign_of_life(self):
        server = self.serve("--idle-timeout-ms", "1000", "--ping-interval-ms", "200",
                            "--ping-timeout-ms", "600")
        with server.connect() as wire:
            wire.upgrade()
            wire.until("welcome")
            for _ in range(12):
                first, payload = wire.frame()
                self.assertEqual(first, 0x80 | PING)
                wire.send(frame(PONG, payload))
            wire.send(frame(TEXT, b'{"type":"ping"}'))
            self.assertEqual(wire.until("pong")["type"], "pong")

    def test_a_dead_client_is_found_by_pings_and_leaves_its_room(self):
        server = self.serve("--ping-interval-ms", "300", "--ping-timeout-ms", "500")
        with server.connect() as alive, server.connect() as dead:
            alive.chat("room")
            dead.chat("room")
            self.assertEqual(alive.until("userJoin")["userCount"], 2)
            # It reads nothing and answers no ping; its socket stays open all the while.
            self.assertEqual(alive.until("userLeave")["userCount"], 1)
        server.until_metric("parley_timeouts_total", lambda n: n >= 1)


if __name__ == "__main__":
    unittest.main()
