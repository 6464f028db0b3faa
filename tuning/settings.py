"""The profile: what each setting should be, why, and whether a value of it is right."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

KEY = re.compile(r"[a-z0-9_]+(\.[A-Za-z0-9_-]+)+")
LIMITS = ("nofile",)
PORT_MAX = 65535


class ProfileError(Exception):
    """The profile is not what its own first lines say that it must be."""


def numbers(text):
    """The numbers of a value such as `4096<tab>131072<tab>6291456`; ValueError when it has none."""
    found = [int(word) for word in text.split()]
    if not found:
        raise ValueError("it is empty")
    return found


def pairs(text, wanted):
    """The numbers of a value beside the wanted ones."""
    have, want = numbers(text), numbers(wanted)
    if len(have) != len(want):
        raise ValueError(f"it has {len(have)} numbers, not {len(want)}")
    return list(zip(have, want))


def ports(text):
    """The ports of a list such as `8080,9000-9010`."""
    found = set()
    for part in filter(None, text.strip().split(",")):
        low, _, high = part.partition("-")
        first, last = int(low), int(high or low)
        if not 0 <= first <= last <= PORT_MAX:
            raise ValueError(f"{part} is no range of ports")
        found.update(range(first, last + 1))
    return found


def joined(values):
    return " ".join(str(value) for value in values)


# Each returns what the value should become: itself, with single blanks, when it is right.


def target_at_least(text, wanted):
    return joined(max(pair) for pair in pairs(text, wanted))


def target_at_most(text, wanted):
    return joined(min(pair) for pair in pairs(text, wanted))


def target_equals(text, wanted):
    return joined(wanted.split())


def target_range(text, wanted):
    (low, low_wanted), (high, high_wanted) = pairs(text, wanted)
    return joined((min(low, low_wanted), max(high, high_wanted)))


def target_ports(text, wanted):
    missing = sorted(ports(wanted) - ports(text))
    return ",".join(filter(None, [text.strip(), *map(str, missing)]))


@dataclass(frozen=True)
class Rule:
    target: object
    words: str  # How `should be` reads, with {} for the value.
    check: object  # Raises ValueError on a wanted value that makes no sense.


def check_range(wanted):
    low, high = numbers(wanted)
    if low > high:
        raise ValueError("its end is below its start")


RULES = {
    "at_least": Rule(target_at_least, "at least {}", numbers),
    "at_most": Rule(target_at_most, "at most {}", numbers),
    "equals": Rule(target_equals, "{}", str.split),
    "range": Rule(target_range, "{} or wider", check_range),
    "ports": Rule(target_ports, "a list that has {}", ports),
}
SHARED = {"why", "source", "by_hand"}


@dataclass(frozen=True)
class Entry:
    name: str
    is_limit: bool
    rule: str
    wanted: str
    why: str
    source: str
    by_hand: str

    @property
    def should(self):
        return RULES[self.rule].words.format(self.wanted)

    def target(self, text):
        """What `text` should become; ValueError when it cannot be compared."""
        return RULES[self.rule].target(text, self.wanted)

    def is_right(self, text):
        return self.target(text) == joined(text.split())


@dataclass(frozen=True)
class LeftAlone:
    keys: tuple  # Sysctls.
    paths: tuple  # Files that are no sysctl.
    why: str
    counter: str


@dataclass(frozen=True)
class Profile:
    entries: tuple
    left_alone: tuple


def entry_of(table):
    if not isinstance(table, dict) or not all(isinstance(value, (str, int))
                                              for value in table.values()):
        raise ProfileError("an entry is a table of words and numbers")
    names = [kind for kind in ("sysctl", "limit") if kind in table]
    rules = [rule for rule in RULES if rule in table]
    if len(names) != 1 or len(rules) != 1:
        raise ProfileError("it wants one of sysctl and limit, and one of " + ", ".join(RULES))
    kind, rule = names[0], rules[0]
    name, wanted = table[kind], str(table[rule])
    unknown = set(table) - SHARED - {kind, rule}
    if unknown:
        raise ProfileError(f"{name}: what is {', '.join(sorted(unknown))}?")
    if kind == "limit" and (name not in LIMITS or "by_hand" not in table or rule != "at_least"):
        raise ProfileError(f"{name}: a limit is nofile, has at_least and says what to do by_hand")
    if not KEY.fullmatch(name) and kind == "sysctl":
        raise ProfileError(f"{name} is no name of a sysctl")
    if not table.get("why") or not table.get("source"):
        raise ProfileError(f"{name}: it says no why or no source")
    try:
        RULES[rule].check(wanted)
    except ValueError as error:
        raise ProfileError(f"{name}: {rule} = {wanted}: {error}") from error
    return Entry(name, kind == "limit", rule, joined(wanted.split()), table["why"],
                 table["source"], table.get("by_hand", ""))


def left_alone_of(table):
    if not isinstance(table, dict):
        raise ProfileError("a left_alone is a table")
    keys, paths = tuple(table.get("keys", ())), tuple(table.get("paths", ()))
    if not (keys or paths) or not table.get("why"):
        raise ProfileError("a left_alone wants keys or paths, and a why")
    return LeftAlone(keys, paths, table["why"], table.get("counter", ""))


def load_profile(path):
    try:
        tables = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        lists = [tables.get(name, []) for name in ("entry", "left_alone")]
        if not all(isinstance(tables_of_one, list) for tables_of_one in lists):
            raise ProfileError("it is made of [[entry]] and [[left_alone]]")
        profile = Profile(tuple(map(entry_of, lists[0])), tuple(map(left_alone_of, lists[1])))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ProfileError) as error:
        raise ProfileError(f"{path}: {error}") from error
    names = [entry.name for entry in profile.entries]
    if not names:
        raise ProfileError(f"{path}: it has no entry")
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ProfileError(f"{path}: {', '.join(sorted(twice))}: more than once")
    return profile
