#!/usr/bin/env python3
"""Parley's performance bars: each measured and judged, in one table with met or missed."""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench" / "macro"))

from lib import results  # noqa: E402
from lib.load import Failed  # noqa: E402

from bar import Bar, as_json, table  # noqa: E402
from bench import Bench, Missing, progress  # noqa: E402
from section import ALWAYS, RECORDED  # noqa: E402
from sections import SECTIONS  # noqa: E402

BRIEF = {"rounds": 1, "window": 0.4, "warm_up": 0.1, "brief": True}
WHEN = {ALWAYS: "", RECORDED: " (with --record, or by name)"}

HOW = """\
Server on core {bench.server_core} with one worker unless it says otherwise, generator on core \
{bench.load_core}, loopback, a fresh server for each run, {bench.rounds} rounds of \
{bench.window:g} s, servers in turns. A bar is judged by the median; ratios are taken round by \
round. Where the generator had no time left, what each server did in a second of its CPU is \
compared, too, and the smaller ratio counts. A bar that half of its rounds say nothing of is not \
measured."""
FILES = """\
`results.json` has each bar's values, round by round; `runs.json` every run of the load generator \
as docs/load-report.md describes it, without histograms and seconds, and with what of its plan \
differs from the first run's."""


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="./dev bench bars", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="sections:\n" + "\n".join(f"  {s.name}{WHEN[s.when]}" for s in SECTIONS))
    parser.add_argument("sections", nargs="*", metavar="SECTION", help="all unless named")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="(%(default)s)")
    parser.add_argument("--window", type=float, default=3, metavar="S",
                        help="seconds that count of each run (%(default)s)")
    parser.add_argument("--warm-up", type=float, default=1, metavar="S",
                        help="seconds of load before them (%(default)s)")
    parser.add_argument("--server-core", type=int, default=0, metavar="N", help="(%(default)s)")
    parser.add_argument("--load-core", type=int, default=1, metavar="N", help="(%(default)s)")
    parser.add_argument("--record", action="store_true", help="keep it in results/")
    parser.add_argument("--brief", action="store_true",
                        help="tiny: whether each section measures something without a fault, never "
                        "how fast; ends with `N passed, M failed`")
    parser.add_argument("--list", action="store_true",
                        help="print the names of the sections that would run")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.sections if name not in {s.name for s in SECTIONS}]
    if unknown:
        parser.error(f"no such section: {', '.join(unknown)}; there are "
                     + ", ".join(s.name for s in SECTIONS))
    if options.rounds < 1:
        parser.error("--rounds must be 1 at least")
    if options.window <= 0 or options.warm_up < 0:
        parser.error("--window must be more than 0 seconds, and --warm-up not less")
    if options.brief and options.record:
        parser.error("--brief says nothing about speed, so there is nothing to --record")
    return options


def chosen(options):
    """In their order, whatever the order of naming."""
    if options.sections:
        return [s for s in SECTIONS if s.name in options.sections]
    wanted = {ALWAYS, RECORDED} if options.record or options.brief else {ALWAYS}
    return [s for s in SECTIONS if s.when in wanted]


def bars_of(section, bench):
    """What the section measured until it ended or failed: one that fails is no loss of others."""
    try:
        for bar in section.measure(bench):
            progress(f"== {bar.section}, {bar.name}: {bar.verdict()}")
            yield bar
    except (Failed, OSError) as failure:
        missing = isinstance(failure, Missing)
        yield Bar(section.name, "missing here" if missing else "failed", [], note=str(failure))


def record(bench, sections, bars, command):
    """Keeps it as a folder of results/."""
    said = "\n".join(f"- **{section.name}.** {section.says}" for section in sections)
    plots = [f"![{Path(name).stem}]({name})" for name in bench.plots]
    text = "\n\n".join([HOW.format(bench=bench), table(bars), said, *plots, FILES])
    workloads = results.summarise(bench.measured(), bench.workloads.get)
    folder = results.keep("bars", "The performance bars", command, bench.load_runs(),
                          {"workloads": workloads, "bars": [as_json(bar) for bar in bars]}, text)
    for name, svg in bench.plots.items():
        (folder / name).write_text(svg, encoding="utf-8")
    return folder


def check(bars):
    """Of a brief run: 0 when each bar has a value and none has a fault."""
    failed = skipped = 0
    for bar in bars:
        skips = bar.name == "missing here"
        problem = "; ".join(bar.faults) or ("" if bar.known() or skips else bar.note or "no value")
        word = "skipped" if skips else "FAILED" if problem else "ok"
        print(word, bar.section, bar.name, problem or (bar.note if skips else ""))
        failed, skipped = failed + bool(problem), skipped + skips
    print(f"{len(bars) - failed - skipped} passed, {failed} failed"
          + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


def main(arguments):
    options = parse(arguments)
    sections = chosen(options)
    if options.list:
        print("\n".join(section.name for section in sections))
        return 0
    how = {name: getattr(options, name)
           for name in ("rounds", "window", "warm_up", "server_core", "load_core")}
    bench = Bench(**how | (BRIEF if options.brief else {}))
    bars = [bar for section in sections for bar in bars_of(section, bench)]
    if options.brief:
        return check(bars)
    print(table(bars))
    if options.record:
        folder = record(bench, sections, bars, " ".join(["./dev bench bars", *arguments]))
        print(f"recorded in {folder.relative_to(results.ROOT)}")
    unmet = sum(bar.met() is False for bar in bars)
    print(f"bars: {unmet} missed or not measured, of {len(bars)} rows", file=sys.stderr)
    return 1 if unmet else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
