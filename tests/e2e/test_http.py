"""HTTP/1.1 as an operator, a load balancer and an attacker speak it, on raw sockets."""

import json
import re
import time
import unittest

from parley import TEXT, Server, frame

KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
UPGRADE = "Upgrade: websocket\r\nConnection: Upgrade\r\n"


def get(path, headers="", method="GET", version="HTTP/1.1"):
    return f"{method} {path} {version}\r\nHost: x\r\n{headers}\r\n".encode()


class Http(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--handshake-timeout-ms", "3000")

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        assert code == 0, f"parleyd ended with {code}\n{cls.server.log}"

    def status(self, request):
        return self.server.request(request).status

    def test_health_is_what_s3_17_says(self):
        response = self.server.request(get("/health"))
        self.assertEqual(response.status, 200)
        self.assertEqual(response.body, b'{"status":"ok","service":"chat-service"}')
        self.assertEqual(response.headers["content-type"], "application/json")

    def test_ready_says_so(self):
        response = self.server.request(get("/ready"))
        self.assertEqual(response.status, 200)
        self.assertEqual(json.loads(response.body), {"status": "ready"})

    def test_metrics_are_prometheus_text_line_by_line(self):
        response = self.server.request(get("/metrics"))
        self.assertEqual(response.status, 200)
        self.assertTrue(response.headers["content-type"].startswith("text/plain; version=0.0.4"))
        text = response.body.decode()
        self.assertTrue(text.endswith("\n"))
        name = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
        label = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
        sample = re.compile(rf"({name})(\{{{label}(?:,{label})*\}})? (\S+)( -?\d+)?")
        types, series, helped = {}, set(), set()
        for line in text.splitlines():
            if match := re.fullmatch(rf"# HELP ({name}) .+", line):
                self.assertNotIn(match.group(1), helped)
                helped.add(match.group(1))
            elif match := re.fullmatch(rf"# TYPE ({name}) (counter|gauge|histogram|summary)", line):
                self.assertNotIn(match.group(1), types)
                types[match.group(1)] = match.group(2)
            else:
                match = sample.fullmatch(line)
                self.assertIsNotNone(match, line)
                float(match.group(3))
                self.assertIn(match.group(1), types, line)
                self.assertNotIn(match.group(1, 2), series, "a series twice")
                series.add(match.group(1, 2))
        self.assertEqual(set(types), helped)
        self.assertGreater(len(types), 20)
        for metric, kind in types.items():
            self.assertEqual(kind == "counter", metric.endswith("_total"), metric)

    def test_counters_only_grow(self):
        before = self.server.metrics()
        for _ in range(5):
            self.server.request(get("/health"))
        self.server.until_metric("parley_http_requests_total",
                                 lambda n: n >= before["parley_http_requests_total"] + 5)

    def test_the_page_and_its_parts_are_there_with_a_strict_policy(self):
        page = self.server.request(get("/"))
        self.assertEqual(page.status, 200)
        self.assertTrue(page.headers["content-type"].startswith("text/html"))
        self.assertIn("default-src 'self'", page.headers["content-security-policy"])
        self.assertNotIn("unsafe", page.headers["content-security-policy"])
        html = page.body.decode()
        self.assertNotRegex(html, r"<script(?![^>]*\bsrc=)|\bstyle=|\bon\w+=|https?://")
        parts = re.findall(r'(?:href|src)="([^"#]+)"', html)
        self.assertIn("app.js", parts)
        seen = set(parts)
        while parts:
            part = parts.pop()
            response = self.server.request(get(f"/{part}"))
            self.assertEqual(response.status, 200, part)
            kind = response.headers["content-type"]
            wanted = {"js": "javascript", "css": "text/css", "svg": "image/svg"}
            self.assertIn(wanted[part.rsplit(".")[-1]], kind, part)
            for module in re.findall(r"from '\./([^']+)'", response.body.decode()):
                if module not in seen:
                    seen.add(module)
                    parts.append(module)
        self.assertGreater(len(seen), 8)

    def test_a_query_behind_a_path_changes_nothing(self):
        self.assertEqual(self.status(get("/health?x=1")), 200)
        self.assertEqual(self.status(get("/?token=abc")), 200)

    def test_head_has_the_headers_of_get_and_no_body(self):
        with self.server.connect() as wire:
            wire.send(get("/health", method="HEAD") + get("/health"))
            head, full = wire.response(to_head=True), wire.response()
            self.assertEqual(head.headers["content-length"], full.headers["content-length"])
            self.assertEqual(len(full.body), int(full.headers["content-length"]))

    def test_statuses_of_bad_requests(self):
        rows = {
            404: [get("/nothing"), get("/ws/x"), get("/../etc/passwd"), get("//health"),
                  get("/%2e%2e/x"), get("/tests/chat.test.js")],
            405: [get("/health", method="POST"), get("/health", method="DELETE"),
                  get("/", method="PUT")],
            414: [get("/" + "x" * 9000)],
            431: [get("/", f"X: {'x' * 20000}\r\n"),
                  get("/", "".join(f"X{i}: 1\r\n" for i in range(200)))],
            400: [b"nonsense\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
                  get("no-slash"), get("/a b"),
                  b"GET / HTTP/1.1\r\n\r\n",
                  b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                  b"GET / HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n",
                  b"GET / HTTP/1.1\r\nHost: x\r\n folded: 1\r\n\r\n",
                  b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
                  b"GET / HTTP/1.1\r\nHost : x\r\n\r\n"],
        }
        for status, requests in rows.items():
            for request in requests:
                with self.subTest(status=status, request=request[:80]):
                    self.assertEqual(self.status(request), status)

    def test_405_says_what_is_allowed(self):
        response = self.server.request(get("/health", method="POST"))
        self.assertIn("GET", response.headers["allow"])

    def test_other_versions_of_http_are_refused_or_answered(self):
        self.assertIn(self.status(get("/", version="HTTP/2.0")), (400, 505))
        with self.server.connect() as wire:
            wire.send(b"GET /health HTTP/1.0\r\n\r\n")
            self.assertEqual(wire.response().status, 200)
            self.assertTrue(wire.ended(), "HTTP/1.0 ends the connection unless asked otherwise")

    def test_smuggling_is_refused_and_ends_the_connection(self):
        # RFC 9112 6.1-6.3; a second, hidden request must never be answered.
        hidden = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
        rows = [
            "Content-Length: 4\r\nContent-Length: 5\r\n",
            "Content-Length: 4\r\nContent-Length: 4\r\n",
            "Content-Length: 4, 5\r\n",
            "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: identity, chunked\r\n",
            "Transfer-Encoding: chunked, identity\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding : chunked\r\n",
            "Transfer-Encoding:\x0bchunked\r\n",
            "Content-Length: +4\r\n",
            "Content-Length: -1\r\n",
            "Content-Length: 0x4\r\n",
            "Content-Length: 4 4\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Content-Length: \r\n",
        ]
        for headers in rows:
            with self.subTest(headers=headers):
                with self.server.connect() as wire:
                    wire.send(get("/health", headers, method="POST") + b"0\r\n\r\n" + hidden)
                    response = wire.response()
                    self.assertIn(response.status, (400, 413, 501))
                    self.assertTrue(wire.ended())
                    self.assertEqual(wire.buffer, b"")

    def test_line_ends_and_chunks_that_parsers_disagree_about_are_refused(self):
        rows = [
            b"GET /health HTTP/1.1\nHost: x\n\n",
            b"GET /health HTTP/1.1\r\nHost: x\rX: y\r\n\r\n",
            get("/health", "Transfer-Encoding: chunked\r\n", "POST") + b"0x5\r\nhello\r\n0\r\n\r\n",
            get("/health", "Transfer-Encoding: chunked\r\n", "POST") + b"-1\r\n\r\n",
            get("/health", "Transfer-Encoding: chunked\r\n", "POST") + b"5\r\nhelloX\r\n0\r\n\r\n",
        ]
        for request in rows:
            with self.subTest(request=request):
                with self.server.connect() as wire:
                    wire.send(request)
                    self.assertEqual(wire.response().status, 400)
                    self.assertTrue(wire.ended())

    def test_a_connection_serves_many_requests(self):
        with self.server.connect() as wire:
            for _ in range(50):
                wire.send(get("/health"))
                self.assertEqual(wire.response().status, 200)

    def test_pipelined_requests_are_answered_in_order(self):
        with self.server.connect() as wire:
            wire.send((get("/health") + get("/nothing") + get("/ready")) * 20)
            for _ in range(20):
                statuses = [wire.response().status for _ in range(3)]
                self.assertEqual(statuses, [200, 404, 200])

    def test_a_request_may_arrive_byte_by_byte(self):
        with self.server.connect() as wire:
            for byte in get("/health", "X-Long: " + "y" * 40 + "\r\n"):
                wire.send(bytes([byte]))
                time.sleep(0.0005)
            self.assertEqual(wire.response().status, 200)

    def test_connection_close_is_obeyed(self):
        with self.server.connect() as wire:
            wire.send(get("/health", "Connection: close\r\n") + get("/health"))
            self.assertEqual(wire.response().headers["connection"], "close")
            self.assertTrue(wire.ended())
            self.assertEqual(wire.buffer, b"")

    def test_a_body_is_read_past_to_the_next_request(self):
        with self.server.connect() as wire:
            wire.send(get("/health", "Content-Length: 5\r\n", "POST") + b"hello" + get("/health"))
            self.assertEqual([wire.response().status, wire.response().status], [405, 200])

    def test_a_body_over_the_limit_is_413(self):
        self.assertEqual(self.status(get("/health", "Content-Length: 1000000\r\n", "POST")), 413)

    def test_a_request_that_never_ends_is_cut(self):
        for start in (b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n"):
            with self.subTest(start=start), self.server.connect() as wire:
                wire.socket.settimeout(15)
                wire.send(start)
                self.assertTrue(wire.ended())

    def test_a_client_that_leaves_half_way_is_no_harm(self):
        for end in range(0, 60, 7):
            with self.server.connect() as wire:
                wire.send(get("/ws", UPGRADE + KEY + "Sec-WebSocket-Version: 13\r\n")[:end])
        self.assertEqual(self.status(get("/health")), 200)


class Upgrade(unittest.TestCase):
    """RFC 6455 4.2: who is let in to /ws, and what the others are told."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server("--allowed-origins", "https://chat.example")

    @classmethod
    def tearDownClass(cls):
        code = cls.server.stop()
        assert code == 0, f"parleyd ended with {code}\n{cls.server.log}"

    def ask(self, headers, method="GET", version="HTTP/1.1"):
        with self.server.connect() as wire:
            wire.send(get("/ws", headers, method, version))
            return wire.response()

    def test_the_sample_handshake_of_the_rfc_is_accepted(self):
        response = self.ask(UPGRADE + KEY + "Sec-WebSocket-Version: 13\r\n")  # 1.3
        self.assertEqual(response.status, 101)
        self.assertEqual(response.headers["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        self.assertEqual(response.headers["upgrade"].lower(), "websocket")
        self.assertEqual(response.headers["connection"].lower(), "upgrade")
        self.assertNotIn("sec-websocket-extensions", response.headers)

    def test_names_and_tokens_are_compared_without_case_and_lists_are_searched(self):
        response = self.ask("UPGRADE: WebSocket\r\nconnection: keep-alive,\tUPGRADE\r\n"
                            + KEY + "sec-websocket-version: 13\r\n")
        self.assertEqual(response.status, 101)

    def test_another_version_is_426_and_names_13(self):
        for version in ("8", "12", "14", "0", "013", "abc", ""):
            with self.subTest(version=version):
                response = self.ask(UPGRADE + KEY + f"Sec-WebSocket-Version: {version}\r\n")
                self.assertEqual(response.status, 426)  # 4.2.2, 4.4
                self.assertEqual(response.headers["sec-websocket-version"], "13")

    def test_a_missing_version_is_refused(self):
        self.assertIn(self.ask(UPGRADE + KEY).status, (400, 426))

    def test_bad_handshakes_are_400(self):
        good = "Sec-WebSocket-Version: 13\r\n"
        rows = {
            "no key": UPGRADE + good,
            "an empty key": UPGRADE + good + "Sec-WebSocket-Key: \r\n",
            "a key of 15 bytes": UPGRADE + good + "Sec-WebSocket-Key: YWJjZGVmZ2hpamtsbW5v\r\n",
            "a key of 17 bytes": UPGRADE + good + "Sec-WebSocket-Key: YWJjZGVmZ2hpamtsbW5vcHE=\r\n",
            "a key that is not base64": UPGRADE + good
                                        + "Sec-WebSocket-Key: ########################\r\n",
            "two keys": UPGRADE + good + KEY + KEY,
            "no Upgrade": "Connection: Upgrade\r\n" + KEY + good,
            "another protocol": "Upgrade: h2c\r\nConnection: Upgrade\r\n" + KEY + good,
            "no Connection": "Upgrade: websocket\r\n" + KEY + good,
            "a Connection without upgrade": "Upgrade: websocket\r\nConnection: close\r\n" + KEY
                                            + good,
            "a body": UPGRADE + KEY + good + "Content-Length: 5\r\n",
            "a plain GET": "",
        }
        for what, headers in rows.items():
            with self.subTest(what=what):
                self.assertEqual(self.ask(headers).status, 400)

    def test_http_1_0_cannot_upgrade(self):
        response = self.ask(UPGRADE + KEY + "Sec-WebSocket-Version: 13\r\n", version="HTTP/1.0")
        self.assertEqual(response.status, 400)

    def test_another_method_is_405(self):
        response = self.ask(UPGRADE + KEY + "Sec-WebSocket-Version: 13\r\n", method="POST")
        self.assertEqual(response.status, 405)

    def test_only_allowed_origins_may_connect_from_browsers(self):
        good = UPGRADE + KEY + "Sec-WebSocket-Version: 13\r\n"
        self.assertEqual(self.ask(good + "Origin: https://chat.example\r\n").status, 101)
        self.assertEqual(self.ask(good + "Origin: https://evil.example\r\n").status, 403)
        self.assertEqual(self.ask(good + "Origin: null\r\n").status, 403)

    def test_an_upgrade_elsewhere_is_404(self):
        with self.server.connect() as wire:
            wire.send(get("/nowhere", UPGRADE + KEY + "Sec-WebSocket-Version: 13\r\n"))
            self.assertEqual(wire.response().status, 404)

    def test_frames_that_come_with_the_handshake_are_read(self):
        with self.server.connect() as wire:
            wire.send(get("/ws", UPGRADE + KEY + "Sec-WebSocket-Version: 13\r\n")
                      + frame(TEXT, b'{"type":"ping"}'))
            self.assertEqual(wire.response().status, 101)
            self.assertEqual(wire.message()["type"], "welcome")
            self.assertEqual(wire.message()["type"], "pong")

    def test_an_upgrade_behind_pipelined_requests_works(self):
        with self.server.connect() as wire:
            wire.send(get("/health") + get("/ws", UPGRADE + KEY + "Sec-WebSocket-Version: 13\r\n"))
            self.assertEqual(wire.response().status, 200)
            self.assertEqual(wire.response().status, 101)
            self.assertEqual(wire.message()["type"], "welcome")


if __name__ == "__main__":
    unittest.main()
