#!/usr/bin/env python3
"""Checks docs/conformance-rfc6455.md against the tests that it names.

Every `name` or `pattern*` in it that looks like a test must match one, and every section that has
rows in the tables must be listed. Arguments: the repository, then the test programs.
"""

import fnmatch
import re
import subprocess
import sys
from pathlib import Path


def names_of(program):
    listed = subprocess.run([program, "--gtest_list_tests"], check=True, capture_output=True,
                            text=True).stdout
    tests = [line.split()[0] for line in listed.splitlines() if line.startswith("  ")]
    return [test.removeprefix("Rule/") for test in tests]


def main():
    root = Path(sys.argv[1])
    tests = [name for program in sys.argv[2:] for name in names_of(program)]
    rows = [name for name in tests if re.match(r"s\d+_", name)]
    for source in sorted((root / "tests/e2e").glob("test_*.py")):
        tests += re.findall(r"def (test_\w+)", source.read_text())
    for source in sorted((root / "tests/unit/protocol/websocket").glob("*_test.cc")):
        tests += re.findall(r"^TEST(?:_P)?\(\w+, (\w+)\)", source.read_text(), re.MULTILINE)

    document = (root / "docs/conformance-rfc6455.md").read_text().split("\n## ", 1)[1]
    cited = re.findall(r"`([\w*]+)`", document)
    faults = [f"no test is called {name}" for name in cited
              if not fnmatch.filter(tests, name)]
    uncited = [row for row in rows if not any(fnmatch.fnmatch(row, name) for name in cited)]
    sections = {match for cell in re.findall(r"^\| ([\d., ]+) \|", document, re.MULTILINE)
                for match in cell.split(", ")}
    for row in uncited:
        section = re.match(r"s((?:\d+_)+)", row).group(1).strip("_").replace("_", ".")
        if section not in sections:
            faults.append(f"section {section} of {row} is not listed")
    print("\n".join(faults) or f"{len(cited)} citations, {len(rows)} rows: all there")
    return 1 if faults or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
