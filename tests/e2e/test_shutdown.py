"""A stop on SIGTERM, SIGINT and SIGHUP (S0-16 to S0-18), idle and under the load of thousands."""

import asyncio
import json
import os
import resource
import signal
import struct
import time
import unittest

from parley import CLOSE, PING, PONG, TEXT, Server, frame

CLIENTS = int(os.environ.get("E2E_SHUTDOWN_CLIENTS", "5000"))
DEAF = 50  # Of them, those that do not read.
ROOM_SIZE = 50
STOP_SECONDS_MAX = 10  # S0-24
CONNECT_BATCH = 250
UPGRADE = (b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
GOODBYE = (1001, "Server shutting down")


class Shutdown(unittest.TestCase):
    def test_each_of_three_signals_stops_gracefully(self):
        for name in ("SIGTERM", "SIGINT", "SIGHUP"):
            with self.subTest(name=name):
                server = Server()
                self.addCleanup(server.kill)
                with server.connect() as chat, server.connect() as http:
                    chat.chat("room")
                    http.send(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
                    self.assertEqual(http.response().status, 200)
                    started = time.monotonic()
                    server.signal(getattr(signal, name))
                    self.assertEqual(chat.close_frame(), GOODBYE)  # S0-18
                    chat.send(frame(CLOSE, struct.pack(">H", 1001)))
                    self.assertTrue(chat.ended())
                    self.assertTrue(http.ended())
                self.assertEqual(server.wait(), 0, server.log)
                self.assertLess(time.monotonic() - started, STOP_SECONDS_MAX)
                self.assert_logged(server, name)

    def assert_logged(self, server, name):
        lines = [f"Received {name}, shutting down gracefully...", "HTTP server closed",
                 "Graceful shutdown complete"]  # S0-17
        places = [server.log.find(line) for line in lines]
        self.assertNotIn(-1, places, server.log)
        self.assertEqual(places, sorted(places), "in this order")

    def test_a_second_signal_changes_nothing(self):
        server = Server()
        self.addCleanup(server.kill)
        with server.connect() as chat:
            chat.chat("room")
            server.signal(signal.SIGTERM)
            server.signal(signal.SIGTERM)
            self.assertEqual(chat.close_frame(), GOODBYE)
        self.assertEqual(server.wait(), 0, server.log)

    def test_what_was_queued_is_delivered_before_the_goodbye(self):
        server = Server("--profile", "bench", "--workers", "1")
        self.addCleanup(server.kill)
        with server.connect() as chat:
            chat.chat("room")
            said = [frame(TEXT, json.dumps({"type": "message", "room": "room",
                                            "message": f"text {i}"}).encode())
                    for i in range(500)]
            chat.send(b"".join(said))
            while chat.until("message")["seq"] < 100:
                pass
            server.signal(signal.SIGTERM)
            last = 100
            while True:
                first, payload = chat.frame()
                if first == 0x80 | CLOSE:
                    break
                message = json.loads(payload)
                if message["type"] == "message":
                    self.assertEqual(message["seq"], last + 1)
                    last += 1
            self.assertEqual(payload[2:], b"Server shutting down")
        self.assertEqual(server.wait(), 0, server.log)

    def test_a_new_connection_is_refused_while_others_are_closed(self):
        server = Server("--shutdown-timeout-ms", "2000")
        self.addCleanup(server.kill)
        with server.connect() as deaf:
            deaf.chat("room")
            server.signal(signal.SIGTERM)
            deadline = time.monotonic() + 5
            while "HTTP server closed" not in server.log and time.monotonic() < deadline:
                time.sleep(0.02)
            with self.assertRaises(OSError):
                server.connect()
            self.assertEqual(server.wait(), 0, server.log)


class Crowd:
    """Thousands of clients in one process, at the cost of a protocol object each."""

    class Member(asyncio.Protocol):
        def __init__(self, crowd, index):
            self.crowd = crowd
            self.index = index
            self.room = f"room-{index % (CLIENTS // ROOM_SIZE)}"
            self.buffer = b""
            self.upgraded = False
            self.goodbye = None
            self.transport = None

        def connection_made(self, transport):
            self.transport = transport
            transport.write(UPGRADE)

        def data_received(self, data):
            self.buffer += data
            if not self.upgraded:
                head, mark, self.buffer = self.buffer.partition(b"\r\n\r\n")
                if not mark:
                    self.buffer = head
                    return
                assert head.startswith(b"HTTP/1.1 101"), head
                self.upgraded = True
                self.say({"type": "joinRoom", "room": self.room})
            self.read_frames()

        def read_frames(self):
            while len(self.buffer) >= 2:
                size, start = self.buffer[1], 2
                if size == 126:
                    if len(self.buffer) < 4:
                        return
                    size, start = struct.unpack(">H", self.buffer[2:4])[0], 4
                if len(self.buffer) < start + size:
                    return
                payload = self.buffer[start:start + size]
                self.on_frame(self.buffer[0] & 15, payload)
                self.buffer = self.buffer[start + size:]

        def on_frame(self, opcode, payload):
            if opcode == CLOSE:
                self.goodbye = (struct.unpack(">H", payload[:2])[0], payload[2:].decode())
                self.transport.write(frame(CLOSE, payload[:2]))
            elif opcode == PING:
                self.transport.write(frame(PONG, payload))
            elif payload.startswith(b'{"type":"history"'):
                self.crowd.joined(self)
            elif payload.startswith(b'{"type":"message"'):
                self.crowd.heard += 1

        def connection_lost(self, error):
            self.crowd.left += 1
            if self.crowd.left == CLIENTS:
                self.crowd.empty.set()

        def say(self, message):
            self.transport.write(frame(TEXT, json.dumps(message).encode()))

    def __init__(self, port):
        self.port = port
        self.members = []
        self.in_rooms = 0
        self.left = 0
        self.heard = 0
        self.all_joined = asyncio.Event()
        self.empty = asyncio.Event()

    def joined(self, member):
        self.in_rooms += 1
        if member.index < DEAF:
            member.transport.pause_reading()
        if self.in_rooms == CLIENTS:
            self.all_joined.set()

    async def fill(self):
        loop = asyncio.get_running_loop()
        for start in range(0, CLIENTS, CONNECT_BATCH):
            batch = [loop.create_connection(lambda i=i: Crowd.Member(self, i), "127.0.0.1",
                                            self.port)
                     for i in range(start, min(start + CONNECT_BATCH, CLIENTS))]
            self.members += [member for _, member in await asyncio.gather(*batch)]
        async with asyncio.timeout(60):
            await self.all_joined.wait()

    async def talk(self):
        """Until it is cancelled: everywhere somebody says something, again and again."""
        index = 0
        while True:
            for _ in range(20):
                index = (index + 7) % CLIENTS
                member = self.members[index]
                if not member.transport.is_closing():
                    member.say({"type": "message", "room": member.room, "message": "x" * 200})
            await asyncio.sleep(0.005)


class ShutdownOfThousands(unittest.IsolatedAsyncioTestCase):
    async def test_sigterm_under_load_ends_in_time_and_every_reader_is_told(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.assertGreater(hard, CLIENTS + 100, "the limit of descriptors (ulimit -n)")
        server = await asyncio.to_thread(Server, "--profile", "bench", "--workers", "4",
                                         "--presence-members-max", "0")
        self.addCleanup(server.kill)
        crowd = Crowd(server.port)
        await crowd.fill()
        talk = asyncio.create_task(crowd.talk())
        await asyncio.sleep(2)
        self.assertGreater(crowd.heard, 0)
        started = time.monotonic()
        server.signal(signal.SIGTERM)
        code = await asyncio.to_thread(server.wait)
        seconds = time.monotonic() - started
        talk.cancel()
        self.assertEqual(code, 0, server.log)
        self.assertLess(seconds, STOP_SECONDS_MAX)
        for member in crowd.members[:DEAF]:
            member.transport.resume_reading()
        async with asyncio.timeout(30):
            await crowd.empty.wait()
        told = [member.goodbye for member in crowd.members[DEAF:]]
        self.assertEqual([goodbye for goodbye in told if goodbye != GOODBYE], [])
        for line in ("Received SIGTERM, shutting down gracefully...", "HTTP server closed",
                     "Graceful shutdown complete"):
            self.assertIn(line, server.log)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


if __name__ == "__main__":
    unittest.main()
