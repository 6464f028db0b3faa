"""Deliveries a second over those of the relay floor, and no cliff when more is in flight."""

from itertools import product

from lib.workloads import fanout

from bar import ratio_bar
from section import Section

ROOMS = (10, 100, 1000)
DEPTHS = (1, 16, 32)
PAYLOADS = (64, 512)
RATIO_MIN = 0.85

CLIFF_ROOM = (100, 64)  # Members, bytes.
CLIFF_FROM = 32
CLIFF_DEPTHS = (64, 256)
CLIFF_MIN = 1.0


def load_of(members, depth, payload):
    """Named as in bench/macro where it is the same."""
    name = f"fanout-{members}"
    name += {1: "-one", 16: ""}.get(depth, f"-{depth}")
    name += "" if payload == 64 else f"-{payload}b"
    return fanout(name, f"rooms of {members}, {depth} in flight, {payload} bytes each",
                  members=members, depth=depth, payload=payload)


def title(members, depth, payload):
    return f"rooms of {members}, {depth} in flight, {payload} B"


def cliff(pairs, depth):
    """Parley with so many in flight over itself with fewer, in the same round."""
    load = load_of(CLIFF_ROOM[0], depth, CLIFF_ROOM[1])
    floor = ratio_bar("", "", pairs[depth], load).median()
    beside = "no ratio to the floor" if floor is None else f"{floor:.2f} of the floor"
    own = [(deeper[0], shallow[0]) for deeper, shallow in zip(pairs[depth], pairs[CLIFF_FROM])]
    return ratio_bar(SECTION.name, f"{title(CLIFF_ROOM[0], depth, CLIFF_ROOM[1])} over "
                     f"{CLIFF_FROM} in flight", own, load, limit=CLIFF_MIN, notes=[beside])


def measure(bench):
    rooms = bench.size(list(product(ROOMS, PAYLOADS)), [CLIFF_ROOM])
    for members, payload in rooms:
        cliffs = CLIFF_DEPTHS if (members, payload) == CLIFF_ROOM else ()
        loads = {depth: load_of(members, depth, payload) for depth in DEPTHS + cliffs}
        pairs = {depth: [] for depth in loads}
        for _ in range(bench.rounds):
            for depth, load in loads.items():
                pairs[depth].append(bench.pair(load))
        for depth in DEPTHS:
            yield ratio_bar(SECTION.name, title(members, depth, payload), pairs[depth],
                            loads[depth], limit=RATIO_MIN)
        for depth in cliffs:
            yield cliff(pairs, depth)


SECTION = Section("fan-out", "Deliveries a second of parleyd over those of a relay floor whose "
                  "frames are as long, closed loop, 1000 members. Then its own, with more in "
                  "flight over 32.", measure)
