"""Round trips a second over those of the echo floor."""

from lib.workloads import workload

from bar import ratio_bar
from section import Section

RATIO_MIN = 0.93
# For each of the others': a round trip takes both cores in turn, so that it shows twice what a
# shared host takes from either, and ratios of single rounds are up to a third apart.
ROUNDS = 3


def measure(bench):
    load = workload("echo")
    pairs = [bench.pair(load) for _ in range(ROUNDS * bench.rounds)]
    yield ratio_bar(SECTION.name, "500 connections, each alone", pairs, load, limit=RATIO_MIN)


SECTION = Section("echo", "Round trips a second of parleyd over those of the echo floor: 500 "
                  "connections, each alone in its room, one message in flight; three times as many "
                  "rounds as elsewhere.", measure)
