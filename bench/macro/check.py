#!/usr/bin/env python3
"""What every change runs of the benchmarks: each workload briefly, and this revision beside its
parent, both built in one run and taken in turns. A slow-down is said, and fails nothing: the
machine that runs it is shared. Ends with `N passed, M failed`."""

import os
import subprocess
import sys

from lib.load import (DIALECTS, ROOT, SERVERS, Failed, flags_of, free_port, measure,
                      reported)
from lib.workloads import PEERS, WORKLOADS, asked, servers_of

BRIEF = {"duration": "400ms", "warm-up": "200ms"}
PARENT = ROOT / "build" / "parent"
PAIRS = 6
COMPARED = {"mode": "closed", "connections": 500, "members": 100, "depth": 16, "wait": "sweep",
            "duration": "800ms", "warm-up": "300ms"}


def say(*words):
    print(*words, flush=True)


def smoke():
    """(passed, failed): each workload on Parley and on its floors, without a fault."""
    passed = failed = 0
    for one in (w for w in WORKLOADS if not w.of):
        brief = BRIEF | ({"connections": 2000} if one.value == "connects" else {})
        for name in [name for name in servers_of(one) if name not in PEERS]:
            note = ""
            try:
                run = measure(*asked(one, name, brief))
                # So brief a run says nothing about speed, valid or not: it is about faults.
                note = "" if run["verdict"]["valid"] else "(invalid: the generator was the limit)"
                problem = ", ".join(run["verdict"]["faults"])
                if not problem and one.value_of(run) <= 0:
                    problem = "nothing was measured"
            except Failed as failure:
                problem = str(failure)
            say(f"{'FAILED' if problem else 'ok'} {one.name} on {name} {problem or note}".rstrip())
            passed, failed = passed + (not problem), failed + bool(problem)
    return passed, failed


def output_of(*command, **how):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, **how)


def build_parent():
    """The folder of the parent's programs; None when there is no parent to build."""
    parent = output_of("git", "rev-parse", "--verify", "--quiet", "HEAD~1").stdout.strip()
    if not parent:
        return None
    # Its own folder, left by an earlier run or not, at just that revision.
    output_of("git", "worktree", "prune")
    if PARENT.exists():
        output_of("git", "-C", str(PARENT), "checkout", "--quiet", "--detach", "--force", parent)
    else:
        output_of("git", "worktree", "add", "--quiet", "--detach", "--force", str(PARENT), parent)
    environment = os.environ | {"CCACHE_BASEDIR": str(PARENT), "CCACHE_NOHASHDIR": "1"}
    for command in (["cmake", "--preset", "release"],
                    ["cmake", "--build", "build/release", "--target", "parleyd"]):
        done = subprocess.run(command, cwd=PARENT, env=environment, capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:
            say("the parent does not build:", done.stdout[-400:], done.stderr[-400:])
            return None
    return PARENT / "build" / "release"


def compare(parent):
    """One line that says how this revision compares, and whether that is more than noise."""
    protocol, path = DIALECTS["parleyd"]
    port = free_port()
    starts = [f"exec {SERVERS / 'parleyd' / 'start'} --port {port} --build-dir {folder}"
              for folder in (parent, ROOT / "build" / "release")]
    try:
        return told(reported("compare", "--a", starts[0], "--b", starts[1], "-n", PAIRS, "--url",
                             f"ws://127.0.0.1:{port}{path}", "--protocol", protocol,
                             *flags_of(COMPARED)))
    except Failed as failure:
        return f"the comparison with the parent could not be made: {failure}"


def faults_of(who, runs):
    """Each fault once, as a tail of a line."""
    faults = dict.fromkeys(fault for run in runs for fault in run["verdict"]["faults"])
    return f"; FAULTS of {who}: {', '.join(faults)}" if faults else ""


def told(report):
    """The line that a comparison comes to: its parent is `a`."""
    pairs = report["pairs"]
    text = (faults_of("this revision", [pair["b"] for pair in pairs])
            + faults_of("its parent", [pair["a"] for pair in pairs]))
    valid = sum(all(run["verdict"]["valid"] for run in pair.values()) for pair in pairs)
    found = next((r for r in report["ratios"] if r["metric"] == "deliveries"), None)
    if found is None or valid == 0:
        return f"the comparison with the parent says nothing: the generator was the limit{text}"
    text = (f"this revision makes {found['median']:.2f} of its parent's deliveries "
            f"({found['low']:.2f}-{found['high']:.2f}, {valid} valid pairs of {len(pairs)}){text}")
    if not found["conclusive"]:
        return text + ": no difference beyond noise"
    return ("SLOWER: " if found["median"] < 1 else "faster: ") + text


def main():
    passed, failed = smoke()
    parent = build_parent()
    say("speed:", compare(parent) if parent else "no parent to compare with")
    say(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
