"""Python's `websockets` and Node's `ws` in one room: neither was written here."""

import asyncio
import json
import unittest
from pathlib import Path

import websockets

from parley import Server

NODE_CLIENT = Path(__file__).parent / "lib" / "line_client.js"
SECONDS = 15


class NodeClient:
    """A `ws` client in a process of its own."""

    @classmethod
    async def start(cls, url):
        self = cls()
        pipe = asyncio.subprocess.PIPE
        self.process = await asyncio.create_subprocess_exec(
            "node", str(NODE_CLIENT), url, stdin=pipe, stdout=pipe, limit=1 << 20)
        return self

    async def send(self, text):
        self.process.stdin.write(text.encode() + b"\n")
        await self.process.stdin.drain()

    async def recv(self):
        return (await self.process.stdout.readline()).decode()

    async def close(self):
        self.process.stdin.close()
        async for line in self.process.stdout:
            last = json.loads(line)
        await self.process.wait()
        return last["code"]


async def until(client, kind):
    """The next message of a type; what comes before it is passed over."""
    async with asyncio.timeout(SECONDS):
        while True:
            message = json.loads(await client.recv())
            if message["type"] == kind:
                return message


async def tell(client, **message):
    await client.send(json.dumps(message))


async def enter(client, room):
    await until(client, "welcome")
    await tell(client, type="joinRoom", room=room)
    return await until(client, "history")


class Interop(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.server = Server("--profile", "bench")
        self.addCleanup(self.stop)

    def stop(self):
        self.assertEqual(self.server.stop(), 0, self.server.log)

    async def test_both_hear_each_other_in_one_order(self):
        node = await NodeClient.start(self.server.url)
        async with websockets.connect(self.server.url) as python:
            await enter(node, "tower")
            await enter(python, "tower")
            count = 200
            for i in range(count):
                await tell(node, type="message", room="tower", message=f"node {i}")
                await tell(python, type="message", room="tower", message=f"python {i}")
            heard = []
            for client in (node, python):
                heard.append([await until(client, "message") for _ in range(2 * count)])
            self.assertEqual(heard[0], heard[1])
            self.assertEqual([m["seq"] for m in heard[0]], list(range(1, 2 * count + 1)))
            for name in ("node", "python"):
                own = [m["message"] for m in heard[0] if m["message"].startswith(name)]
                self.assertEqual(own, [f"{name} {i}" for i in range(count)])
            self.assertEqual(len({m["userId"] for m in heard[0]}), 2)
        self.assertEqual(python.close_code, 1000)
        self.assertEqual(await node.close(), 1000)

    async def test_compression_is_declined_and_the_talk_goes_on(self):
        async with websockets.connect(self.server.url, compression="deflate") as client:
            self.assertEqual(client.extensions, [])
            await enter(client, "plain")

    async def test_a_large_message_survives_fragments_of_the_client(self):
        async with websockets.connect(self.server.url) as client:
            await enter(client, "large")
            text = "x" * 30_000 + "ü" * 10_000
            whole = json.dumps({"type": "message", "room": "large", "message": text},
                               ensure_ascii=False)
            await client.send([whole[i:i + 777] for i in range(0, len(whole), 777)])
            self.assertEqual((await until(client, "message"))["message"], text)

    async def test_pings_of_the_library_are_answered(self):
        async with websockets.connect(self.server.url) as client:
            for _ in range(5):
                async with asyncio.timeout(SECONDS):
                    await (await client.ping())

    async def test_binary_closes_with_1003(self):
        async with websockets.connect(self.server.url) as client:
            await until(client, "welcome")
            await client.send(b"\x00\x01")
            with self.assertRaises(websockets.ConnectionClosed):
                await until(client, "never")
            self.assertEqual(client.close_code, 1003)

    async def test_a_bad_token_is_401(self):
        with self.assertRaises(websockets.InvalidStatusCode) as caught:
            await websockets.connect(f"{self.server.url}?token=abc")
        self.assertEqual(caught.exception.status_code, 401)


if __name__ == "__main__":
    unittest.main()
