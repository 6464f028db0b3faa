"""What is measured: plans of parley-load, and the number that counts in each."""

from dataclasses import dataclass, field

from lib.load import Server, flags_of

# Every server of the comparison, floors first. The echo floor has no rooms.
SUBJECT = "parleyd"
FLOOR = "relay_floor"
SEND_FLOOR = "send_floor"
PEERS = ("ws", "socketio", "beast", "nchan")

PADDED = (FLOOR, SEND_FLOOR)  # They send frames of any length.

SEND_FRAMES_MAX = 32


def percentile(percent):
    return lambda run: next(ns for p, ns in run["latency"]["percentiles"] if p == percent)


def server_cpu(run):
    """ns of the server for each delivery."""
    return run["server"]["cpu"] * 1e9 / max(run["rates"]["deliveries"], 1)


VALUES = {"deliveries": lambda run: run["rates"]["deliveries"],
          "connects": lambda run: run["rates"]["connects"],
          "requests": lambda run: run["rates"]["requests"],
          "p50": percentile(50), "p99": percentile(99), "server_cpu": server_cpu}


@dataclass(frozen=True)
class Workload:
    name: str
    says: str            # What question it answers.
    plan: dict
    unit: str = "deliveries/s"
    floor: str = FLOOR
    peers: tuple = PEERS
    less_is_better: bool = False
    value: str = "deliveries"  # Of VALUES.
    send_frames: int = 0  # Of each send of the send floor; 0: it has no place here.
    of: str = ""         # Another workload, whose runs tell this value, too.
    dialects: dict = field(default_factory=dict)  # Where a server is spoken to in another way.

    def value_of(self, run):
        if run["server_name"] == SEND_FLOOR:
            return run["steady"]["other_frames"] / run["phases"]["steady_s"]
        return VALUES[self.value](run)


# A generator that sweeps never makes the server pay for waking it; see --wait.
FANOUT = {"mode": "closed", "connections": 1000, "wait": "sweep", "payload": 64}


def fanout(name, says, members=100, depth=16, payload=64):
    """The most that can leave in one send is what a room has in flight."""
    plan = FANOUT | {"members": members, "depth": depth, "payload": payload}
    return Workload(name, says, plan, send_frames=min(depth, SEND_FRAMES_MAX))


CONNECT = {"mode": "idle", "connections": 10000, "members": 100, "in-progress-max": 256}

WORKLOADS = (
    fanout("fanout-10", "rooms of 10, 16 messages in flight in each", members=10),
    fanout("fanout-100", "rooms of 100, 16 messages in flight in each"),
    fanout("fanout-1000", "one room of 1000, 16 messages in flight", members=1000),
    fanout("fanout-100-one", "rooms of 100, 1 message in flight: nothing to coalesce in a room",
           depth=1),
    fanout("fanout-100-8", "rooms of 100, 8 messages in flight", depth=8),
    fanout("fanout-100-32", "rooms of 100, 32 messages in flight", depth=32),
    fanout("fanout-100-64", "rooms of 100, 64 messages in flight: where some fall off a cliff",
           depth=64),
    fanout("fanout-100-512b", "rooms of 100, 16 in flight, 512 bytes each", payload=512),
    Workload("echo", "500 connections, each alone, one message in flight: round trips",
             {"mode": "closed", "connections": 500, "members": 1, "depth": 1, "wait": "spin"},
             unit="round trips/s", floor="echo_floor"),
    Workload("latency", "rooms of 100, 100,000 deliveries a second, evenly spaced: p50",
             {"mode": "open", "connections": 1000, "members": 100, "rate": "1000/s",
              "wait": "spin"},
             unit="ns", value="p50", less_is_better=True),
    Workload("latency-p99", "the same: p99", {}, unit="ns", value="p99", less_is_better=True,
             of="latency"),
    Workload("upgrade", "opening 10,000 WebSockets, as fast as it goes: nobody joins a room",
             CONNECT, unit="connections/s", value="connects",
             dialects={"parleyd": ("ws-raw", "/ws")}),
    Workload("connect", "the same, each a member of a room of 100 whose others are told of it",
             CONNECT, unit="connections/s", value="connects"),
)


def servers_of(one):
    return [SUBJECT, one.floor, *([SEND_FLOOR] if one.send_frames else []), *one.peers]


def asked(one, name, changes, frame_bytes=None):
    """The server, and the plan it is measured with. A floor sends frames as long as Parley's."""
    plan, flags = one.plan | changes, {}
    if name in PADDED and frame_bytes is not None:
        flags["frame-bytes"] = round(frame_bytes)
    if name == SEND_FLOOR:
        flags |= {"connections": plan["connections"], "frames-per-send": one.send_frames}
        # It answers nothing, and nothing it sends need be looked into.
        plan |= {"mode": "idle", "delivery": "none"}
    return Server(name, flags_of(flags), one.dialects.get(name, ())), plan


def workload(name):
    return next((w for w in WORKLOADS if w.name == name), None)
