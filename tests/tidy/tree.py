"""The files that tidy looks at, and what every rule needs to know of one."""

import re
import subprocess
from functools import cached_property
from pathlib import Path

CODE_ENDINGS = {".h", ".cc", ".c", ".py", ".js", ".mjs", ".css", ".html", ".sh", ".cmake"}
SHELL_FIRST_LINE = re.compile(r"#!.*\b(ba)?sh\b")
PYTHON_FIRST_LINE = re.compile(r"#!.*\bpython3?\b")
FOLDERS_IGNORED = {".git", "build", "node_modules", "__pycache__"}


class File:
    """One file, read when first asked for. `path` is relative to the root of the tree."""

    def __init__(self, root, path):
        self.path = path
        self.full = Path(root) / path
        self.name = path.rsplit("/", 1)[-1]
        self.folder = path.rsplit("/", 1)[0] if "/" in path else ""
        self.top = path.split("/", 1)[0] if "/" in path else ""

    @cached_property
    def data(self):
        return self.full.read_bytes()

    @cached_property
    def is_text(self):
        if b"\0" in self.data[:8192]:
            return False
        try:
            self.data.decode("utf-8")
        except UnicodeDecodeError:
            return False
        return True

    @cached_property
    def text(self):
        return self.data.decode("utf-8")

    @cached_property
    def lines(self):
        return self.text.split("\n")[:-1] if self.text.endswith("\n") else self.text.split("\n")

    @cached_property
    def is_cpp(self):
        return self.full.suffix in (".h", ".cc")

    @cached_property
    def is_python(self):
        return self.full.suffix == ".py" or (
            not self.full.suffix and self.is_text and bool(PYTHON_FIRST_LINE.match(self.text)))

    @cached_property
    def is_code(self):
        return (self.full.suffix in CODE_ENDINGS or self.name == "CMakeLists.txt" or
                self.is_python or (not self.full.suffix and self.is_text and
                                   bool(SHELL_FIRST_LINE.match(self.text))))

    @cached_property
    def code(self):
        """C++ without comments and literals, each replaced by blanks: same lines, same columns."""
        return blank_cpp(self.text, keep_comments=False)

    @cached_property
    def code_lines(self):
        return self.code.split("\n")

    @cached_property
    def includes(self):
        """(line number, path, quoted) of every #include."""
        found = []
        for number, line in enumerate(self.lines, 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if match:
                found.append((number, match.group(2), match.group(1) == '"'))
        return found

    @cached_property
    def is_main(self):
        """A program's own file: where clocks, randomness and arguments enter."""
        return self.is_cpp and re.search(r"^int main\(", self.code, re.MULTILINE) is not None


class Tree:
    """Every file that git tracks or would track; without git, every file that is not built."""

    def __init__(self, root):
        self.root = Path(root)
        self.files = [File(root, path) for path in sorted(self._paths())
                      if (self.root / path).is_file() and not (self.root / path).is_symlink()]
        self.by_path = {file.path: file for file in self.files}

    def _paths(self):
        if (self.root / ".git").exists():
            listed = subprocess.run(
                ["git", "-c", "core.quotePath=false", "ls-files", "--cached", "--others",
                 "--exclude-standard"], cwd=self.root, capture_output=True, text=True, check=False)
            if listed.returncode == 0:
                return set(listed.stdout.splitlines())
        return {str(path.relative_to(self.root)) for path in self.root.rglob("*")
                if not FOLDERS_IGNORED.intersection(path.relative_to(self.root).parts)}

    def cpp(self, *tops):
        """The C++ files, of the named top folders only if any is named."""
        return [f for f in self.files if f.is_cpp and (not tops or f.top in tops)]

    def code(self):
        return [f for f in self.files if f.is_text and f.is_code]

    def text(self):
        return [f for f in self.files if f.is_text]

    def folders(self):
        """Every folder that holds a file, at any depth, as a relative path."""
        found = set()
        for file in self.files:
            parts = file.path.split("/")[:-1]
            found.update("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))
        return sorted(found)


# A comment, a raw string, a string or a character, whichever comes first. A quote between two
# hexadecimal digits separates the digits of a number and begins no character.
TOKEN = re.compile(
    r"""//[^\n]*
      | /\*.*?\*/
      | (?<![A-Za-z0-9_])(?:u8|u|U|L)?R"(?P<delimiter>[^()\s\\]{0,16})\(.*?\)(?P=delimiter)"
      | "(?:\\.|[^"\\\n])*"
      | (?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'
      | (?<=[uUL])'(?:\\.|[^'\\\n])+'
    """, re.VERBOSE | re.DOTALL)


def blank_cpp(text, keep_comments):
    """C++ with the inside of literals, and comments unless kept, turned into blanks."""

    def blank(match):
        token = match.group(0)
        if token.startswith(("//", "/*")):
            return token if keep_comments else re.sub(r"[^\n]", " ", token)
        if token.endswith('"'):
            return '"' + re.sub(r"[^\n]", " ", token[1:-1]) + '"'
        return "'" + " " * (len(token) - 2) + "'"

    return TOKEN.sub(blank, text)
