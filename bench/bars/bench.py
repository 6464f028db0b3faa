"""What sections measure with: runs on pinned cores, each kept for the record."""

import sys
from dataclasses import dataclass, field

from lib import results
from lib.load import Failed
from lib.rounds import frames_run, turn
from lib.workloads import SUBJECT

from bar import is_valid


class Missing(Failed):
    """A program that is not on this machine."""


def progress(*words):
    print(*words, file=sys.stderr, flush=True)


@dataclass
class Bench:
    rounds: int = 5
    window: float = 3   # Seconds.
    warm_up: float = 1  # Seconds.
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

    def run(self, one, name=SUBJECT, arguments=(), beside=None, cores=(), **changes):
        """One run, kept. `changes` of the plan, such as connect_timeout="60s"; `cores` of server
        and generator, where they are others."""
        server_core, load_core = cores or (self.server_core, self.load_core)
        changes = self.times() | {key.replace("_", "-"): value for key, value in changes.items()}
        run = turn(one, name, changes, server_core, load_core, [str(a) for a in arguments], beside)
        if run is None:
            raise Missing(f"there is no {name}")
        if self.brief:  # Whoever was too slow for so short a while, there are values.
            run["verdict"] |= {"valid": True, "invalid_because": []}
        self.workloads[one.name] = one
        self.runs.append(run | {"workload": one.name})
        why = run["verdict"]["faults"] + run["verdict"]["invalid_because"]
        progress(f"{one.name}: {name} {results.number(one.value_of(run), one.unit)}"
                 + ("" if is_valid(run) else f" ({'; '.join(why)})"))
        return run

    def pair(self, one, **changes):
        """Parley and its floor in turn."""
        return tuple(self.run(one, name, **changes) for name in (SUBJECT, one.floor))

    def pairs(self, one, **changes):
        return [self.pair(one, **changes) for _ in range(self.rounds)]

    def measured(self):
        """{workload: {server: [run, ...]}} of those that compare servers or are trends."""
        measured = {}
        for run in self.runs:
            if self.workloads[run["workload"]].floor:
                by_server = measured.setdefault(run["workload"], {})
                by_server.setdefault(run["server_name"], []).append(run)
        return measured

    def any_run(self):
        """Of this machine, whatever was measured."""
        run = frames_run(64, self.server_core, self.load_core)
        return run | {"workload": "frames"}
