#!/usr/bin/env python3
"""A server under a workload, as a flame graph and a list of its own functions."""

import argparse
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench" / "macro"))

from lib.load import Failed  # noqa: E402
from lib.rounds import How, turn  # noqa: E402
from lib.workloads import SUBJECT, WORKLOADS, workload  # noqa: E402

# Of the Debian package libdevel-nytprof-perl.
DRAW = Path("/usr/share/perl5/Devel/NYTProf/flamegraph.pl")
SAMPLES_PER_SECOND = 4999  # Not in step with anything that happens every millisecond.
WARM_UP_SECONDS = 2
FUNCTIONS_SHOWN = 25
UNKNOWN = "[unknown]"  # Of libraries that keep no frame pointers.


def sample(pid, seconds, data):
    """Samples a process in every thread and in the kernel; cpu-clock works in virtual machines."""
    done = subprocess.run(
        ["perf", "record", "--quiet", "-e", "cpu-clock", "-F", str(SAMPLES_PER_SECOND), "-g", "-p",
         str(pid), "-o", str(data), "--", "sleep", str(seconds)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"perf could not sample: {done.stderr.strip()}")


def stacks(data):
    """Each sampled stack, outermost frame first, with how often it was seen. A frame of the kernel
    ends in _[k], which flamegraph.pl gives a colour of its own."""
    done = subprocess.run(["perf", "script", "-i", str(data), "-F", "ip,sym,dso"],
                          capture_output=True, text=True, check=True)
    counts = Counter()
    for block in done.stdout.split("\n\n"):
        frames = [frame_of(line) for line in reversed(block.splitlines()) if line.strip()]
        known = tuple(frame for frame in frames if not frame.startswith(UNKNOWN))
        if known:
            counts[known] += 1
    return counts


def frame_of(line):
    """`7f12 parley::core::Hub::on_mail(parley::core::Mail&&) (/bin/parleyd)`: its short name."""
    match = re.match(r"\s*[0-9a-f]+ (.*) \(([^)]*)\)$", line)
    if not match:
        return UNKNOWN
    name, where = match.groups()
    name = re.sub(r"\+0x[0-9a-f]+$", "", name)
    # What is in brackets says what it is called with, not what it is.
    while (shorter := re.sub(r"<[^<>]*>|\([^()]*\)", "", name)) != name:
        name = shorter
    name = name.replace("parley::", "").replace(";", ":").strip()
    in_kernel = where.startswith("[") and where != "[vdso]"
    return (name or UNKNOWN) + ("_[k]" if in_kernel else "")


def draw(counts, title, out):
    folded = "".join(f"{';'.join(stack)} {count}\n" for stack, count in sorted(counts.items()))
    picture = subprocess.run(
        ["perl", str(DRAW), "--title", title, "--minwidth", "0.4", "--width", "1200", "--hash",
         "--colors", "java"], input=folded, capture_output=True, text=True, check=True).stdout
    out.parent.mkdir(parents=True, exist_ok=True)
    # As ./dev tidy asks of any file; the word is in a comment of the tool's script.
    lines = [line.rstrip().replace("XX" "X", "Note") for line in picture.splitlines()]
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")


def own_time(counts):
    """Lines that say which functions samples were in, those of the kernel as one."""
    total = sum(counts.values())
    innermost = Counter()
    for stack, count in counts.items():
        innermost["the kernel" if stack[-1].endswith("_[k]") else stack[-1]] += count
    return [f"{100 * count / total:6.2f} %  {name}"
            for name, count in innermost.most_common(FUNCTIONS_SHOWN)]


def sampler(seconds, data):
    """What lib.load.measure has beside a run: samples while it is under load."""
    @contextmanager
    def beside(_, pid):
        problems = []

        def look():
            time.sleep(WARM_UP_SECONDS)
            try:
                sample(pid, seconds, data)
            except Failed as failure:
                problems.append(failure)

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield
        finally:
            thread.join()
        if problems:
            raise problems[0]
    return beside


def measure(name, server_name, seconds, data):
    times = {"warm-up": f"{WARM_UP_SECONDS}s", "duration": f"{seconds + 1:g}s"}
    how = How(server_core=0, load_core=1, beside=sampler(seconds, data))
    if turn(workload(name), server_name, times, how) is None:
        raise Failed(f"there is no server {server_name} in bench/macro/servers")


def main(arguments):
    parser = argparse.ArgumentParser(prog="./dev flame", description=__doc__)
    names = [one.name for one in WORKLOADS]
    parser.add_argument("workload", nargs="?", default="fanout-100", choices=names,
                        metavar="WORKLOAD", help=", ".join(names) + " [fanout-100]")
    parser.add_argument("--server", default=SUBJECT,
                        help=f"a folder of bench/macro/servers [{SUBJECT}]")
    parser.add_argument("--seconds", type=int, default=6, help="how long to sample [6]")
    parser.add_argument("--out", type=Path, help="the SVG [build/flame/SERVER-WORKLOAD.svg]")
    options = parser.parse_args(arguments)
    if options.seconds < 1:
        parser.error("--seconds must be 1 at least")
    title = f"{options.server} under {options.workload}"
    out = options.out or ROOT / "build" / "flame" / f"{options.server}-{options.workload}.svg"
    data = ROOT / "build" / "flame" / "perf.data"
    data.parent.mkdir(parents=True, exist_ok=True)
    try:
        measure(options.workload, options.server, options.seconds, data)
        counts = stacks(data)
        if not counts:
            raise Failed("perf saw nothing")
        draw(counts, title, out)
    except Failed as failure:
        print(f"flame: {failure}", file=sys.stderr)
        return 1
    print("\n".join(own_time(counts)))
    print(f"{sum(counts.values())} samples; {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
