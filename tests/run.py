#!/usr/bin/env python3
"""Runs every part of the test suite and adds up what they counted; `./dev test` starts it.

A part that cannot run (its build broke, its program is missing, it found nothing to run) counts as
one failure: a suite that silently shrinks is worse than one that fails. Every part runs even when
an earlier one failed. Logs go to build/logs/PART.log.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "build" / "logs"
TAIL_LINES = 60
COMMAND_SECONDS_MAX = 60 * 60
GROUP_END_SECONDS_MAX = 10
SUMMARY = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$")


@dataclass
class Outcome:
    """What one part counted, and how it went."""

    part: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0
    problem: str = ""  # Why the part could not run; empty when it did.
    failures: list = field(default_factory=list)  # Names of failed tests.
    notes: list = field(default_factory=list)     # What the report is to say besides.

    def cannot_run(self, problem):
        self.problem = problem
        self.failed += 1
        return self


class Log:
    """The log file of one part: commands run in it, their output goes there."""

    def __init__(self, part):
        LOGS.mkdir(parents=True, exist_ok=True)
        self.path = LOGS / f"{part}.log"
        self.path.write_text("", encoding="utf-8")

    def run(self, command, **environment):
        """Runs a command to its end and returns its exit code (124: it took too long)."""
        env = os.environ | {"CI": "true"} | environment
        with self.path.open("ab") as out:
            out.write(f"$ {' '.join(map(str, command))}\n".encode())
            out.flush()
            try:
                process = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL,
                                           stdout=out, stderr=subprocess.STDOUT,
                                           start_new_session=True)
            except OSError as error:
                out.write(f"{error}\n".encode())
                return 127
            try:
                return process.wait(timeout=COMMAND_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                out.write(f"stopped after {COMMAND_SECONDS_MAX} seconds\n".encode())
                return 124
            finally:
                end_group(process)

    def lines(self):
        return self.path.read_text(encoding="utf-8", errors="replace").splitlines()

    def print_tail(self):
        lines = self.lines()
        print(f"--- the last of {len(lines)} lines of {self.path.relative_to(ROOT)}")
        for line in lines[-TAIL_LINES:]:
            print(f"    {line}")


def end_group(process):
    """Leaves nothing of a command behind: what it started shares its process group.

    Ninja gives its jobs groups of their own and ends them when asked, so asking comes first.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(GROUP_END_SECONDS_MAX)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def jobs():
    return str(len(os.sched_getaffinity(0)))


def build(log, preset, target=None, prefix=()):
    """Configures and builds a preset, or one target of it; True when that worked."""
    if log.run(["cmake", "--preset", preset]) != 0:
        return False
    command = [*prefix, "cmake", "--build", f"build/{preset}", "-j", jobs()]
    if target is not None:
        command += ["--target", target]
    return log.run(command) == 0


def read_junit(path, outcome):
    """Adds the counts of a report that ctest wrote."""
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        status = case.get("status")
        if status == "run":
            outcome.passed += 1
        elif status in ("notrun", "disabled") and case.find("skipped") is not None:
            outcome.skipped += 1
        else:
            outcome.failed += 1
            outcome.failures.append(case.get("name"))


def ctest(log, outcome, preset, selection, prefix=()):
    """Runs the selected tests of a built preset; none at all is a failure."""
    report = LOGS / f"{outcome.part}.xml"
    report.unlink(missing_ok=True)
    code = log.run([*prefix, "ctest", "--test-dir", f"build/{preset}", "-j", jobs(),
                    "--output-on-failure", "--no-tests=error", "--output-junit", report,
                    *selection],
                   GTEST_COLOR="no")
    if not report.exists():
        return outcome.cannot_run("ctest wrote no report")
    read_junit(report, outcome)
    if outcome.passed + outcome.failed + outcome.skipped == 0:
        return outcome.cannot_run("no test matches")
    if code != 0 and outcome.failed == 0:
        return outcome.cannot_run(f"ctest ended with {code}")
    return outcome


def counting(log, outcome, command, **environment):
    """Runs what ends with a line `N passed, M failed`, and adds its counts."""
    lines_before = len(log.lines())
    code = log.run(command, **environment)
    lines = log.lines()[lines_before:]
    summary = next(filter(None, map(SUMMARY.match, reversed(lines))), None)
    if summary is None:
        return outcome.cannot_run(f"{command[0]} printed no summary and ended with {code}")
    passed, failed, skipped = (int(n or 0) for n in summary.groups())
    outcome.passed += passed
    outcome.failed += failed
    outcome.skipped += skipped
    if code != 0 and failed == 0:
        return outcome.cannot_run(f"{command[0]} ended with {code}")
    if passed == 0 and failed == 0:
        return outcome.cannot_run(f"{command[0]} ran no test")
    return outcome


def by_name(options):
    return ["-R", "|".join(options.tests)] if options.tests else []


def part_release(log, outcome, options):
    """What an operator runs must build with optimisation and without warnings."""
    if not build(log, "release"):
        return outcome.cannot_run("the release build failed")
    return outcome


def part_tidy(log, outcome, options):
    if log.run(["cmake", "--preset", "asan"]) != 0:
        return outcome.cannot_run("the configure step failed")
    return ctest(log, outcome, "asan", ["-L", "tidy", *by_name(options)])


def part_asan(log, outcome, options):
    if not build(log, "asan"):
        return outcome.cannot_run("the asan build failed")
    return ctest(log, outcome, "asan", ["-L", "fast", "-LE", "tidy", *by_name(options)])


def part_tsan(log, outcome, options):
    # libtsan before GCC 14 cannot start where the kernel randomises more of an address than it
    # expects, so addresses are not randomised at all where that may be asked for.
    prefix = ["setarch", "-R"]
    if log.run([*prefix, "true"]) != 0:
        prefix = []
    if not build(log, "tsan", "thread_tests", prefix):
        return outcome.cannot_run("the tsan build failed")
    return ctest(log, outcome, "tsan", ["-L", "threads", *by_name(options)], prefix)


def part_fuzz(log, outcome, options):
    if not build(log, "fuzz", "fuzzers"):
        return outcome.cannot_run("the fuzz build failed")
    return ctest(log, outcome, "fuzz", ["-L", "fuzz", *by_name(options)])


def part_e2e(log, outcome, options):
    # The server has been built, unless something was edited since; its peers were not.
    if not build(log, "release") or not build(log, "release", "bench_servers"):
        return outcome.cannot_run("the release build failed")
    return counting(log, outcome, ["tests/e2e/run"],
                    PARLEYD=str(ROOT / "build" / "release" / "parleyd"))


def part_bench(log, outcome, options):
    if not build(log, "release", "bench_servers"):
        return outcome.cannot_run("the servers of the benchmarks do not build")
    if log.run(["bench/macro/servers/prepare"]) != 0:
        return outcome.cannot_run("the npm packages of the benchmarks could not be installed")
    counting(log, outcome, ["bench/macro/check.py"])
    counting(log, outcome, ["bench/bars/run.py", "--brief"])
    outcome.notes += [line for line in log.lines() if line.startswith("speed: ")]
    return outcome


# In the order of running: what fails soonest and cheapest comes first.
PARTS = {
    "release": (part_release, "the release build"),
    "tidy": (part_tidy, "house rules, format, headers alone, compile_fail"),
    "asan": (part_asan, "unit, conformance, differential, sim under ASan and UBSan"),
    "tsan": (part_tsan, "the cross-worker tests under TSan"),
    "fuzz": (part_fuzz, "clang accepts it all, every fuzz target over its corpus"),
    "e2e": (part_e2e, "real clients against the release build"),
    "bench": (part_bench, "every workload and bar briefly, and this revision beside its parent"),
}
WITHOUT_TESTS_BY_NAME = ("release", "e2e", "bench")


def read_options(arguments):
    parser = argparse.ArgumentParser(
        prog="./dev test", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Runs the parts named, all of them without a name. Any other word is a\n"
                    "pattern: only tests whose name matches one of them run.",
        epilog="parts:\n" + "\n".join(f"  {name:8} {what}" for name, (_, what) in PARTS.items()))
    parser.add_argument("filter", nargs="*")
    options = parser.parse_args(arguments)
    options.parts = [name for name in PARTS if name in options.filter]
    options.tests = [word for word in options.filter if word not in PARTS]
    if not options.parts:
        options.parts = [name for name in PARTS
                         if not (options.tests and name in WITHOUT_TESTS_BY_NAME)]
    return options


def run_part(name, options):
    print(f"== {name}: {PARTS[name][1]}", flush=True)
    log = Log(name)
    outcome = Outcome(name)
    started = time.monotonic()
    PARTS[name][0](log, outcome, options)
    outcome.seconds = time.monotonic() - started
    # A pattern is for the part that has the test; that others lack it is no failure.
    if options.tests and outcome.problem == "no test matches":
        outcome.problem, outcome.failed = "", 0
    if outcome.failed:
        log.print_tail()
    print(f"   {outcome.passed} passed, {outcome.failed} failed, {outcome.skipped} skipped"
          f" in {outcome.seconds:.0f} s", flush=True)
    return outcome


def print_report(outcomes):
    print()
    print(f"{'part':8} {'passed':>7} {'failed':>7} {'skipped':>8} {'seconds':>8}")
    for o in outcomes:
        print(f"{o.part:8} {o.passed:7} {o.failed:7} {o.skipped:8} {o.seconds:8.0f}  {o.problem}"
              .rstrip())
    for o in outcomes:
        for name in o.failures:
            print(f"failed: {o.part}: {name}")
        for note in o.notes:
            print(note)
    print()


def main(arguments):
    os.environ.setdefault("ASAN_OPTIONS", "detect_stack_use_after_return=1")
    os.environ.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    os.environ.setdefault("TSAN_OPTIONS", "halt_on_error=1")
    # The same source in another folder, such as the parent's, need not be compiled again.
    os.environ.setdefault("CCACHE_BASEDIR", str(ROOT))
    os.environ.setdefault("CCACHE_NOHASHDIR", "1")
    # Ending this run ends what it started, which runs in process groups of its own.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    options = read_options(arguments)
    outcomes = [run_part(name, options) for name in options.parts]
    print_report(outcomes)
    passed, failed, skipped = (sum(getattr(o, what) for o in outcomes)
                               for what in ("passed", "failed", "skipped"))
    if options.tests and passed + failed + skipped == 0:
        print(f"no test matches {' '.join(options.tests)}")
        failed = 1
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
