"""Looks at a server again and again while it is measured, from a thread of its own."""

import re
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from lib.load import Failed


def kilobytes(file, name):
    found = re.search(rf"^{name}:\s+(\d+)", Path(file).read_text(encoding="utf-8"), re.M)
    if found is None:
        raise ProcessLookupError(f"{file} says nothing of {name}: the process has ended")
    return int(found.group(1)) * 1024


def memory(_, pid):
    """Bytes of the server's pages, and of the kernel's objects on the whole machine."""
    return {"rss": kilobytes(f"/proc/{pid}/status", "VmRSS"),
            "slab": kilobytes("/proc/meminfo", "Slab")}


class Watch:
    """`look` is a function of port and process id. `before` is what it said of the server alone."""

    def __init__(self, look, interval_s=0.2, settle_s=0.5):
        self.look = look
        self.interval_s = interval_s
        self.settle_s = settle_s
        self.before = None
        self.began = 0.0
        self.samples = []  # (seconds since it began, what was seen)

    @contextmanager
    def __call__(self, port, pid):
        time.sleep(self.settle_s)
        self.before = self.look(port, pid)
        self.began = time.monotonic()
        ended = threading.Event()
        thread = threading.Thread(target=self._go_on, args=(port, pid, ended), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _go_on(self, port, pid, ended):
        while not ended.wait(self.interval_s):
            try:
                seen = self.look(port, pid)
            except OSError:
                continue  # A server too busy to answer is looked at again.
            self.samples.append((time.monotonic() - self.began, seen))

    def steady(self, run):
        """What was seen in the steady window of the run; of a server that was too busy to answer
        then, what was seen last before its end."""
        first = run["steady_at_s"]
        last = first + run["phases"]["steady_s"]
        before_the_end = [(at, seen) for at, seen in self.samples if at < last]
        if not before_the_end:
            raise Failed(f"{run['server_name']} was never seen while it was measured")
        return ([seen for at, seen in before_the_end if at > first]
                or [before_the_end[-1][1]])
