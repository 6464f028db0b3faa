#!/usr/bin/env python3
"""Every workload against Parley, its floor and its peers, in turns, on two cores.

The same generator, the same plan and the same pinning for all: server on one core, generator on
the other. Rounds go from server to server, so that a slow minute of the host slows all of them.
"""

import argparse
import sys

from lib import results
from lib.load import Failed
from lib.rounds import How, turn
from lib.workloads import PEERS, SUBJECT, WORKLOADS, servers_of


def round_of(one, options, by_server):
    how = How(options.server_core, options.load_core)
    times = {"duration": f"{options.window:g}s", "warm-up": f"{options.warm_up:g}s"}
    for name in servers_of(one):
        if options.servers and name not in options.servers:
            continue
        run = turn(one, name, times, how)
        if run is None:
            continue
        by_server.setdefault(name, []).append(run)
        faults, invalid = run["verdict"]["faults"], run["verdict"]["invalid_because"]
        print(f"{one.name}: {name} {results.number(one.value_of(run), one.unit)}"
              + (f" FAULTS: {', '.join(faults)}" if faults else "")
              + (f" INVALID: {', '.join(invalid)}" if invalid else ""),
              file=sys.stderr, flush=True)


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD",
                        help="all unless named: " + ", ".join(w.name for w in WORKLOADS))
    parser.add_argument("--servers", nargs="+", help="only these: parleyd, relay_floor, "
                        "echo_floor, send_floor, " + ", ".join(PEERS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--window", type=float, default=4, help="seconds")
    parser.add_argument("--warm-up", type=float, default=1, help="seconds")
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--load-core", type=int, default=1)
    parser.add_argument("--record", action="store_true", help="keep it in results/")
    options = parser.parse_args(arguments)
    known = {name for one in WORKLOADS for name in servers_of(one)}
    strange = [name for name in options.servers or [] if name not in known]
    if strange:
        parser.error(f"no such server: {', '.join(strange)}")
    if options.rounds < 1:
        parser.error("--rounds must be 1 at least")
    unknown = [n for n in options.workloads if n not in {w.name for w in WORKLOADS}]
    if unknown:
        parser.error(f"no such workload: {', '.join(unknown)}")
    return options


def main(arguments):
    options = parse(arguments)
    chosen = [w for w in WORKLOADS if not options.workloads or w.name in options.workloads
              or w.of in options.workloads]
    measured = {}
    try:
        for one in chosen:
            if one.of in measured:
                measured[one.name] = measured[one.of]
                continue
            by_server = measured.setdefault(one.name, {})
            for _ in range(options.rounds):
                round_of(one, options, by_server)
    except Failed as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    print(results.table(results.summarise(measured)))
    if options.record:
        command = " ".join(["./dev bench macro", *arguments])
        folder = results.record("bench", "Parley beside its floor and its peers", measured, command)
        print(f"recorded in {folder.relative_to(results.ROOT)}")
    broken = [f"{run['server']} in {one['name']}" for one in results.summarise(measured)
              for run in one["runs"] if not run["good"] and run["server"] == SUBJECT]
    if broken:
        print(f"bench: faults of {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
