"""What a second worker costs: CPU a delivery, and wake-ups of the other."""

from dataclasses import replace

from lib.metrics import metrics
from lib.workloads import Workload, fanout

from bar import AT_MOST, Bar, faults_of, ratio_bar
from section import Section
from watch import Watch

CPU_MAX = 1.10
WAKES_MAX = 0.001  # Of a delivery: a tenth of a wake-up for a message to a room of 100.
TWO = ("--workers", 2, "--pin-workers", "true")

# How late the generator is matters little to what a delivery costs: it shares a worker's core.
STEADY = Workload("workers-steady", "rooms of 100, 100,000 deliveries a second: server CPU of each",
                  {"mode": "open", "connections": 1000, "members": 100, "rate": "1000/s",
                   "lag-max": "50ms"}, unit="ns of CPU a delivery", value="server_cpu",
                  less_is_better=True, floor="", peers=())
FULL = replace(fanout("workers-full", "rooms of 100, 16 in flight, two workers"), floor="")


def totals(port, _):
    seen = metrics(port)
    return sum(seen["wakes_sent_total"]), sum(seen["deliveries_total"])


def with_wakes(bench, load):
    """A run with two workers, and how often one woke the other for each delivery."""
    watch = Watch(totals, interval_s=0.1)
    run = bench.run(load, how={"server_core": None, "arguments": TWO, "beside": watch},
                    duration=f"{max(bench.window, 1):g}s")
    seen = watch.steady(run)
    wakes_then, deliveries_then = seen[0] if len(seen) > 1 else watch.before
    wakes, deliveries = seen[-1]
    delivered = deliveries - deliveries_then
    return run, (wakes - wakes_then) / delivered if delivered > 0 else None


def measure(bench):
    steady, full, pairs = [], [], []
    for _ in range(bench.rounds):
        run, wakes = with_wakes(bench, STEADY)
        pairs.append((run, bench.run(STEADY)))
        steady.append(wakes)
        run, wakes = with_wakes(bench, FULL)
        full.append((run, wakes))
    yield ratio_bar(SECTION.name, "CPU a delivery, 2 workers over 1, 100,000 deliveries/s", pairs,
                    STEADY, by_cpu=False, limit=CPU_MAX, direction=AT_MOST)
    yield Bar(SECTION.name, "wake-ups at 100,000 deliveries/s, 2 workers", steady, "a delivery",
              note="no limit: who is woken had nothing to do",
              faults=faults_of(run for run, _ in pairs))
    rate = ", ".join(f"{run['rates']['deliveries']:,.0f}" for run, _ in full)
    yield Bar(SECTION.name, "wake-ups at full load, 2 workers", [wakes for _, wakes in full],
              "a delivery", WAKES_MAX, AT_MOST, f"at {rate} deliveries/s",
              faults_of(run for run, _ in full))


SECTION = Section("workers", "1000 members in rooms of 100 on two workers, pinned to both cores, "
                  "with the generator on one of them, which makes that worker's turns longer and "
                  "so its sends fuller: CPU of the server for each delivery over that of one "
                  "worker at the same rate, and how often a worker woke the other.",
                  measure)
