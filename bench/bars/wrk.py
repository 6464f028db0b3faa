"""Drives an HTTP server with wrk, and says what came out in the form of parley-load's runs."""

import os
import re
import resource
import shutil
import subprocess
import time
from pathlib import Path

from lib.load import Failed, Server, running

from bench import Missing

CONNECTIONS = 64
BUSY = 0.9       # Of a core: as parley-load judges a server.
SATURATED = 0.95


def cpu_of(pid):
    """Seconds of CPU that a process has used: fields 14 and 15 of its stat, proc(5)."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def cpu_of_children():
    """The same of those that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def faults_of(text):
    """What wrk says went wrong."""
    return [line.strip() for line in text.splitlines()
            if re.match(r"\s*(Socket errors|Non-2xx)", line)]


def verdict_of(text, server_cpu, own_cpu):
    limited = own_cpu > SATURATED and server_cpu < BUSY
    why = ["the generator had no processor time left while the server used "
           f"{server_cpu:.2f} of a core"] if limited else []
    return {"valid": not why, "invalid_because": why, "faults": faults_of(text)}


def drive(port, pid, seconds, core, script=None):
    """Keep-alive connections ask for /health for so many seconds, a whole number of them."""
    if not shutil.which("wrk"):
        raise Missing("there is no wrk: ./dev setup gets it")
    used, used_own, began = cpu_of(pid), cpu_of_children(), time.monotonic()
    command = ["taskset", "-c", str(core), "wrk", "--threads", "1", "--connections",
               str(CONNECTIONS), "--duration", f"{seconds}s",
               *(["--script", script] if script else []), f"http://127.0.0.1:{port}/health"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)
    rate = re.search(r"^Requests/sec:\s+(\S+)", done.stdout, re.M)
    if rate is None:
        raise Failed(f"wrk: {(done.stderr or done.stdout).strip()}")
    took = time.monotonic() - began
    server_cpu = (cpu_of(pid) - used) / took
    own_cpu = (cpu_of_children() - used_own) / took
    return {"rates": {"requests": float(rate.group(1))}, "server": {"cpu": server_cpu},
            "generator": {"cpu": own_cpu, "saturated": own_cpu > SATURATED},
            "verdict": verdict_of(done.stdout, server_cpu, own_cpu)}


def measure(name, seconds, bench, script=None):
    """One run on a server of its own."""
    load_before = os.getloadavg()[0]
    with running(Server(name), bench.server_core) as (port, pid):
        run = drive(port, pid, seconds, bench.load_core, script)
    return run | {"server_name": name, "load_before": round(load_before, 2)}
