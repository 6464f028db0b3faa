#!/usr/bin/env python3
"""check.py FILE COMPILER [FLAG...]: FILE compiles as it is, and each of its bad branches does not.

A bad branch is `#if BAD == N  // expect: PATTERN`: with -DBAD=N the compiler must refuse the file
and say something that matches PATTERN, so that a branch cannot fail for a reason of its own.
"""

import re
import subprocess
import sys
from pathlib import Path

BRANCH = re.compile(r"^#(?:if|elif) BAD == (\d+)  // expect: (.+)$", re.MULTILINE)


def compile_with(command, bad):
    result = subprocess.run([*command, f"-DBAD={bad}"], capture_output=True, text=True,
                            check=False, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
    return result.returncode == 0, result.stderr


def problems(path, command):
    branches = BRANCH.findall(Path(path).read_text(encoding="utf-8"))
    if not branches:
        yield "it has no bad branch"
    good, said = compile_with(command, 0)
    if not good:
        yield f"the good branch must compile, but:\n{said}"
    for number, pattern in branches:
        good, said = compile_with(command, number)
        if good:
            yield f"branch {number} must not compile, but does"
        elif not re.search(pattern, said):
            yield f"branch {number} fails, but not with {pattern!r}:\n{said}"


def main(path, *compiler):
    found = list(problems(path, [*compiler, "-fsyntax-only", path]))
    for problem in found:
        print(f"{path}: {problem}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
