"""How fast connections are opened, and how evenly they spread over workers."""

from dataclasses import replace

from lib.metrics import metrics
from lib.workloads import workload

from bar import AT_MOST, Bar, faults_of
from bench import workers_for
from section import Section
from watch import Watch

RATIO_MIN = 0.9
CONNECTIONS = 15_000  # The floor has one ring.
PEER = "beast"
MANY = 50_000
WORKERS_MIN = 3
SPREAD_MAX = 1.1


def opening_cpu(run):
    """Seconds of the server's CPU until all were connected: what parley-load calls saturated is
    about the steady window, and here that is idle."""
    samples = run["server"]["samples"]
    return sum(later["cpu"] * (later["t_s"] - sooner["t_s"])
               for sooner, later in zip(samples, samples[1:])
               if later["t_s"] <= run["steady_at_s"] + 0.01)


def opening_ratio(of, to):
    """The smaller of the ratios by rate and by CPU: a generator that limits both evens rates."""
    if of["verdict"]["faults"] or to["verdict"]["faults"]:
        return None
    by_rate = of["rates"]["connects"] / to["rates"]["connects"]
    cpu = [opening_cpu(run) for run in (of, to)]
    return min(by_rate, cpu[1] / cpu[0]) if min(cpu) > 0 else None


def opening(bench, load, count):
    pairs = bench.pairs(load, connections=count, duration="200ms")
    rates = " against ".join(", ".join(f"{load.value_of(run):,.0f}" for run in runs)
                             for runs in zip(*pairs))
    us = " against ".join(", ".join(f"{opening_cpu(run) * 1e6 / count:.1f}" for run in runs)
                          for runs in zip(*pairs))
    return Bar(SECTION.name, f"accept and upgrade of {count:,}",
               [opening_ratio(*pair) for pair in pairs], limit=RATIO_MIN,
               note=f"{rates} connections/s; {us} us of server CPU each; the smaller ratio counts",
               faults=faults_of(run for pair in pairs for run in pair))


def beside_a_peer(bench, load, count, peer):
    """Not judged: who answers more slowly than a peer has something to learn from it."""
    pairs = [(bench.run(load, connections=count, duration="200ms"),
              bench.run(load, peer, connections=count, duration="200ms"))
             for _ in range(bench.rounds)]
    return Bar(SECTION.name, f"accept and upgrade of {count:,} over {peer}",
               [opening_ratio(*pair) for pair in pairs],
               faults=faults_of(run for pair in pairs for run in pair))


def evenness(bench, count, workers):
    load = replace(workload("upgrade"), name="upgrade-many", floor="")
    runs, values = [], []
    for _ in range(bench.rounds):
        watch = Watch(lambda port, _: metrics(port)["connections"])
        runs.append(bench.run(load, how={"arguments": ("--workers", workers), "beside": watch},
                              connections=count, duration="1s"))
        held = watch.steady(runs[-1])[-1]
        values.append(max(held) / max(min(held), 1))
    rates = ", ".join(f"{load.value_of(run):,.0f}" for run in runs)
    return Bar(SECTION.name, f"most over fewest of {count:,} connections on {workers} workers",
               values, "ratio", SPREAD_MAX, AT_MOST, f"opened at {rates} connections/s",
               faults_of(runs))


def measure(bench):
    count = bench.size(CONNECTIONS, 1000)
    load = replace(workload("upgrade"), name=f"upgrade-{count}",
                   says=f"opening {count:,} WebSockets, as fast as it goes: nobody joins a room")
    yield opening(bench, load, count)
    yield beside_a_peer(bench, load, count, PEER)
    many = bench.size(MANY, 3000)
    yield evenness(bench, many, max(workers_for(many), WORKERS_MIN))


SECTION = Section("connect", "Connections a second, TCP and upgrade, 256 under way at a time, "
                  "nobody joins a room: parleyd over the relay floor, by rate and by the server's "
                  "CPU until all are there, of which the smaller counts. Then how evenly more "
                  "connections spread over workers, as many as the limit of open files demands, on "
                  "one core: connections of the worker with most over those of the one with "
                  "fewest.", measure)
