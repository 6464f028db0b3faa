"""What a connection that does nothing costs."""

import statistics

from lib.workloads import Workload

from bar import AT_MOST, Bar, faults_of
from section import Section
from watch import Watch, memory

BYTES_MAX = 400
CONNECTIONS = 15_000

IDLE = Workload("idle", "members of rooms of 100 who say nothing", {"mode": "idle", "members": 100},
                unit="connections/s", value="connects", floor="", peers=())


def with_memory(bench, one, count, how=None, **changes):
    """A run, and bytes of the server and of the kernel for each connection of it."""
    watch = Watch(memory, interval_s=0.05)
    run = bench.run(one, how=(how or {}) | {"beside": watch}, connections=count, **changes)
    seen = watch.steady(run)[-1]
    return run, *((seen[what] - watch.before[what]) / count for what in ("rss", "slab"))


def measure(bench):
    count = bench.size(CONNECTIONS, 500)
    runs, rss, slab = zip(*(with_memory(bench, IDLE, count) for _ in range(bench.rounds)))
    yield Bar(SECTION.name, f"{count:,} idle members of rooms of 100", list(rss),
              "bytes a connection", BYTES_MAX, AT_MOST,
              "kernel objects (slab) of a pair, both ends: "
              f"{statistics.median(slab):,.0f} bytes", faults_of(runs))


SECTION = Section("memory", "Resident bytes of a fresh parleyd with one worker, and with idle "
                  "members, history and presence on: the difference, for each. A pair is both ends "
                  "of a connection, since the generator is on the same machine.", measure)
