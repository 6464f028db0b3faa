#!/usr/bin/env python3
"""Claimed against measured: the figures of the five services, on this machine."""

import argparse
import html
import os
import platform
import sys
from pathlib import Path

from figures import FIGURES, Outcome
from parleyd import ROOT, Failed

STYLE = """body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;
color-scheme:light dark}table{border-collapse:collapse;width:100%}td,th{padding:.4rem .6rem;
text-align:left;border-bottom:1px solid #8884;vertical-align:top}.yes{color:#1a7f37}
.no{color:#cf222e;font-weight:600}.later{opacity:.6}small{opacity:.7}"""


def measured(figure):
    """Its outcome, and the word for it."""
    if figure.measure is None:
        return Outcome("", False, f"wants {figure.missing}"), "not yet"
    print(f"{figure.ids}: {figure.claim} ...", file=sys.stderr, flush=True)
    try:
        outcome = figure.measure()
    except Failed as failure:
        return Outcome(f"could not be measured: {failure}", False), "not met"
    return outcome, "met" if outcome.met else "not met"


def table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths))
                     + f"  {row[3]}" for row in rows)


def page(rows):
    classes = {"met": "yes", "not met": "no", "not yet": "later"}
    body = "".join(
        f'<tr><td>{html.escape(ids)}</td><td>{html.escape(claim)}</td>'
        f'<td class="{classes[word]}">{word}</td><td>{html.escape(text)}</td></tr>'
        for ids, claim, word, text in rows)
    machine = html.escape(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
                          f"Linux {platform.release()}")
    return (f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" '
            f'content="width=device-width"><title>Claimed and measured</title>'
            f"<style>{STYLE}</style><h1>Claimed and measured</h1><p>The figures that five services "
            f"claimed, and what Parley does on one machine: {machine}. <small>Server and generator "
            f"share it.</small></p><table><tr><th>figure</th><th>claimed</th><th></th>"
            f"<th>measured</th></tr>{body}</table></html>\n")


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ids", nargs="*", help="only figures whose ids hold one of these")
    parser.add_argument("--html", default=ROOT / "build" / "reproduce.html")
    options = parser.parse_args(arguments)
    chosen = [f for f in FIGURES if not options.ids or any(i in f.ids for i in options.ids)]
    if not chosen:
        parser.error("no figure has such an id")
    rows = []
    for figure in chosen:
        outcome, word = measured(figure)
        text = outcome.measured + (f" ({outcome.note})" if outcome.note else "")
        rows.append((figure.ids, figure.claim, word, text.strip()))
    print(table([("figure", "claimed", "", "measured"), *rows]))
    Path(options.html).write_text(page(rows), encoding="utf-8")
    print(f"\n{sum(r[2] == 'met' for r in rows)} met, {sum(r[2] == 'not met' for r in rows)} not "
          f"met, {sum(r[2] == 'not yet' for r in rows)} not yet; page: {options.html}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
