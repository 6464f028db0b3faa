"""Round trips a second over those of the echo floor."""

from lib.workloads import workload

from bar import ratio_bar
from section import Section

RATIO_MIN = 0.93


def measure(bench):
    load = workload("echo")
    yield ratio_bar(SECTION.name, "500 connections, each alone", bench.pairs(load), load,
                    limit=RATIO_MIN)


SECTION = Section("echo", "Round trips a second of parleyd over those of the echo floor: 500 "
                  "connections, each alone in its room, one message in flight.", measure)
