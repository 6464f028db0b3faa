"""A parleyd for one figure: started with the options it needs, asked, stopped."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench" / "macro"))

from lib.load import Failed, drive, free_port, listens  # noqa: E402

PROGRAM = ROOT / "build" / "release" / "parleyd"
START_SECONDS_MAX = 20


class Parleyd:
    """A running one."""

    def __init__(self, options, core=None):
        self.port = free_port()
        pinned = ["taskset", "-c", str(core)] if core is not None else []
        environment = {name: value for name, value in os.environ.items()
                       if name != "PORT" and not name.startswith("PARLEY_")}
        self.process = subprocess.Popen(
            [*pinned, str(PROGRAM), "--listen", f"127.0.0.1:{self.port}", *map(str, options)],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)
        deadline = time.monotonic() + START_SECONDS_MAX
        while not listens(self.port):
            if self.process.poll() is not None:
                raise Failed(f"parleyd: {self.process.stderr.read().strip()}")
            if time.monotonic() > deadline:
                raise Failed("parleyd does not listen")
            time.sleep(0.05)

    def load(self, plan, path="/ws", protocol="classic", core=None):
        return drive(self.port, self.process.pid, protocol, path, plan, core)

    def rss_bytes(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024

    def stop(self):
        """Seconds until it had ended, its exit code, and what it logged."""
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            log = self.process.communicate(timeout=30)[1]
        except subprocess.TimeoutExpired:
            self.process.kill()
            log = self.process.communicate()[1]
        return time.monotonic() - began, self.process.returncode, log


@contextmanager
def parleyd(*options, core=None):
    server = Parleyd(options, core)
    try:
        yield server
    finally:
        server.stop()
