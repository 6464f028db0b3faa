"""Two million connections, and a message in every room of theirs."""

import os
from pathlib import Path

from lib.load import ROOT, Failed, Server, reported, running
from lib.workloads import SUBJECT, VALUES, Workload

from bar import AT_MOST, Bar, faults_of
from bench import workers_for
from section import RECORDED, Section
from watch import Watch, memory

PLAN = ROOT / "loadgen" / "plans" / "two-million.toml"
CONNECTIONS, MEMBERS = 2_000_000, 100
BRIEF = ("--connections", 400, "--rate", "100/s", "--warm-up", "0s", "--duration", "400ms",
         "--criteria", "loss == 0, disconnects == 0")
BRIEF_CONNECTIONS = 400
# As the plan says that the server is started.
SERVER = ("--ping-interval-ms", 60_000, "--ping-timeout-ms", 60_000, "--presence-members-max", 0)

LOAD = Workload("two-million", "two million members of rooms of 100, pinged each minute", {},
                floor="", peers=())


def check_host(connections):
    """Each connection takes a file at either end."""
    files = int(Path("/proc/sys/fs/file-max").read_text(encoding="utf-8"))
    if files < 2 * connections:
        raise Failed(f"fs.file-max is {files}, too few for both ends of {connections} "
                     "connections: tuning/parley-tune apply")


def hold(bench, connections):
    """The run, and what the server and the kernel held in its steady window; on any core."""
    server = Server(SUBJECT, [*map(str, ("--workers", max(workers_for(connections), 1), *SERVER))])
    watch = Watch(memory, interval_s=bench.size(1, 0.05))
    load_before = round(os.getloadavg()[0], 2)
    with running(server) as (port, pid), watch(port, pid):
        run = reported("run", PLAN, "--url", f"ws://127.0.0.1:{port}/ws", "--pid", pid,
                       *bench.size((), BRIEF))
    run = bench.keep(LOAD, run | {"server_name": SUBJECT, "load_before": load_before})
    seen = watch.steady(run)
    return run, {what: max(one[what] for one in seen) - before
                 for what, before in (("rss", 0), ("slab", watch.before["slab"]))}


def measure(bench):
    connections = bench.size(CONNECTIONS, BRIEF_CONNECTIONS)
    check_host(connections)
    run, held = hold(bench, connections)
    total, faults = run["total"], faults_of([run])

    def bar(name, value, unit, *judged):
        return Bar(SECTION.name, name, [value], unit, *judged, faults=faults)

    rooms = connections // MEMBERS
    yield bar("connections held", total["connects"] - total["disconnects"], "connections",
              connections)
    # Rooms take turns: so many publications are of as many rooms, unless some are skipped.
    yield bar("rooms that heard a message", min(total["publications"], rooms) - total["skipped"],
              "rooms", rooms)
    yield bar("deliveries lost, of those owed", total["lost"], "deliveries", 0, AT_MOST,
              f"{total['deliveries']:,} verified")
    yield bar("server RSS", held["rss"] / connections, "bytes a connection")
    yield bar("generator RSS", run["generator"]["rss_bytes"] / connections, "bytes a connection")
    yield bar("kernel objects (slab)", held["slab"] / connections, "bytes a pair")
    yield bar("opened, member of a room included", VALUES["connects"](run), "connections/s")
    for name in ("p50", "p99"):
        yield bar(f"latency {name}", VALUES[name](run) / 1e6, "ms")


SECTION = Section("two-million", "loadgen/plans/two-million.toml: server and generator on both "
                  "cores, 20,000 rooms of 100, each written to once at least, a ping to each "
                  "connection every minute. Takes ten minutes, 23 GB, and what parley-tune sets.",
                  measure, RECORDED)
