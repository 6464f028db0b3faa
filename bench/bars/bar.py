"""A bar: what was measured, round by round, and the limit it is judged by."""

import statistics
from dataclasses import dataclass, field

from lib.results import number

AT_LEAST, AT_MOST = "at_least", "at_most"
SIGNS = {AT_LEAST: "≥", AT_MOST: "≤"}


@dataclass
class Bar:
    section: str
    name: str
    values: list                 # One a round; None: the round says nothing.
    unit: str = "ratio"
    limit: float | None = None   # None: told, not judged.
    direction: str = AT_LEAST
    note: str = ""
    faults: list = field(default_factory=list)  # Of any run behind it.

    def known(self):
        return [value for value in self.values if value is not None]

    def is_measured(self):
        """By more than half of the rounds: those left out are not so by chance."""
        return 2 * len(self.known()) > len(self.values)

    def median(self):
        return statistics.median(self.known()) if self.known() else None

    def met(self):
        """By the median; None where there is nothing to judge."""
        if self.faults or not self.is_measured():
            return False
        if self.limit is None:
            return None
        within = self.median() >= self.limit
        return within if self.direction == AT_LEAST else self.median() <= self.limit

    def verdict(self):
        if self.faults:
            return "FAULTS"
        if not self.is_measured():
            return "NOT MEASURED"
        return {True: "met", False: "MISSED", None: "-"}[self.met()]


@dataclass
class Rounds:
    """Why rounds are not what they seem, counted for a note."""

    by_cpu: int = 0
    left_out: int = 0
    count: int = 0

    def note(self):
        of = f"of {self.count} rounds"
        parts = []
        if self.by_cpu:
            parts.append(f"generator without time left in {self.by_cpu} {of}: the smaller of the "
                         "ratios by rate and by server CPU")
        if self.left_out:
            parts.append(f"{self.left_out} {of} left out: invalid")
        return parts


def generator_was_limit(run):
    """And nothing else was wrong."""
    return all(reason.startswith("the generator") for reason in run["verdict"]["invalid_because"])


def is_valid(run):
    return run["verdict"]["valid"] and not run["verdict"]["faults"]


def per_cpu_second(value, run):
    """None where the server used too little to be told."""
    cpu = (run["server"] or {"cpu": 0})["cpu"]
    return value / cpu if cpu > 0 else None


def compared(of, to, value_of, rounds, by_cpu=True):
    """The ratio of two runs of a round, None where they say nothing. A rate that the generator
    limited says little about the server, and flatters the slower one; what each did in a second of
    its CPU flatters who was less busy: the smaller of both is sure."""
    rounds.count += 1
    values = [value_of(of), value_of(to)]
    if any(run["verdict"]["faults"] for run in (of, to)) or values[1] <= 0:
        rounds.left_out += 1
        return None
    if not any(run["generator"]["saturated"] or not is_valid(run) for run in (of, to)):
        return values[0] / values[1]
    per_cpu = [per_cpu_second(*pair) for pair in zip(values, (of, to))]
    if not by_cpu or None in per_cpu or not all(map(generator_was_limit, (of, to))):
        rounds.left_out += 1
        return None
    rounds.by_cpu += 1
    return min(values[0] / values[1], per_cpu[0] / per_cpu[1])


def faults_of(runs):
    """Each once."""
    return list(dict.fromkeys(f"{run['server_name']}: {fault}" for run in runs
                              for fault in run["verdict"]["faults"]))


def ratio_bar(section, name, pairs, one, by_cpu=True, notes=(), **judged):
    """A bar of ratios, one a pair of runs, of the value that workload `one` has of a run."""
    rounds = Rounds()
    values = [compared(of, to, one.value_of, rounds, by_cpu) for of, to in pairs]
    medians = [number(statistics.median(map(one.value_of, runs)), one.unit)
               for runs in zip(*pairs)]
    unit = "" if one.unit == "ns" else f" {one.unit}"
    note = "; ".join([f"{' against '.join(medians)}{unit}", *notes, *rounds.note()])
    return Bar(section, name, values, note=note,
               faults=faults_of(run for pair in pairs for run in pair), **judged)


def told(value):
    """Short enough for a table, whatever its size."""
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 100 or abs(value) < 0.1 else f"{value:.2f}"


HEADER = ("section", "bar", "unit", "limit", "median", "least-most", "", "note")


def row(bar):
    known = bar.known()
    limit = "-" if bar.limit is None else f"{SIGNS[bar.direction]} {told(bar.limit)}"
    spread = f"{told(min(known))}-{told(max(known))}" if known else "-"
    note = "; ".join([*bar.faults, bar.note] if bar.note else bar.faults)
    return (bar.section, bar.name, bar.unit, limit, told(bar.median()), spread, bar.verdict(),
            note.replace("|", "/").replace("\n", " "))


def table(bars):
    lines = [HEADER, ("---",) * len(HEADER), *map(row, bars)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def as_json(bar):
    """As results/README.md has it."""
    return {"section": bar.section, "name": bar.name, "unit": bar.unit, "limit": bar.limit,
            "direction": bar.direction if bar.limit is not None else None, "values": bar.values,
            "median": bar.median(), "met": bar.met(), "note": bar.note, "faults": bar.faults}
