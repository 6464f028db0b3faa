"""What is measured: plans of parley-load, and the number that counts in each."""

from dataclasses import dataclass

# Every server of the comparison, floors first. The echo floor has no rooms.
FLOOR = "relay_floor"
PEERS = ("ws", "socketio", "beast", "nchan")


@dataclass(frozen=True)
class Workload:
    name: str
    says: str            # What question it answers.
    plan: dict
    unit: str = "deliveries/s"
    floor: str = FLOOR
    peers: tuple = PEERS
    less_is_better: bool = False
    value: str = "deliveries"
    of: str = ""         # Another workload, whose runs tell this value, too.

    def value_of(self, run):
        if self.value == "deliveries":
            return run["rates"]["deliveries"]
        if self.value == "connects":
            return run["rates"]["connects"]
        percentile = {"p50": 50, "p99": 99}[self.value]
        return next(ns for percent, ns in run["latency"]["percentiles"] if percent == percentile)


# A generator that sweeps never makes the server pay for waking it; see --wait.
FANOUT = {"mode": "closed", "connections": 1000, "wait": "sweep", "payload": 64}

WORKLOADS = (
    Workload("fanout-10", "rooms of 10, 16 messages in flight in each",
             FANOUT | {"members": 10, "depth": 16}),
    Workload("fanout-100", "rooms of 100, 16 messages in flight in each",
             FANOUT | {"members": 100, "depth": 16}),
    Workload("fanout-1000", "one room of 1000, 16 messages in flight",
             FANOUT | {"members": 1000, "depth": 16}),
    Workload("fanout-100-one", "rooms of 100, 1 message in flight: nothing to coalesce in a room",
             FANOUT | {"members": 100, "depth": 1}),
    Workload("fanout-100-32", "rooms of 100, 32 messages in flight",
             FANOUT | {"members": 100, "depth": 32}),
    Workload("fanout-100-64", "rooms of 100, 64 messages in flight: where some fall off a cliff",
             FANOUT | {"members": 100, "depth": 64}),
    Workload("fanout-100-512b", "rooms of 100, 16 in flight, 512 bytes each",
             FANOUT | {"members": 100, "depth": 16, "payload": 512}),
    Workload("echo", "500 connections, each alone, one message in flight: round trips",
             {"mode": "closed", "connections": 500, "members": 1, "depth": 1, "wait": "spin"},
             unit="round trips/s", floor="echo_floor"),
    Workload("latency", "rooms of 100, 100,000 deliveries a second, evenly spaced: p50",
             {"mode": "open", "connections": 1000, "members": 100, "rate": "1000/s",
              "wait": "spin"},
             unit="ns", value="p50", less_is_better=True),
    Workload("latency-p99", "the same: p99", {}, unit="ns", value="p99", less_is_better=True,
             of="latency"),
    Workload("connect", "opening 10,000 connections, as fast as it goes",
             {"mode": "idle", "connections": 10000, "members": 100, "in-progress-max": 256},
             unit="connections/s", value="connects"),
)


def workload(name):
    return next((w for w in WORKLOADS if w.name == name), None)
