"""How fast connections are opened, and how evenly they spread over workers."""

from dataclasses import replace

from lib.metrics import metrics
from lib.workloads import workload

from bar import AT_MOST, Bar, faults_of, ratio_bar
from bench import workers_for
from section import Section
from watch import Watch

RATIO_MIN = 0.9
CONNECTIONS = 15_000  # The floor has one ring.
MANY = 50_000
WORKERS_MIN = 3
SPREAD_MAX = 1.1


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
    # By CPU says nothing here: it is that of the steady window, when all are connected.
    yield ratio_bar(SECTION.name, f"accept and upgrade of {count:,}",
                    bench.pairs(load, connections=count, duration="200ms"), load, by_cpu=False,
                    limit=RATIO_MIN)
    many = bench.size(MANY, 3000)
    yield evenness(bench, many, max(workers_for(many), WORKERS_MIN))


SECTION = Section("connect", "Connections a second, TCP and upgrade, 256 under way at a time, "
                  "nobody joins a room: parleyd over the relay floor. Then how evenly more "
                  "connections spread over workers, as many as the limit of open files demands, on "
                  "one core: connections of the worker with most over those of the one with "
                  "fewest.", measure)
