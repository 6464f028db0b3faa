"""What sections measure with: runs on pinned cores, each kept for the record."""

import math
import resource
import sys
from dataclasses import dataclass, field

from lib import results
from lib.load import Failed
from lib.rounds import How, frames_run, turn
from lib.workloads import SUBJECT

from bar import is_valid


class Missing(Failed):
    """A program that is not on this machine."""


# Of a worker's files; the rest is for what is not a connection, and for workers that get more.
FILES_SHARE = 0.85


def workers_for(connections):
    """So many that each has files enough: a worker's table of sockets is no larger than that."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return math.ceil(connections / (files * FILES_SHARE))


def progress(*words):
    print(*words, file=sys.stderr, flush=True)


@dataclass
class Bench:
    rounds: int = 5
    window: float = 3   # Seconds.
    warm_up: float = 1  # Seconds.
    floor_first: bool = False  # Of the last pair.
    brief: bool = False  # Tiny: whether it works, never how fast.
    server_core: int = 0
    load_core: int = 1
    workloads: dict = field(default_factory=dict)  # By name.
    runs: list = field(default_factory=list)       # Each with the name of its workload.
    plots: dict = field(default_factory=dict)      # File name: SVG.

    def size(self, count, brief):
        """How many of something: `brief` of them where brevity counts."""
        return brief if self.brief else count

    def times(self):
        return {"duration": f"{self.window:g}s", "warm-up": f"{self.warm_up:g}s"}

    def run(self, one, name=SUBJECT, how=None, **changes):
        """One run, kept. `how` differs from lib.rounds.How, as {"arguments": ...}; `changes` are
        of the plan, as connect_timeout="60s"."""
        changes = self.times() | {key.replace("_", "-"): value for key, value in changes.items()}
        run = turn(one, name, changes,
                   How(**{"server_core": self.server_core, "load_core": self.load_core}
                       | (how or {})))
        if run is None:
            raise Missing(f"there is no {name}")
        return self.keep(one, run)

    def keep(self, one, run):
        """Remembers a run, and says what came out."""
        if self.brief:  # Whoever was too slow for so short a while, there are values.
            run["verdict"] |= {"valid": True, "invalid_because": []}
        self.workloads[one.name] = one
        self.runs.append(run | {"workload": one.name})
        why = run["verdict"]["faults"] + run["verdict"]["invalid_because"]
        progress(f"{one.name}: {run['server_name']} {results.number(one.value_of(run), one.unit)}"
                 + ("" if is_valid(run) else f" ({'; '.join(why)})"))
        return run

    def pair(self, one, **changes):
        """Parley and its floor, one time this and one time that first."""
        self.floor_first = not self.floor_first
        names = (SUBJECT, one.floor)
        runs = {name: self.run(one, name, **changes)
                for name in (reversed(names) if self.floor_first else names)}
        return tuple(runs[name] for name in names)

    def pairs(self, one, **changes):
        return [self.pair(one, **changes) for _ in range(self.rounds)]

    def measured(self):
        """{workload: {server: [run, ...]}} of those that compare servers."""
        measured = {}
        for run in self.runs:
            if self.workloads[run["workload"]].floor:
                by_server = measured.setdefault(run["workload"], {})
                by_server.setdefault(run["server_name"], []).append(run)
        return measured

    def load_runs(self):
        """Those of parley-load, with one at least: it says what machine this is."""
        any_run = frames_run(64, self.server_core, self.load_core) | {"workload": "frames"}
        return [any_run, *(run for run in self.runs if "environment" in run)]
