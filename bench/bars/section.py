"""A section: bars that are measured together."""

from collections.abc import Callable
from dataclasses import dataclass

ALWAYS, RECORDED = "always", "recorded"


@dataclass(frozen=True)
class Section:
    name: str
    says: str          # What is measured, for the record.
    measure: Callable  # A generator of bars, given a Bench.
    when: str = ALWAYS  # RECORDED: with --record or by name; briefly, too.
