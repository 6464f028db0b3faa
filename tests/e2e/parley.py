"""Starts parleyd for a test, and speaks HTTP and WebSocket to it byte by byte."""

import base64
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARLEYD = Path(os.environ.get("PARLEYD", ROOT / "build/release/parleyd")).resolve()
START_SECONDS = 20
STOP_SECONDS = 20
SOCKET_SECONDS = 10

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Server:
    """One parleyd on a port that the kernel chose; a context manager that stops it."""

    def __init__(self, *args):
        # Away from files and variables that would configure it.
        self.folder = tempfile.mkdtemp(prefix="parley-e2e-")
        kept = ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS")
        env = {name: os.environ[name] for name in kept if name in os.environ}
        workers = [] if "--workers" in args else ["--workers", "2"]
        self.process = subprocess.Popen(
            [PARLEYD, "--listen", "127.0.0.1:0", *workers, *args], cwd=self.folder, env=env,
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.lines = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.port = self._wait_for_port()

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    def _wait_for_port(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            found = re.search(r"listening on http://127\.0\.0\.1:(\d+)", self.log)
            if found:
                return int(found.group(1))
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        self.kill()
        raise RuntimeError(f"parleyd does not listen: {self.log}")

    @property
    def log(self):
        return "\n".join(self.lines)

    @property
    def pid(self):
        return self.process.pid

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.port}/ws"

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if self.process.poll() is not None and kind is None and self.process.returncode == 0:
            self.kill()
            return
        code = self.stop()
        if kind is None and code != 0:
            raise AssertionError(f"parleyd ended with {code}\n{self.log}")

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        """The exit code; None when it did not end in time."""
        try:
            code = self.process.wait(STOP_SECONDS)
            self.reader.join(5)
            return code
        except subprocess.TimeoutExpired:
            return None

    def stop(self):
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        code = self.wait()
        self.kill()
        return code

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join(5)
        self.process.stderr.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self):
        return Wire(socket.create_connection(("127.0.0.1", self.port), SOCKET_SECONDS))

    def request(self, text):
        """Sends one request and reads one response on a connection of its own."""
        with self.connect() as wire:
            wire.send(text)
            return wire.response()

    def metrics(self):
        response = self.request(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        totals = {}
        for line in response.body.decode().splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                name = name.partition("{")[0]
                totals[name] = totals.get(name, 0) + float(value)
        return totals

    def until_metric(self, name, wanted):
        """Waits until `wanted(total)` holds; metrics are published a few times a second."""
        end = time.monotonic() + SOCKET_SECONDS
        while True:
            total = self.metrics()[name]
            if wanted(total):
                return total
            if time.monotonic() > end:
                raise AssertionError(f"{name} is {total}")
            time.sleep(0.1)


class Response:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def __repr__(self):
        return f"Response({self.status}, {self.headers}, {self.body[:200]!r})"


class Wire:
    """A TCP connection that is written and read by the byte."""

    def __init__(self, sock):
        self.socket = sock
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def _more(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError(f"the connection ended behind {self.buffer!r}")
        self.buffer += data

    def exactly(self, count):
        while len(self.buffer) < count:
            self._more()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def up_to(self, mark):
        while mark not in self.buffer:
            self._more()
        data, _, self.buffer = self.buffer.partition(mark)
        return data

    def response(self, to_head=False):
        head = self.up_to(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, status = head[0].split(" ", 2)[:2]
        assert version == "HTTP/1.1", head[0]
        headers = {}
        for line in head[1:]:
            name, _, value = line.partition(":")
            assert name.lower() not in headers, f"{name} twice"
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
        return Response(int(status), headers, b"" if to_head else self.exactly(length))

    def ended(self):
        """Whether the server ends the connection, with everything read before that."""
        try:
            while True:
                data = self.socket.recv(65536)
                if not data:
                    return True
                self.buffer += data
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def upgrade(self, path="/ws"):
        key = base64.b64encode(os.urandom(16)).decode()
        self.send(f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                  f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
                  "Sec-WebSocket-Version: 13\r\n\r\n".encode())
        response = self.response()
        assert response.status == 101, response
        return response

    # -- Frames

    def frame(self):
        """Reads one frame: (first byte, payload). A server's frames are not masked (5.1)."""
        first, second = self.exactly(2)
        assert second < 128, "a masked frame from the server"
        size = second
        if second == 126:
            size = struct.unpack(">H", self.exactly(2))[0]
        elif second == 127:
            size = struct.unpack(">Q", self.exactly(8))[0]
        return first, self.exactly(size)

    def message(self):
        """Reads one text message of the chat; pings in between are answered."""
        while True:
            first, payload = self.frame()
            if first == 0x80 | PING:
                self.send(frame(PONG, payload))
                continue
            assert first == 0x80 | TEXT, (first, payload)
            return json.loads(payload)

    def until(self, kind):
        while True:
            message = self.message()
            if message["type"] == kind:
                return message

    def close_frame(self):
        """Reads up to a close frame: (code, reason)."""
        while True:
            first, payload = self.frame()
            if first == 0x80 | CLOSE:
                if not payload:
                    return 1005, ""
                return struct.unpack(">H", payload[:2])[0], payload[2:].decode()

    def say(self, message):
        self.send(frame(TEXT, json.dumps(message).encode()))

    def chat(self, room=None):
        """Upgrades, reads the welcome and joins."""
        self.upgrade()
        welcome = self.until("welcome")
        if room is not None:
            self.say({"type": "joinRoom", "room": room})
            self.until("history")
        return welcome


def frame(opcode, payload=b"", *, fin=True, rsv=0, masked=True, key=b"\x37\xfa\x21\x3d"):
    """A client's frame; masked unless it is to be wrong."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    mask_bit = 0x80 if masked else 0
    size = len(payload)
    if size < 126:
        head = struct.pack(">BB", first, mask_bit | size)
    elif size < 65536:
        head = struct.pack(">BBH", first, mask_bit | 126, size)
    else:
        head = struct.pack(">BBQ", first, mask_bit | 127, size)
    if not masked:
        return head + payload
    body = bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))
    return head + key + body
