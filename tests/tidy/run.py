#!/usr/bin/env python3
"""The house rules that no compiler checks. `run.py` checks all, `run.py RULE...` those named.

CTest runs each rule as a test of its own; canaries.py proves that each sees what it is for.
"""

import sys
from pathlib import Path

import bans
import layers
import shapes
import sizes
import texts
from tree import Tree

ROOT = Path(__file__).resolve().parent.parent.parent
RULES = {rule.__name__: rule
         for module in (layers, bans, sizes, texts, shapes) for rule in module.RULES}


def main(arguments):
    if "--list" in arguments:
        print("\n".join(RULES))
        return 0
    unknown = [name for name in arguments if name not in RULES]
    if unknown:
        print(f"tidy: no rule is called {', '.join(unknown)}; the rules are:\n  " +
              "\n  ".join(RULES), file=sys.stderr)
        return 2
    tree = Tree(ROOT)
    if not tree.cpp():
        print("tidy: no C++ file found: is this the right folder?", file=sys.stderr)
        return 2
    violations = 0
    for name in arguments or RULES:
        for path, line, what in RULES[name](tree):
            print(f"{path}:{line}: {what} [{name}]")
            violations += 1
    print(f"tidy: {len(arguments or RULES)} rules, {len(tree.files)} files,"
          f" {violations} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
