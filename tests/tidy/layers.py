"""Who may include whom."""

import re

# core/base is everyone's; core, protocol and io are siblings and never meet; server sees all.
MAY_INCLUDE = {
    "core/base": {"core/base"},
    "core": {"core", "core/base"},
    "protocol": {"protocol", "core/base"},
    "io": {"io", "core/base"},
    "services": {"services", "protocol", "core/base"},
    "server": {"server", "services", "io", "protocol", "core", "core/base"},
    "loadgen": {"loadgen", "io", "protocol", "core/base"},
}
MAY_INCLUDE_ALL = {"tests", "bench"}


def layer_of(path):
    return "core/base" if path.startswith("core/base/") else path.split("/", 1)[0]


def includes_follow_layers(tree):
    """Each layer includes only what is below it, by paths from the root."""
    for file in tree.cpp():
        layer = layer_of(file.path)
        for number, path, quoted in file.includes:
            if not quoted:
                continue
            if path.startswith(".") or "/" not in path:
                yield file.path, number, f'"{path}" is not a path from the root'
            elif layer not in MAY_INCLUDE_ALL and \
                    layer_of(path) not in MAY_INCLUDE.get(layer, set()):
                yield file.path, number, f"{layer} must not include {layer_of(path)} ({path})"


def ring_is_linked_by_io_alone(tree):
    """No target outside io/ names liburing: the linker enforces what the includes promise."""
    for file in tree.files:
        if file.name != "CMakeLists.txt" or file.top in ("io", "bench"):
            continue
        for number, line in enumerate(file.lines, 1):
            if re.search(r"\b(lib)?uring\b", line.split("#")[0], re.IGNORECASE):
                yield file.path, number, "only io/ links liburing"


def own_header_comes_first(tree):
    """x.cc includes x.h before anything else, which proves that x.h stands alone."""
    for file in tree.cpp():
        if file.full.suffix != ".cc" or not file.includes:
            continue
        own = file.path.removesuffix(".cc") + ".h"
        if own in tree.by_path and file.includes[0][1] != own:
            yield file.path, file.includes[0][0], f'the first include is not "{own}"'


RULES = [includes_follow_layers, ring_is_linked_by_io_alone, own_header_comes_first]
