#!/usr/bin/env python3
"""Runs every fuzz target of a folder for some seconds each; `./dev fuzz` starts it.

New inputs that reach new code are kept in FOLDER/grown/TARGET, beside the build and out of the
tree; a finding is kept in FOLDER/findings and fails the run. A target named *_canary has a planted
fault and fails the run when it does NOT find it.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent
CANARY_SECONDS_MAX = 60


def seeds_of(name):
    """Arguments that name what the tree has for a target: its dictionaries and its seed corpus.

    They are beside the CMakeLists.txt that names the target.
    """
    for listing in sorted((TESTS / "fuzz").rglob("CMakeLists.txt")):
        if re.search(rf"parley_fuzz\(\s*{re.escape(name)}\b", listing.read_text("utf-8")):
            dictionaries = sorted(listing.parent.glob("*.dict"))
            corpora = [folder for folder in (listing.parent / "corpus" / name,
                                             listing.parent / "corpus") if folder.is_dir()]
            return [f"-dict={path}" for path in dictionaries[:1]], corpora[:1]
    return [], []


def run_target(program, seconds):
    """True when the target did what it should: find nothing, or its planted fault."""
    canary = program.name.endswith("_canary")
    findings = program.parent / "findings"
    grown = program.parent / "grown" / program.name
    findings.mkdir(exist_ok=True)
    grown.mkdir(parents=True, exist_ok=True)
    limit = min(seconds, CANARY_SECONDS_MAX) if canary else seconds
    command = [program, f"-max_total_time={limit}", "-print_final_stats=1",
               f"-artifact_prefix={findings}/{program.name}-"]
    dictionaries, corpora = seeds_of(program.name)
    command = [*command, *dictionaries, grown, *corpora]
    print(f"== {program.name}", flush=True)
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    found = result.returncode != 0
    runs = re.search(r"number_of_executed_units:\s*(\d+)", result.stdout)
    print(f"   {runs.group(1) if runs else '?'} inputs, "
          f"{'a finding' if found else 'no finding'}{' (planted)' if canary else ''}", flush=True)
    if found != canary:
        print("\n".join(f"    {line}" for line in result.stdout.splitlines()[-60:]))
    return found == canary


def main(folder, seconds):
    programs = sorted(p for p in Path(folder).iterdir() if p.is_file() and os.access(p, os.X_OK))
    if not programs:
        print(f"run_fuzzers: {folder} holds no fuzz target", file=sys.stderr)
        return 1
    good = [run_target(program, int(seconds)) for program in programs]
    print(f"{sum(good)} passed, {len(good) - sum(good)} failed")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
