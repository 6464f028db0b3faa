"""Runs every command of README.md as it stands there."""

import os
import re
import select
import signal
import subprocess
import time
import unittest
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECRET = "0123456789abcdef0123456789abcdef"
COMMAND_SECONDS = 600  # ./dev run may have to build.
# A folder like any other environment: nothing of the caller's configures parleyd.
KEPT = ("PATH", "HOME", "CCACHE_DIR", "CI", "LANG")


def commands():
    """The lines of README's code blocks, without the explanation behind two spaces or more."""
    blocks = re.findall(r"^```\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"),
                        re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines() if line.strip()]
    return [re.split(r"\s{2,}", line.strip())[0] for line in lines]


def environment():
    return {name: os.environ[name] for name in KEPT if name in os.environ}


class Readme(unittest.TestCase):
    def test_knows_each_command_of_the_readme(self):
        known = [command for command, _ in self.checks()]
        self.assertEqual(sorted(set(commands())), sorted(known))

    def test_each_command_does_what_it_says(self):
        for command, check in self.checks():
            with self.subTest(command=command):
                check(command)

    def checks(self):
        return [
            ("./dev", self.check_help),
            ("./dev run", self.check_server),
            ("./dev run --help", self.check_help),
            ("./dev run --listen 0.0.0.0:8080", self.check_server),
            ("./dev run --profile bench", self.check_server),
            ("build/release/parley-load run loadgen/plans/rooms.toml", self.check_load),
            ("./dev dashboard", self.check_dashboard),
            ("tuning/parley-tune check", self.check_tune),
            ("./dev test", self.check_is_what_ci_runs),
            ("build/release/parleyctl token --user alice --secret SECRET", self.check_token),
        ]

    def run_to_end(self, command):
        return subprocess.run(command.split(), cwd=ROOT, env=environment(), text=True,
                              stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=COMMAND_SECONDS, check=False)

    def check_help(self, command):
        ended = self.run_to_end(command)
        self.assertIn("usage", (ended.stdout + ended.stderr).lower())
        self.assertGreater(len(ended.stdout + ended.stderr), 300)

    def check_token(self, command):
        ended = self.run_to_end(command.replace("SECRET", SECRET))
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertRegex(ended.stdout.strip(), r"^[\w-]+\.[\w-]+\.[\w-]+$")

    def check_load(self, command):
        server = ["build/release/parleyd", "--profile", "bench", "--workers", "1",
                  "--log-level", "off"]
        with subprocess.Popen(server, cwd=ROOT, env=environment()) as process:
            try:
                for _ in range(100):
                    if subprocess.run(["build/release/parleyctl", "health"], cwd=ROOT, check=False,
                                      capture_output=True).returncode == 0:
                        break
                    time.sleep(0.1)
                ended = self.run_to_end(command)
            finally:
                process.terminate()
        # A machine that does other work may make it invalid; a fault would be 3.
        self.assertIn(ended.returncode, (0, 4), ended.stdout + ended.stderr)
        self.assertIn("each verified", ended.stdout)
        self.assertNotIn("FAULT", ended.stdout)

    def check_dashboard(self, command):
        ended = self.run_to_end(command)
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertIn("<html", (ROOT / "build" / "dashboard.html").read_text("utf-8").lower())

    def check_tune(self, command):
        ended = self.run_to_end(command)
        self.assertIn(ended.returncode, (0, 1), ended.stderr)
        self.assertRegex(ended.stdout, r"\d+ ok, \d+ off\n$")

    def check_is_what_ci_runs(self, command):
        # This test is one of those that the command runs, so it cannot run the command.
        self.assertIn(command, (ROOT / ".ci" / "run").read_text(encoding="utf-8"))

    def check_server(self, command):
        process = subprocess.Popen(command.split(), cwd=ROOT, env=environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        try:
            self.wait_until_listening(process)
            with urllib.request.urlopen("http://127.0.0.1:8080/health", timeout=10) as answer:
                self.assertEqual(answer.read(), b'{"status":"ok","service":"chat-service"}')
            with urllib.request.urlopen("http://127.0.0.1:8080/", timeout=10) as answer:
                self.assertIn(b"<html", answer.read())
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(30), 0)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            process.stderr.close()

    def wait_until_listening(self, process):
        text = b""
        end = time.monotonic() + COMMAND_SECONDS
        while b"listening on http://" not in text:
            ready, _, _ = select.select([process.stderr], [], [], max(0, end - time.monotonic()))
            part = os.read(process.stderr.fileno(), 65536) if ready else b""
            self.assertTrue(part, text.decode(errors="replace"))
            text += part


if __name__ == "__main__":
    unittest.main()
