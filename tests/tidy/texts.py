"""What must not stand in any text: unfinished work, dead code, this machine, stray white space."""

import re

from tree import blank_cpp

# Written apart so that this file passes its own rule.
MARKS = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
MACHINE_PATHS = re.compile(r"(?<![\w.])/(home|root|work|Users)/\w")
TEMPORARY_PATHS = re.compile(r"(?<![\w.])/tmp/")
MADE_BY_TOOLS = ("package-lock.json",)


def nothing_is_left_to_do(tree):
    """Unfinished work is finished or written down in docs/, not left as a mark in the source."""
    for file in tree.text():
        if file.name in MADE_BY_TOOLS:
            continue
        for number, line in enumerate(file.lines, 1):
            match = MARKS.search(line)
            if match:
                yield file.path, number, f"{match.group(0)}: finish it, or describe it in docs/"


def no_white_space_is_stray(tree):
    """No trailing blanks, no tabs in C++ and Python, one line feed at the end."""
    for file in tree.text():
        if not file.text or "/corpus/" in file.path:
            continue
        for number, line in enumerate(file.lines, 1):
            if line != line.rstrip():
                yield file.path, number, "trailing white space"
            if "\t" in line and (file.is_cpp or file.is_python):
                yield file.path, number, "a tab"
        if not file.text.endswith("\n"):
            yield file.path, len(file.lines), "no line feed at the end"
        elif file.text.endswith("\n\n"):
            yield file.path, len(file.lines), "empty lines at the end"


def no_path_of_one_machine(tree):
    """Nothing names a folder of the machine it was written on."""
    for file in tree.text():
        if file.name in MADE_BY_TOOLS:
            continue
        for number, line in enumerate(file.lines, 1):
            match = MACHINE_PATHS.search(line)
            if not match and file.is_cpp and file.top not in ("tests", "bench"):
                match = TEMPORARY_PATHS.search(line)
            if match:
                yield file.path, number, f"{match.group(0)}: a path of one machine"


# A comment that reads as code. Examples in a header's comment are indented by three blanks or more
# and so say that they are meant to be read.
STATEMENT = re.compile(
    r"""^(
        \#\s*(include|if|ifdef|ifndef|endif|define|else)\b.*
      | (return|break|continue|goto|throw|delete)\b[^.]*;
      | [\w:<>,&*\s\[\].>-]*[\w\])]\s*(=|\+=|-=|\|=)\s*[^=].*;
      | [\w:.>-]+(<[\w:,\s]*>)?\(.*\)\s*;
      | (\}\s*)?(if|for|while|switch|else\s+if)\s*\(.*\)\s*(\{|.*;)
      | (\}\s*)?else\s*\{
      | [{}]\s*;?
      | .*\)\s*(const\s*)?(noexcept\s*)?(override\s*)?\{
    )$""", re.VERBOSE)


def comment_texts(file):
    """(line number, text) of each // comment of a C++ file, without its slashes."""
    with_comments = blank_cpp(file.text, keep_comments=True)
    for number, line in enumerate(with_comments.split("\n"), 1):
        match = re.search(r"(?<!:)//(.*)", line)
        if match:
            yield number, match.group(1)


def no_code_is_commented_out(tree):
    """Code that does not run is deleted; git remembers it."""
    for file in tree.cpp():
        for number, text in comment_texts(file):
            if re.match(r" {3,}", text):
                continue
            if STATEMENT.match(text.strip()):
                yield file.path, number, f"commented-out code: {text.strip()}"


def comments_speak_of_the_product(tree):
    """Sources do not speak of the work on them: no issue numbers, no names of tickets."""
    pattern = re.compile(r"\b(issue|ticket|PR|pull request)\s*(#|no\.?\s*)?\d+", re.IGNORECASE)
    for file in tree.cpp("core", "protocol", "io", "services", "server", "loadgen"):
        for number, text in comment_texts(file):
            match = pattern.search(text)
            if match:
                yield file.path, number, f"{match.group(0)}: say why, not where it was asked"


RULES = [nothing_is_left_to_do, no_white_space_is_stray, no_path_of_one_machine,
         no_code_is_commented_out, comments_speak_of_the_product]
