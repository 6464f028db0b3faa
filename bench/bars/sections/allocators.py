"""What another allocator under parleyd would change."""

from dataclasses import replace

from lib.load import ROOT
from lib.workloads import fanout

from bar import Bar, faults_of, ratio_bar
from bench import Missing
from section import RECORDED, Section
from sections.memory import CONNECTIONS, IDLE, with_memory

OTHERS = ("mimalloc", "jemalloc")  # As PARLEY_ALLOCATOR names them.


def build_of(allocator):
    folder = ROOT / "build" / f"release-{allocator}"
    if not (folder / "parleyd").exists():
        raise Missing(f"there is no {folder.relative_to(ROOT)}/parleyd: ./dev bench bars builds it")
    return {"build_dir": folder}


def measure(bench):
    builds = {"system": {}} | {allocator: build_of(allocator) for allocator in OTHERS}
    load = replace(fanout("allocators", "rooms of 100, 16 in flight"), floor="")
    count = bench.size(CONNECTIONS, 500)
    runs, idle = {name: [] for name in builds}, {name: [] for name in builds}
    for _ in range(bench.rounds):
        for name, how in builds.items():
            runs[name].append(bench.run(load, how=how))
            idle[name].append(with_memory(bench, IDLE, count, how=how))
    for name in OTHERS:
        yield ratio_bar(SECTION.name, f"rooms of 100, 16 in flight: {name} over system",
                        list(zip(runs[name], runs["system"])), load)
        bytes_of = [(of[1], to[1]) for of, to in zip(idle[name], idle["system"])]
        own, beside = (", ".join(f"{value:.0f}" for value in side) for side in zip(*bytes_of))
        yield Bar(SECTION.name, f"{count:,} idle members: {name} over system",
                  [of / to if to > 0 else None for of, to in bytes_of],
                  note=f"bytes a connection: {own} against {beside}",
                  faults=faults_of(run for run, *_ in idle[name]))


SECTION = Section("allocators", "parleyd linked with other allocators over the same with the "
                  "system's: deliveries a second, and resident bytes of an idle connection.",
                  measure, RECORDED)
