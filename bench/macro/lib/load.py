"""Starts a server of bench/macro/servers, drives it with parley-load, and says what came out."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SERVERS = ROOT / "bench" / "macro" / "servers"
START_SECONDS_MAX = 20
STOP_SECONDS_MAX = 15

# How each server is spoken to: parley-load's preset, and the path.
DIALECTS = {
    "parleyd": ("classic", "/ws"),
    "socketio": ("socketio", "/socket.io/?EIO=4&transport=websocket&room={room}"),
}
PLAIN = ("ws-raw", "/{room}")


class Failed(Exception):
    """The measurement could not be made; the message says why."""


@dataclass
class Server:
    """What to start: a server of this repository's folder, and where it comes from."""

    name: str
    arguments: list = field(default_factory=list)  # Further ones of its start script.
    dialect: tuple = ()  # Instead of what DIALECTS has for it.
    build_dir: Path = ROOT / "build" / "release"

    def available(self):
        return (SERVERS / self.name / "start").exists()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(server, core=None):
    """Its port and process id."""
    port = free_port()
    command = [SERVERS / server.name / "start", "--port", port, "--build-dir", server.build_dir]
    if core is not None:
        command += ["--core", core]
    process = subprocess.Popen([str(word) for word in command + server.arguments],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_SECONDS_MAX
        while not listens(port):
            if process.poll() is not None:
                raise Failed(f"{server.name} ended with {process.returncode}")
            if time.monotonic() > deadline:
                raise Failed(f"{server.name} did not listen within {START_SECONDS_MAX} s")
            time.sleep(0.05)
        yield port, process.pid
        if process.poll():  # A floor may end, without an error, when all have gone.
            raise Failed(f"{server.name} ended with {process.returncode} while it was measured")
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def flags_of(plan):
    """A plan's options as flags: {"depth": 16} is --depth 16."""
    return [word for name, value in plan.items() for word in (f"--{name}", str(value))]


def reported(command, *words, core=None, load=None):
    """What parley-load's run, capacity or compare wrote (docs/load-report.md)."""
    load = load or ROOT / "build" / "release" / "parley-load"
    pinned = ["taskset", "-c", str(core)] if core is not None else []
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        done = subprocess.run([*pinned, str(load), command, "--quiet", "--json", str(report),
                               *map(str, words)],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if not report.exists():
            raise Failed((done.stderr or done.stdout).strip())
        return json.loads(report.read_text(encoding="utf-8"))


def drive(port, pid, protocol, path, plan, core=None, load=None):
    """One run of parley-load."""
    return reported("run", "--url", f"ws://127.0.0.1:{port}{path}", "--protocol", protocol,
                    "--pid", pid, *flags_of(plan), core=core, load=load)


def dialect_of(server):
    return server.dialect or DIALECTS.get(server.name, PLAIN)


def measure(server, plan, server_core=None, load_core=None, beside=None):
    """One run on a server of its own. `beside`, given its port and process id, makes the context
    that the run is made in: somebody who looks at the server meanwhile."""
    protocol, path = dialect_of(server)
    load_before = os.getloadavg()[0]
    with (running(server, server_core) as (port, pid),
          beside(port, pid) if beside else nullcontext()):
        run = drive(port, pid, protocol, path, plan, load_core)
    return run | {"server_name": server.name, "load_before": round(load_before, 2)}
