"""The same traffic among more and more connections, and what an idle one costs."""

import statistics
from dataclasses import dataclass, replace

from lib.workloads import VALUES, Workload

from bar import AT_MOST, Bar, faults_of, is_valid
from bench import workers_for
from plot import Panel, svg
from section import RECORDED, Section
from sections.memory import CONNECTIONS, IDLE, with_memory

SIZES = (1_000, 10_000, 100_000)
MILLION = (*SIZES, 1_000_000)
LOAD = Workload("growth", "20,000 deliveries a second among members of rooms of 100",
                {"mode": "open", "members": 100, "rate": "200/s", "payload": 64,
                 "connect-timeout": "60s", "drain": "30s",
                 # What is asked is what the server needs; who sends 200 a second may be late.
                 "lag-max": "100ms"}, floor="", peers=())
PING_MS = 10_000
PING_MS_MILLION = 60_000

IDLE_US_MAX = 2.2  # Of CPU for a connection each second, at the default interval.
DEFAULT_MS = 25_000
OFTEN_MS = 5_000


@dataclass(frozen=True)
class Quantity:
    """What is told of each size."""

    name: str
    unit: str
    value_of: object  # Of (run, bytes of RSS a connection).


def pings(bench, interval_ms):
    """Options of parleyd. The time for an answer keeps its share of the interval, 20 s of 25: the
    next ping is not before that. Where brevity counts, whoever answers late is no fault."""
    return ("--ping-interval-ms", interval_ms,
            "--ping-timeout-ms", bench.size(interval_ms * 4 // 5, 20_000))


QUANTITIES = (
    Quantity("deliveries", "deliveries/s", lambda run, rss: VALUES["deliveries"](run)),
    Quantity("server CPU", "us a delivery", lambda run, rss: VALUES["server_cpu"](run) / 1e3),
    Quantity("latency p50", "ms", lambda run, rss: VALUES["p50"](run) / 1e6),
    Quantity("latency p99", "ms", lambda run, rss: VALUES["p99"](run) / 1e6),
    Quantity("RSS", "bytes a connection", lambda run, rss: rss),
)
PANELS = (("deliveries a second", ("deliveries",)), ("server CPU, us a delivery", ("server CPU",)),
          ("latency, ms", ("latency p50", "latency p99")),
          ("server RSS, bytes a connection", ("RSS",)))


def at_size(bench, count, ping_ms):
    """A run among so many, and bytes of RSS for each. Its window is that of one ping to each: they
    come in a crowd, as the connections did."""
    window = bench.size({"duration": f"{ping_ms}ms"}, {})
    arguments = ("--workers", max(workers_for(count), 1), *pings(bench, ping_ms))
    return with_memory(bench, replace(LOAD, name=f"growth-{count}"), count,
                       {"arguments": arguments}, **window)[:2]


def bars_of_size(section, count, rounds):
    workers = max(workers_for(count), 1)
    note = f"{workers} worker{'s' if workers > 1 else ''}"
    invalid = sum(not is_valid(run) for run, _ in rounds)
    if invalid:
        note += f"; {invalid} of {len(rounds)} rounds INVALID: the generator was late"
    for quantity in QUANTITIES:
        yield Bar(section, f"{count:,} connections: {quantity.name}",
                  [quantity.value_of(*one) for one in rounds], quantity.unit, note=note,
                  faults=faults_of(run for run, _ in rounds))


def plot(by_size):
    """Medians over the number of connections."""
    of = {quantity.name: quantity.value_of for quantity in QUANTITIES}
    panels = []
    for title, names in PANELS:
        lines = {name: [(count, statistics.median(of[name](*one) for one in rounds))
                        for count, rounds in by_size.items()] for name in names}
        panels.append(Panel(title, lines, "connections"))
    return svg(panels)


def grow(bench, section, sizes, ping_ms, rounds):
    by_size = {count: [] for count in sizes}
    for _ in range(rounds):
        for count, runs in by_size.items():
            runs.append(at_size(bench, count, ping_ms))
    for count, rounds in by_size.items():
        yield from bars_of_size(section, count, rounds)
    bench.plots[f"{section}.svg"] = plot(by_size)


def idle_us(bench, name, count, arguments, seconds):
    """A run, and us of the server's CPU for each connection and second."""
    run = bench.run(replace(IDLE, name=name), how={"arguments": arguments}, connections=count,
                    warm_up=f"{seconds / 2:g}s", duration=f"{seconds:g}s")
    return run, run["server"]["cpu"] * 1e6 / count


def idle_cpu(bench):
    """Pings come more often than by default, so that the window need not be a minute: what silence
    costs is measured beside it, and the rest is in proportion to the pings."""
    count, interval_ms = bench.size((CONNECTIONS, OFTEN_MS), (500, 500))
    window = 2 * interval_ms / 1e3
    runs, values, often = [], [], []
    for _ in range(bench.rounds):
        pinged, us = idle_us(bench, "idle-pings", count, pings(bench, interval_ms), window)
        silent, us_silent = idle_us(bench, "idle-silent", count, ("--ping-interval-ms", 0),
                                    window / 2)
        runs += [pinged, silent]
        often.append(us)
        values.append(us_silent + (us - us_silent) * interval_ms / DEFAULT_MS)
    return Bar(SECTION.name, f"{count:,} idle connections with pings: server CPU", values,
               "us a connection and second", IDLE_US_MAX, AT_MOST,
               f"scaled to pings every {DEFAULT_MS / 1e3:g} s from "
               f"{statistics.median(often):.2f} us with pings every {interval_ms / 1e3:g} s",
               faults_of(runs))


def measure(bench):
    sizes = bench.size(SIZES, (200, 400))
    yield from grow(bench, SECTION.name, sizes, PING_MS, bench.rounds)
    yield idle_cpu(bench)


def measure_million(bench):
    sizes = bench.size(MILLION, (200, 400))
    yield from grow(bench, SECTION_MILLION.name, sizes, PING_MS_MILLION, rounds=1)


SECTION = Section("growth", "20,000 deliveries a second in rooms of 100, open loop, among more and "
                  "more connections, on as many workers of one core as the limit of open files "
                  "demands, a ping to each every 10 s, whose cost counts as that of deliveries. "
                  "Then what a connection costs that does nothing but answer pings.", measure)
SECTION_MILLION = Section("growth-million", "The same to a million, in one round, a ping every "
                          "minute.", measure_million, RECORDED)
