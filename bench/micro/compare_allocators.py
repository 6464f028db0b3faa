#!/usr/bin/env python3
"""Runs microbenchmarks of several builds in turn and prints one table: benchmark x allocator.

    compare_allocators.py --build system=build/release --build jemalloc=FOLDER NAME...

Each build is one that PARLEY_ALLOCATOR chose; `./dev bench micro --allocators` makes them all. The
rounds go through the builds in turn, so that what else the machine does disturbs all alike, and the
table has medians. A benchmark that fails, or that one build lacks, fails the run.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

UNITS = (("s", 1e9), ("ms", 1e6), ("us", 1e3), ("ns", 1))


class Failed(Exception):
    """A line for the one who runs this."""


def run_program(folder, allocator, program, arguments):
    """{benchmark: ns} of one run of one program."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        done = subprocess.run([Path(folder) / program, f"--benchmark_out={out.name}",
                               "--benchmark_out_format=json", *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"{program} with {allocator}: {done.stderr.strip()}")
        found = json.load(out)
    if found["context"].get("allocator") != allocator:
        raise Failed(f"{folder}/{program} was built for {found['context'].get('allocator')}")
    return {f"{program}/{run['name']}": time_of(run) for run in found["benchmarks"]}


def time_of(run):
    """Time of an item in ns where the benchmark counts items, of a round otherwise."""
    if "each" in run:
        return run["each"] * 1e9
    return run["cpu_time"] * {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[run["time_unit"]]


def measure(builds, options):
    """{benchmark: {allocator: [ns of each round]}}."""
    arguments = [f"--benchmark_min_time={options.min_time}",
                 f"--benchmark_filter={options.filter}"]
    times = {}
    for program in options.program:
        for round_number in range(options.rounds):
            print(f"{program}, round {round_number + 1} of {options.rounds}", file=sys.stderr)
            for allocator, folder in builds.items():
                for name, ns in run_program(folder, allocator, program, arguments).items():
                    times.setdefault(name, {}).setdefault(allocator, []).append(ns)
    return times


def readable(ns):
    for unit, size in UNITS:
        if ns >= size:
            break
    return f"{ns / size:.3g} {unit}"


def table(times, allocators):
    """Markdown; in brackets the ratio to the first allocator, below 1 where it is faster."""
    rows = [["per item", *allocators]]
    for name, by_allocator in times.items():
        if set(by_allocator) != set(allocators):
            raise Failed(f"{name}: not all builds have it")
        medians = [statistics.median(by_allocator[allocator]) for allocator in allocators]
        cells = [readable(medians[0])]
        cells += [f"{readable(ns)} ({ns / medians[0]:.2f})" for ns in medians[1:]]
        rows.append([name, *cells])
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
             for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--build", action="append", required=True, metavar="ALLOCATOR=FOLDER")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--min-time", type=float, default=0.1, help="seconds of each benchmark")
    parser.add_argument("--filter", default=".", help="only benchmarks that match this pattern")
    parser.add_argument("program", nargs="+")
    return parser.parse_args(arguments)


def main(arguments):
    options = parse(arguments)
    builds = dict(build.split("=", 1) for build in options.build)
    try:
        print(table(measure(builds, options), list(builds)))
    except Failed as failure:
        print(f"compare_allocators: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
