"""The servers that benchmarks compare start as they say, and relay whole messages in order."""

import asyncio
import contextlib
import json
import signal
import socket
import subprocess
import time
import unittest
import urllib.request
from pathlib import Path

import websockets

ROOT = Path(__file__).resolve().parents[2]
SERVERS = ROOT / "bench" / "macro" / "servers"
SECONDS = 20
MESSAGES = 200
# More on their way would overflow nchan, which keeps 64 of a channel.
IN_FLIGHT = 16
# A stamp as the load generator writes it is 33 bytes of letters, digits, '-', '_' and '~'.
PAYLOAD_BYTES = 64


def payload(number):
    return f"~PL~{number:029d}".ljust(PAYLOAD_BYTES, "x")


class Raw:
    """What a member sends, all members get: the room is the path."""

    path = "/{room}"

    async def join(self, client, room):
        pass

    def message(self, room, text):
        return text

    def text_of(self, message):
        return message


class SocketIo(Raw):
    path = "/socket.io/?EIO=4&transport=websocket&room={room}"

    async def join(self, client, room):
        assert (await client.recv()).startswith("0{")
        await client.send("40")
        assert (await client.recv()).startswith("40{")

    def message(self, room, text):
        return f'42["message","{text}"]'

    def text_of(self, message):
        assert message.startswith('42["message",'), message
        return json.loads(message[2:])[1]


class Classic(Raw):
    path = "/ws"

    async def join(self, client, room):
        await client.send(json.dumps({"type": "joinRoom", "room": room}))
        while json.loads(await client.recv())["type"] != "history":
            pass

    def message(self, room, text):
        return json.dumps({"type": "message", "room": room, "message": text})

    def text_of(self, message):
        message = json.loads(message)
        return message["message"] if message["type"] == "message" else None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_ready(process, port):
    """Ready is: the port accepts."""
    end = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens; ended with {process.poll()}: {process.stderr.read()}")


@contextlib.contextmanager
def started(name, *args):
    """The port of a server, which afterwards must end by itself when asked to."""
    port = free_port()
    command = [str(SERVERS / name / "start"), "--port", str(port), *args]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_until_ready(process, port)
            yield port
            assert process.poll() is None, process.stderr.read()
            process.send_signal(signal.SIGTERM)
            process.wait(SECONDS)
        finally:
            process.kill()


async def connected(stack, protocol, port, room):
    url = f"ws://127.0.0.1:{port}" + protocol.path.format(room=room)
    client = await stack.enter_async_context(
        websockets.connect(url, compression=None, ping_interval=None, close_timeout=1))
    await protocol.join(client, room)
    return client


async def next_text(protocol, client):
    while True:
        text = protocol.text_of(await client.recv())
        if text is not None:
            return text


async def silent(protocol, client):
    """Nothing that anybody published comes."""
    try:
        async with asyncio.timeout(0.3):
            raise AssertionError(f"of another room: {await next_text(protocol, client)}")
    except TimeoutError:
        pass


async def relay(protocol, port, texts_of):
    """Three members of one room and a stranger; `texts_of` turns a delivery into what was sent."""
    async with contextlib.AsyncExitStack() as stack, asyncio.timeout(SECONDS):
        members = [await connected(stack, protocol, port, "here") for _ in range(3)]
        stranger = await connected(stack, protocol, port, "elsewhere")
        await asyncio.sleep(0.2)  # nchan answers the handshake before the channel knows of it.
        for first in range(0, MESSAGES, IN_FLIGHT):
            numbers = range(first, min(first + IN_FLIGHT, MESSAGES))
            for number in numbers:
                await members[0].send(protocol.message("here", payload(number)))
            for member in members:
                for number in numbers:
                    text = texts_of(await next_text(protocol, member))
                    assert text == payload(number), (text, number)
        await silent(protocol, stranger)
        # A member that has left is missed by nobody.
        await members.pop().close()
        await members[0].send(protocol.message("here", payload(MESSAGES)))
        for member in members:
            assert texts_of(await next_text(protocol, member)) == payload(MESSAGES)


class Relays(unittest.TestCase):
    """Each server on a port of its own, spoken to by Python's `websockets`."""

    @classmethod
    def setUpClass(cls):
        subprocess.run([SERVERS / "prepare"], check=True)

    def check(self, name, protocol, *args, texts_of=lambda text: text):
        with started(name, *args) as port:
            asyncio.run(relay(protocol, port, texts_of))

    def test_parleyd(self):
        self.check("parleyd", Classic())

    def test_relay_floor(self):
        self.check("relay_floor", Raw())

    def test_relay_floor_pads_in_front(self):
        for frame_bytes in (66, 127, 130, 211, 70_000):
            with self.subTest(frame_bytes=frame_bytes):
                header_bytes = 2 if frame_bytes < 128 else 4 if frame_bytes < 65_540 else 10

                def texts_of(text, size=frame_bytes - header_bytes):
                    self.assertEqual(len(text), size)
                    return text[-PAYLOAD_BYTES:]

                self.check("relay_floor", Raw(), "--frame-bytes", str(frame_bytes),
                           texts_of=texts_of)

    def test_ws(self):
        self.check("ws", Raw())

    def test_socketio(self):
        self.check("socketio", SocketIo())

    def test_beast(self):
        if not (ROOT / "build" / "release" / "beast_relay").exists():
            self.skipTest("it was built without Boost")
        self.check("beast", Raw())

    def test_nchan(self):
        module = "usr/lib/nginx/modules/ngx_nchan_module.so"
        if not any((root / module).exists() for root in (Path("/"), ROOT / "build" / "debian")):
            self.skipTest("nginx has no nchan here: ./dev setup gets it where there is one")
        self.check("nchan", Raw())

    def test_nginx_answers_health_as_parleyd_does(self):
        roots = (Path("/"), ROOT / "build" / "debian")
        if not any((root / "usr/sbin/nginx").exists() for root in roots):
            self.skipTest("there is no nginx here: ./dev setup gets it")
        answers = []
        for name in ("parleyd", "nginx_return"):
            with started(name) as port, \
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
                answers.append((answer.status, answer.headers["Content-Type"], answer.read()))
        self.assertEqual(answers[0], answers[1])

    def test_echo_floor(self):
        async def echo(port):
            async with contextlib.AsyncExitStack() as stack, asyncio.timeout(SECONDS):
                one, other = [await connected(stack, Raw(), port, "here") for _ in range(2)]
                for number in range(MESSAGES):
                    await one.send(payload(number))
                    await one.send(payload(number).encode())
                for number in range(MESSAGES):
                    self.assertEqual(await one.recv(), payload(number))
                    self.assertEqual(await one.recv(), payload(number).encode())
                await silent(Raw(), other)

        with started("echo_floor") as port:
            asyncio.run(echo(port))

    def test_send_floor(self):
        """The frames begin when all have come, each like the other."""
        async def listen(port):
            async with contextlib.AsyncExitStack() as stack, asyncio.timeout(SECONDS):
                one = await connected(stack, Raw(), port, "here")
                await silent(Raw(), one)
                other = await connected(stack, Raw(), port, "here")
                for client in (one, other) * 1000:
                    self.assertEqual(await client.recv(), "x" * 68)

        args = ("--connections", "2", "--frame-bytes", "70", "--frames-per-send", "8")
        port = free_port()
        command = [SERVERS / "send_floor" / "start", "--port", str(port), *args]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True) as process:
            try:
                wait_until_ready(process, port)
                asyncio.run(listen(port))
                self.assertEqual(process.wait(SECONDS), 0, "It ends when all have gone.")
            finally:
                process.kill()


if __name__ == "__main__":
    unittest.main()
