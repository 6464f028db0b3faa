"""One round of a workload: its servers in turn."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lib.load import Server, measure
from lib.workloads import PADDED, SUBJECT, asked

# Few who join small rooms and say much: what members are told of each other is next to nothing of
# what they receive.
FRAMES = {"mode": "closed", "connections": 100, "members": 10, "depth": 16, "wait": "sweep",
          "duration": "400ms", "warm-up": "100ms"}


@dataclass(frozen=True)
class How:
    """What else there is to say of a run."""

    server_core: int | None = None  # None: any.
    load_core: int | None = None
    arguments: tuple = ()           # Further ones of the server.
    build_dir: Path | None = None   # Another than the release build's.
    beside: object = None           # See lib.load.measure.


@cache
def frames_run(payload, server_core=None, load_core=None):
    """A run of parleyd that tells how long its frames are."""
    return measure(Server(SUBJECT), FRAMES | {"payload": payload}, server_core, load_core)


def frame_bytes(payload, how):
    """Of each of parleyd's deliveries on the wire, header included."""
    total = frames_run(payload, how.server_core, how.load_core)["total"]
    return round(total["bytes_received"] / max(total["deliveries"], 1))


def turn(one, name, changes, how):
    """A run of one server. None: it is not on this machine."""
    size = frame_bytes(one.plan.get("payload", 64), how) if name in PADDED else None
    server, plan = asked(one, name, changes, size)
    if not server.available():
        return None
    server.arguments += map(str, how.arguments)
    server.build_dir = how.build_dir or server.build_dir
    return measure(server, plan, how.server_core, how.load_core, how.beside)
