"""The profile beside the machine: one finding an entry."""

from dataclasses import dataclass

from host import UNLIMITED, limit_text
from settings import Entry


def shown(text):
    """A value for a sentence or a configuration file: tabs are blanks there."""
    if text is None:
        return "absent"
    return " ".join(text.split()) or "empty"


@dataclass(frozen=True)
class Finding:
    entry: Entry
    state: str  # ok, off, absent.
    text: str | None  # As the kernel writes it.
    target: str | None  # What apply sets; None when it leaves the entry to somebody.
    note: str = ""  # Why it cannot be compared.
    whose: str = ""  # Of a limit: what has it.

    @property
    def name(self):
        return self.entry.name

    def sentence(self):
        if self.state == "absent":
            return f"{self.name} is absent: this kernel, as it runs now, has no such setting"
        state = self.note if self.text is None else f"is {shown(self.text)}{self.whose}"
        problem = f" ({self.note})" if self.note and self.text is not None else ""
        remedy = f"; by hand: {self.entry.by_hand}" if self.entry.by_hand else ""
        return (f"{self.name} {state}{problem}, should be {self.entry.should}:"
                f" {self.entry.why} [{self.entry.source}]{remedy}")

    def as_table(self):
        return {"name": self.name, "state": self.state, "is": self.text,
                "should": self.entry.should, "target": self.target, "why": self.entry.why,
                "source": self.entry.source, "by_hand": self.entry.by_hand, "note": self.note,
                "whose": self.whose.strip()}


def check_limit(entry, host):
    try:
        found = host.nofile()
    except ValueError as error:
        return Finding(entry, "off", None, None, note=f"is unclear: {error}")
    if found is None:
        return Finding(entry, "absent", None, None)
    limit, whose = found
    state = "ok" if limit == UNLIMITED or entry.is_right(str(limit)) else "off"
    return Finding(entry, state, limit_text(limit), None, whose=f" for {whose}")


def check_sysctl(entry, host):
    try:
        text = host.read_sysctl(entry.name)
    except OSError as error:
        return Finding(entry, "off", None, None, note=f"cannot be read: {error.strerror}")
    if text is None:
        return Finding(entry, "absent", None, None)
    try:
        if entry.is_right(text):
            return Finding(entry, "ok", text, None)
        target = None if entry.by_hand else entry.target(text)
        return Finding(entry, "off", text, target)
    except ValueError as error:
        return Finding(entry, "off", text, None, note=f"not comparable: {error}")


def check(profile, host):
    return [(check_limit if entry.is_limit else check_sysctl)(entry, host)
            for entry in profile.entries]
