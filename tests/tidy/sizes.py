"""Lengths of files, functions and lines."""

import ast
import re

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
LINE_COLUMNS_MAX = 100
FILE_BYTES_MAX = 1_000_000


def files_are_short(tree):
    """No source file has more than 500 lines."""
    for file in tree.code():
        if len(file.lines) > FILE_LINES_MAX:
            yield file.path, FILE_LINES_MAX + 1, f"{len(file.lines)} lines, the most is 500"


def files_are_small(tree):
    """No file has more than a megabyte: large corpora and recordings stay out of the tree."""
    for file in tree.files:
        size = file.full.stat().st_size
        if size > FILE_BYTES_MAX:
            yield file.path, 1, f"{size} bytes, the most is {FILE_BYTES_MAX}"


def lines_fit_100_columns(tree):
    """Lines have at most 100 characters, however many bytes those take."""
    for file in tree.code():
        if file.full.suffix == ".html":
            continue  # An element's attributes are one line of text to most tools.
        for number, line in enumerate(file.lines, 1):
            # A path or an address cannot be broken.
            if len(line) > LINE_COLUMNS_MAX and not re.search(r"#include|https?://", line):
                yield file.path, number, f"{len(line)} columns, the most is {LINE_COLUMNS_MAX}"


def without_preprocessor(code):
    """Blanks directives with their continuation lines: braces in macros need not balance."""
    out, in_directive = [], False
    for line in code.split("\n"):
        starts = in_directive or line.lstrip().startswith("#")
        out.append("" if starts else line)
        in_directive = starts and line.endswith("\\")
    return "\n".join(out)


class FunctionFinder:
    """Finds bodies of functions at namespace and class scope, in clang-formatted C++.

    What stands before a `{` decides what it opens: a function has parentheses there, all closed;
    an initialiser follows `=`, `return`, a comma or an open parenthesis.
    """

    def __init__(self, code):
        self.functions = []  # (first line, last line)
        self._scopes = []  # "scope", "function" or "other"
        self._head = ""
        self._head_line = None
        self._first_line = 0
        self._scan(without_preprocessor(code))

    def _scan(self, code):
        for number, line in enumerate(code.split("\n"), 1):
            for char in line:
                self._take(char, number)
            self._head += " "

    def _take(self, char, number):
        if char == "{":
            self._scopes.append(self._kind())
            if self._scopes[-1] == "function" and self._scopes.count("function") == 1:
                self._first_line = self._head_line or number
            self._start_over()
        elif char == "}" and self._scopes:
            kind = self._scopes.pop()
            if kind == "function" and "function" not in self._scopes:
                self.functions.append((self._first_line, number))
            if kind != "other":
                self._start_over()
        elif char == ";" and self._open_parentheses() <= 0:
            self._start_over()
        elif char == ":" and self._head.strip() in ("public", "private", "protected"):
            self._start_over()
        else:
            if self._head_line is None and not char.isspace():
                self._head_line = number
            self._head += char

    def _start_over(self):
        # Inside an initialiser the statement goes on behind its braces.
        if self._scopes and self._scopes[-1] == "other":
            return
        self._head = ""
        self._head_line = None

    def _open_parentheses(self):
        return self._head.count("(") - self._head.count(")")

    def _kind(self):
        head = self._head.strip()
        if "function" in self._scopes or "other" in self._scopes:
            return "other"
        if re.match(r"(inline\s+)?namespace\b", head) or head.startswith('extern "'):
            return "scope"
        if self._open_parentheses() > 0 or re.search(r"(=|,|\breturn)$", head):
            return "other"
        if re.match(r"(template\s*<.*>\s*)?(class|struct|union|enum)\b", head) and \
                not re.search(r"\w\s*\(", re.sub(r"\b(alignas|requires|decltype)\s*\(", "", head)):
            return "scope"
        if ")" in head:
            # A member initialised by braces, `: a_{1}`, does not begin the body.
            return "other" if re.search(r"((?<!:):|,)\s+\w+$", head) else "function"
        return "other"


def functions_are_short(tree):
    """No function has more than 70 lines, its head included."""
    for file in tree.files:
        if file.is_cpp:
            spans = FunctionFinder(file.code).functions
        elif file.is_text and file.is_python:
            spans = [(node.lineno, node.end_lineno) for node in ast.walk(ast.parse(file.text))
                     if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
        else:
            continue
        for first, last in spans:
            if last - first + 1 > FUNCTION_LINES_MAX:
                yield file.path, first, f"a function of {last - first + 1} lines, the most is 70"


RULES = [files_are_short, files_are_small, lines_fit_100_columns, functions_are_short]
