"""Runs parley-load for a test, and the relay that misbehaves (lib/faulty_relay.js)."""

import json
import subprocess
import tempfile
from pathlib import Path

from parley import PARLEYD, ROOT

PARLEY_LOAD = PARLEYD.with_name("parley-load")
PLANS = ROOT / "loadgen/plans"
RUN_SECONDS_MAX = 120

GOOD, FAILED, USAGE, NOT_GOOD, INVALID = range(5)  # Exit codes: loadgen/cli/commands.h.


class Outcome:
    """What a run of parley-load came to."""

    def __init__(self, code, out, err, report):
        self.code = code
        self.out = out
        self.err = err
        self.report = report  # The JSON; None when there is none.

    def __str__(self):
        return f"exit code {self.code}\n{self.out}{self.err}"

    @property
    def total(self):
        return self.report["total"]

    @property
    def faults(self):
        return self.report["verdict"]["faults"]

    def latency_ns(self, percent):
        return dict(self.report["latency"]["percentiles"])[percent]


def start(*args):
    return subprocess.Popen([PARLEY_LOAD, *map(str, args)], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process, json_file=None):
    try:
        out, err = process.communicate(timeout=RUN_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
    report = None
    if json_file is not None and json_file.exists() and json_file.stat().st_size > 0:
        report = json.loads(json_file.read_text(encoding="utf-8"))
    return Outcome(process.returncode, out, err, report)


def run(*args):
    """A whole run, of short times unless `args` say otherwise."""
    with tempfile.TemporaryDirectory() as folder:
        json_file = Path(folder) / "run.json"
        # A shared machine may keep the generator waiting: these tests are not about speed.
        return finish(start("run", "--quiet", "--json", json_file, "--warm-up", "200ms",
                            "--lag-max", "1m", *args), json_file)


class FaultyRelay:
    """A context manager; `deeds` is what the relay says it did, once it has ended."""

    def __init__(self, *faults):
        self.process = subprocess.Popen(
            ["node", ROOT / "tests/e2e/lib/faulty_relay.js", *faults], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])
        self.deeds = None

    @property
    def url(self):
        return f"ws://127.0.0.1:{self.port}/{{room}}"

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.process.terminate()
        try:
            out, _ = self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, _ = self.process.communicate()
        if kind is None:
            self.deeds = json.loads(out)
