#!/usr/bin/env python3
"""clang_compiles.py BUILD_FOLDER: the second compiler accepts every production source.

The preset fuzz builds only what fuzz targets link. Here clang checks the rest, with the flags of
that build but without making code, which takes a second a file.
"""

import json
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = ("core/", "protocol/", "io/", "services/", "server/", "loadgen/")


def check_commands(build):
    """For each production source, the command that checks it."""
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        source = Path(entry["file"])
        if not source.is_relative_to(ROOT) or source.suffix != ".cc":
            continue
        if not str(source.relative_to(ROOT)).startswith(PRODUCTION):
            continue
        words = shlex.split(entry["command"])
        while "ccache" in Path(words[0]).name:
            words = words[1:]
        at = words.index("-o")
        words = [w for w in words[:at] + words[at + 2:] if not w.startswith("-fsanitize")]
        yield source, entry["directory"], [*words, "-fsyntax-only"]


def check(job):
    source, directory, command = job
    result = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    return source, result.returncode == 0, result.stderr


def main(folder):
    jobs = list(check_commands(Path(folder)))
    if not jobs:
        print("clang_compiles: no production source in compile_commands.json")
        return 1
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        refused = [(source, said) for source, good, said in pool.map(check, jobs) if not good]
    for source, said in refused:
        print(f"{source.relative_to(ROOT)}:\n{said}")
    print(f"{len(jobs)} sources, {len(refused)} refused")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
