#!/usr/bin/env python3
"""Fan-out of one worker beside its floor, in turns, on two cores.

parleyd (one worker) or send_floor runs on one core, fanout_client on another. They take turns, so
that a slow minute of the host slows both. --record keeps what came out in results/.
"""

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import report

ROOT = Path(__file__).resolve().parent.parent.parent.parent
CASE = "fanout-first"
START_SECONDS_MAX = 10
STOP_SECONDS_MAX = 10


class Failed(Exception):
    """The measurement could not be made; the message says why."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pinned(core, program, *args):
    return ["taskset", "-c", str(core), str(program), *map(str, args)]


@contextmanager
def started(command, **how):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **how)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_healthy(port, process):
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Failed(f"parleyd ended with {process.returncode}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise Failed(f"parleyd did not answer within {START_SECONDS_MAX} s")


class Bench:
    """The programs of one build directory, and how to run them."""

    def __init__(self, options):
        self.options = options
        self.bin = Path(options.build_dir).resolve()
        for name in ("parleyd", "fanout_client", "send_floor"):
            if not (self.bin / name).exists():
                raise Failed(f"{self.bin / name} is missing: ./dev bench fanout builds it")

    def client(self, mode, port, pid, depth):
        o = self.options
        command = pinned(o.client_core, self.bin / "fanout_client", "--mode", mode, "--port", port,
                         "--server-pid", pid, "--connections", o.connections, "--members",
                         o.members, "--depth", depth, "--text-bytes", o.text_bytes, "--sweep-us",
                         o.sweep_us, "--warm-up", o.warm_up, "--window", o.window)
        load = os.getloadavg()[0]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60 + o.warm_up + o.window, check=False)
        if done.returncode != 0:
            raise Failed(f"fanout_client: {(done.stderr or done.stdout).strip()}")
        return json.loads(done.stdout) | {"load_before": round(load, 2)}

    def parley(self, depth):
        port = free_port()
        command = pinned(self.options.server_core, self.bin / "parleyd", "--profile", "bench",
                         "--workers", 1, "--listen", f"127.0.0.1:{port}", "--log-level", "error")
        environment = {name: value for name, value in os.environ.items()
                       if name != "PORT" and not name.startswith("PARLEY_")}
        with started(command, env=environment) as server:
            wait_until_healthy(port, server)
            return self.client("chat", port, server.pid, depth) | {"of": "parley"}

    def floor(self, frame_bytes, frames_per_send):
        command = pinned(self.options.server_core, self.bin / "send_floor", "--connections",
                         self.options.connections, "--frame-bytes", frame_bytes,
                         "--frames-per-send", frames_per_send)
        with started(command, stdout=subprocess.PIPE, text=True) as server:
            port = int(server.stdout.readline())
            return self.client("raw", port, server.pid, 1) | {"of": "floor",
                                                              "frames_per_send": frames_per_send}


def measure(bench, options):
    """Rounds of parleyd and floor in turn, then one window of parleyd for each further depth."""
    runs = []
    for round_number in range(options.rounds):
        parley = bench.parley(options.depth)
        runs.append(parley)
        runs.append(bench.floor(parley["frame_bytes"], options.frames_per_send))
        print(f"round {round_number + 1}: parleyd {report.millions(runs[-2])}, "
              f"floor {report.millions(runs[-1])} deliveries/s", file=sys.stderr)
    for depth in options.extra_depths:
        runs.append(bench.parley(depth))
    if runs and options.floor_like_parley:
        # The floor with sends of the size that parleyd's turned out to have.
        seen = statistics.median(run["frames_per_receive"] for run in runs
                                 if run["of"] == "parley" and run["depth"] == options.depth)
        runs.append(bench.floor(runs[0]["frame_bytes"], max(1, round(seen))))
    return runs


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--build-dir", default=ROOT / "build" / "release")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--depth", type=int, default=16, help="messages in flight per room")
    parser.add_argument("--extra-depths", type=int, nargs="*", default=[1, 32, 64])
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--members", type=int, default=100, help="of one room")
    parser.add_argument("--text-bytes", type=int, default=64)
    parser.add_argument("--frames-per-send", type=int, default=16, help="of the floor")
    parser.add_argument("--floor-like-parley", action=argparse.BooleanOptionalAction, default=True,
                        help="also a floor with as many frames per send as parleyd had")
    parser.add_argument("--sweep-us", type=int, default=100, help="least time between two sweeps")
    parser.add_argument("--warm-up", type=float, default=2)
    parser.add_argument("--window", type=float, default=5)
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--client-core", type=int, default=1)
    parser.add_argument("--record", action="store_true", help="keep it in results/")
    return parser.parse_args(arguments)


def main(arguments):
    options = parse(arguments)
    if (os.cpu_count() or 1) < 2:
        print("the server and its client need a core each", file=sys.stderr)
        return 1
    try:
        runs = measure(Bench(options), options)
    except Failed as failure:
        print(f"fanout: {failure}", file=sys.stderr)
        return 1
    print(report.table(runs, options.depth))
    if options.record:
        folder = ROOT / "results" / f"{time.strftime('%Y-%m-%d')}-{CASE}"
        report.record(folder, ROOT, runs, options, arguments)
        print(f"recorded in {folder.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
