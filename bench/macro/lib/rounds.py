"""One round of a workload: its servers in turn."""

from functools import cache

from lib.load import Server, measure
from lib.workloads import SUBJECT, asked

# Few who join small rooms and say much: what members are told of each other is next to nothing of
# what they receive.
FRAMES = {"mode": "closed", "connections": 100, "members": 10, "depth": 16, "wait": "sweep",
          "duration": "400ms", "warm-up": "100ms"}


@cache
def frames_run(payload, server_core=None, load_core=None):
    """A run of parleyd that tells how long its frames are."""
    return measure(Server(SUBJECT), FRAMES | {"payload": payload}, server_core, load_core)


def frame_bytes(payload, server_core=None, load_core=None):
    """Of each of parleyd's deliveries on the wire, header included."""
    total = frames_run(payload, server_core, load_core)["total"]
    return round(total["bytes_received"] / max(total["deliveries"], 1))


def turn(one, name, changes, server_core=None, load_core=None, arguments=(), beside=None):
    """A run of one server. None: it is not on this machine."""
    size = frame_bytes(one.plan.get("payload", 64), server_core, load_core)
    server, plan = asked(one, name, changes, size)
    if not server.available():
        return None
    server.arguments += arguments
    return measure(server, plan, server_core, load_core, beside)
