"""Calls and system headers that a layer must not have."""

import re
from dataclasses import dataclass

PRODUCTION = ("core", "protocol", "io", "services", "server", "loadgen")
HOT = ("core", "protocol", "io", "server")
PURE = ("core", "protocol", "server")
MAIN = "main"  # Excuses any file that has a main().


@dataclass(frozen=True)
class Ban:
    """`pattern` is banned in the top folders `layers`, except in files below `excused`."""

    pattern: str
    layers: tuple
    why: str
    excused: tuple = ()

    def applies_to(self, file):
        if file.top not in self.layers or (MAIN in self.excused and file.is_main):
            return False
        return not any(file.path == path or file.path.startswith(path + "/")
                       for path in self.excused)


NO_CLOCK = "time is passed in: only io/ and a main read a clock"
NO_CHANCE = "randomness is passed in: only io/ and a main draw it"
NO_THREADS = "only a main starts threads, and nobody sleeps outside the ring"
NO_SYSCALLS = "only io/ and a main make system calls"
NO_PRINTING = "printing is for a main, CHECK and the log"
NO_FORMAT = "libstdc++ 12 lacks it: std::to_chars, or snprintf where it is cold"
NO_STREAMS = "no iostreams: std::to_chars, or snprintf where it is cold"
NO_FUNCTION = "no std::function: it allocates and hides what is called"
NO_SHARED = "no shared_ptr: everything has one owner"
NO_SHRINK = "libstdc++ 12 does nothing where exceptions are off: see core/base/trim.h"
ASSERT = "CHECK instead: it is on in release too"

# Runs the process: starts the workers' threads, waits for signals.
PROCESS = (MAIN, "server/process")
LOG = (MAIN, "server/log")

CALLS = [
    Ban(r"\b(clock_gettime|gettimeofday|timespec_get)\s*\("
        r"|\b(steady|system|high_resolution)_clock\b"
        r"|(?<![\w.>:])(std::)?time\s*\((nullptr|NULL|0)\)",
        PURE, NO_CLOCK, LOG),
    Ban(r"(?<![\w.>:])(std::)?s?rand(om)?(_r)?\s*\(|\brandom_device\b|\bmt19937|\bgetrandom\s*\("
        r"|\barc4random|\bdrand48\b|\brandombytes_\w+\s*\(|\bRAND_(priv_)?bytes\s*\(",
        PURE, NO_CHANCE, (MAIN,)),
    Ban(r"\bstd::j?thread\b(?!::id)|\bpthread_create\s*\(|\bstd::async\b|\bsleep_(for|until)\b"
        r"|(?<![\w.>:])(u|nano)?sleep\s*\(", PURE, NO_THREADS, PROCESS),
    Ban(r"(?<![\w>)])::(socket|bind|listen|accept4?|connect|[gs]etsockopt|send(to|msg|file)?"
        r"|recv(from|msg)?|p?readv?|p?writev?|openat?|close|fcntl|ioctl|poll|eventfd|mmap|munmap"
        r"|fork|exec\w+|kill|signal|sigaction)\s*\(|\bepoll_\w+\s*\(|\bsyscall\s*\("
        r"|\bio_uring_\w+\s*\(", PURE, NO_SYSCALLS, PROCESS),
    Ban(r"\bstd::(move_only_)?function\b", HOT, NO_FUNCTION, (MAIN,)),
    Ban(r"\b(shared|weak)_ptr\b|\bmake_shared\b", HOT, NO_SHARED, LOG),
    Ban(r"\bstd::(cout|cerr|clog|cin|endl|[io]?f?stream|[io]?stringstream)\b", HOT, NO_STREAMS),
    Ban(r"(?<![\w.>:])(std::)?(v?f?printf|f?puts|f?putc|putchar|perror)\s*\(", PRODUCTION,
        NO_PRINTING, (MAIN, "core/base/check.h", "server/log", "loadgen")),
    Ban(r"\bthread_local\b|\b__thread\b", PRODUCTION, "no thread_local: state has an owner"),
    Ban(r"(?<![\w.>:])(std::)?(_?exit|quick_exit|abort|terminate)\s*\(", PRODUCTION,
        "only CHECK and a main end the process", (MAIN, "core/base/check.h")),
    Ban(r"(?<![\w.>:])assert\s*\(", PRODUCTION, ASSERT),
    Ban(r"\bshrink_to_fit\s*\(", PRODUCTION, NO_SHRINK),
    Ban(r"\bvolatile\b", PRODUCTION, "volatile orders nothing: std::atomic does"),
    Ban(r"\bstd::(format|print|println)\b", PRODUCTION + ("tests", "bench"), NO_FORMAT),
    Ban(r"\busing\s+namespace\s+(?!std::(string_view_|chrono_)?literals\b)", PRODUCTION,
        "names say where they come from"),
    Ban(r"\bDISABLED_\w+", ("tests",), "a test runs, or it skips and says why"),
    Ban(r"\bhash\s*<[^<>]*\*\s*>", PRODUCTION, "hashing pointers makes runs differ"),
]

HEADERS = [
    Ban(r"liburing.*|linux/io_uring\.h", ("core", "protocol", "services", "server", "loadgen"),
        "only io/ talks to the ring"),
    Ban(r"(sys/(socket|epoll|eventfd|ioctl|mman|uio|sendfile|un|syscall|wait|timerfd|signalfd)"
        r"|netinet/\w+|arpa/inet|netdb|unistd|fcntl|poll|signal)\.h|csignal", PURE,
        NO_SYSCALLS, PROCESS),
    Ban(r"thread|pthread\.h|future", PURE, NO_THREADS, PROCESS),
    Ban(r"random", PURE, NO_CHANCE, (MAIN,)),
    # The calendar, without a clock, is in the same header as the clocks.
    Ban(r"chrono|ctime|time\.h|sys/time\.h", PURE, NO_CLOCK, (*LOG, "protocol/http/http_date.cc")),
    Ban(r"iostream|[io]?fstream|[io]?sstream|[io]?stream|iomanip", HOT, NO_STREAMS),
    Ban(r"cassert|assert\.h", PRODUCTION, ASSERT),
    Ban(r"format|print", PRODUCTION + ("tests", "bench"), NO_FORMAT),
]


def banned_calls_per_layer(tree):
    """Clocks, chance, threads, system calls, printing and the like stay where they belong."""
    bans = [(re.compile(ban.pattern), ban) for ban in CALLS]
    for file in tree.cpp():
        for pattern, ban in bans:
            if not ban.applies_to(file):
                continue
            for number, line in enumerate(file.code_lines, 1):
                match = pattern.search(line)
                if match:
                    yield file.path, number, f"{match.group(0).strip()}: {ban.why}"


def banned_headers_per_layer(tree):
    """A layer does not even see the system headers of what it must not call."""
    for file in tree.cpp():
        for number, path, quoted in file.includes:
            for ban in HEADERS:
                if not quoted and re.fullmatch(ban.pattern, path) and ban.applies_to(file):
                    yield file.path, number, f"<{path}>: {ban.why}"


RULES = [banned_calls_per_layer, banned_headers_per_layer]
