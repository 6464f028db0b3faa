"""How folders and files are shaped: nothing dead, nothing unexplained."""

import re
import shutil
import subprocess

# Folders below these explain themselves by their names.
SELF_EXPLAINING = re.compile(r"(^|/)(corpus|screenshots|canaries|fixtures)(/|$)")
README_DEPTH_MAX = 2
CLANG_FORMAT = "clang-format-19"


def cmake_lists(tree):
    return [f for f in tree.files if f.name == "CMakeLists.txt" or f.full.suffix == ".cmake"]


def words_of(file):
    """The words of a CMake file, without its comments."""
    text = "\n".join(re.sub(r"(^|\s)#.*", "", line) for line in file.lines)
    return re.findall(r"[^\s()\"]+", text)


def named_in_cmake(tree):
    """The paths of all files that a CMakeLists.txt names, relative to it or to the root."""
    named = set()
    for file in cmake_lists(tree):
        for word in words_of(file):
            word = re.sub(r"\$\{(CMAKE|PROJECT|parley)_SOURCE_DIR\}/", "//", word)
            word = word.replace("${CMAKE_CURRENT_SOURCE_DIR}/", "")
            if word.startswith("//"):
                named.add(word[2:])
            elif "." in word:
                parts = [p for p in file.folder.split("/") if p]
                for part in word.split("/"):
                    if part == "..":
                        parts = parts[:-1]
                    elif part != ".":
                        parts.append(part)
                named.add("/".join(parts))
    return named


def no_source_is_dead(tree):
    """Every .cc is in a CMakeLists.txt, every .h is included by somebody."""
    named = named_in_cmake(tree)
    included = {path for file in tree.cpp() for _, path, _ in file.includes}
    for file in tree.cpp():
        if file.path in named:
            continue
        if file.full.suffix == ".cc":
            yield file.path, 1, "no CMakeLists.txt names it"
        elif file.path not in included:
            yield file.path, 1, "nobody includes it"


def no_folder_is_dead(tree):
    """Every folder with a CMakeLists.txt is added by the folder above it."""
    for file in tree.files:
        if file.name != "CMakeLists.txt" or not file.folder:
            continue
        above, _, last = file.folder.rpartition("/")
        parent = tree.by_path.get(f"{above}/CMakeLists.txt" if above else "CMakeLists.txt")
        added = re.findall(r"add_subdirectory\(\s*([^\s)]+)", parent.text) if parent else [last]
        if last not in added:
            yield file.path, 1, f"{parent.path} does not add this folder"


def folders_explain_themselves(tree):
    """Every folder has a README.md, down to the second level."""
    for folder in tree.folders():
        if folder.startswith(".") or SELF_EXPLAINING.search(folder):
            continue
        if folder.count("/") < README_DEPTH_MAX and f"{folder}/README.md" not in tree.by_path:
            yield folder, 1, "no README.md"


def headers_introduce_themselves(tree):
    """A header starts with a comment that says what it is, and is included once."""
    for file in tree.cpp():
        if file.full.suffix != ".h":
            continue
        if not file.lines or not re.match(r"// \w", file.lines[0]):
            yield file.path, 1, "a header starts with a sentence that says what it is"
        if "#pragma once" not in file.lines:
            yield file.path, 1, "no #pragma once"


def sources_are_formatted(tree):
    """clang-format would change nothing."""
    paths = [file.path for file in tree.cpp()]
    if not paths:
        return
    if shutil.which(CLANG_FORMAT) is None:
        yield ".clang-format", 1, f"{CLANG_FORMAT} is missing: ./dev setup"
        return
    result = subprocess.run([CLANG_FORMAT, "--dry-run", *paths], cwd=tree.root, text=True,
                            capture_output=True, check=False)
    seen = set()
    for line in result.stderr.splitlines():
        match = re.match(r"(.+?):(\d+):\d+: (warning|error):", line)
        if match and match.group(1) not in seen:
            seen.add(match.group(1))
            yield match.group(1), int(match.group(2)), "not formatted: ./dev format"


RULES = [no_source_is_dead, no_folder_is_dead, folders_explain_themselves,
         headers_introduce_themselves, sources_are_formatted]
