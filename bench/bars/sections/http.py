"""Requests a second of /health, beside nginx."""

from pathlib import Path

from lib.workloads import SUBJECT, Workload

import wrk
from bar import Bar, faults_of, is_valid, per_cpu_second, ratio_bar
from section import Section

RATE_MIN = 125_000
RATIO_MIN = 1.0

PLAIN = Workload("http", "64 connections that are kept, one request of /health at a time", {},
                 unit="requests/s", floor="nginx_return", peers=(), value="requests")
PIPELINED = Workload("http-pipelined", "the same, 16 requests at a time", {}, unit="requests/s",
                     floor="nginx_return", peers=(), value="requests")
SCRIPTS = {PLAIN.name: None, PIPELINED.name: str(Path(__file__).with_name("pipeline.lua"))}


def pairs_of(bench, load):
    seconds = max(1, round(bench.window))
    return [tuple(bench.keep(load, wrk.measure(name, seconds, bench, SCRIPTS[load.name]))
                  for name in (SUBJECT, load.floor)) for _ in range(bench.rounds)]


def per_core(run, load):
    """Requests a second; of one that wrk kept waiting, in a second of its CPU."""
    rate = load.value_of(run)
    return rate if is_valid(run) else per_cpu_second(rate, run)


def rate_bar(title, runs, load):
    rates = ", ".join(f"{load.value_of(run):,.0f}" for run in runs)
    limited = sum(not is_valid(run) for run in runs)
    note = f"{rates} requests/s"
    if limited:
        note += f"; wrk without time left in {limited} of {len(runs)} rounds: of a second of CPU"
    return Bar(SECTION.name, title, [per_core(run, load) for run in runs], load.unit, RATE_MIN,
               note=note, faults=faults_of(runs))


def measure(bench):
    for title, load in (("plain", PLAIN), ("16 pipelined", PIPELINED)):
        pairs = pairs_of(bench, load)
        yield rate_bar(title, [of for of, _ in pairs], load)
        yield ratio_bar(SECTION.name, f"{title}, parleyd over nginx", pairs, load, limit=RATIO_MIN)


SECTION = Section("http", "Requests a second of /health from wrk with 64 connections that are "
                  "kept, one at a time and 16 at a time; and over nginx, which returns the same "
                  "body from its configuration.", measure)
