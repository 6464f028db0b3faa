#!/usr/bin/env python3
"""Proves that each tidy rule sees what it is for, and lets pass what is right."""

import sys
import tempfile
import unittest
from pathlib import Path

from run import RULES
from tree import Tree

# Written apart so that this file passes the rules itself.
LEFT_TO_DO = "TO" + "DO"
SKIPPED_TEST = "DIS" + "ABLED_Works"
HEADER = "// A thing.\n#pragma once\n"


def violations(rule, files):
    """The `path:line` of each violation in a tree of these files."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            target = Path(folder) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(text, bytes):
                target.write_bytes(text)
            else:
                target.write_text(text, encoding="utf-8")
        return [f"{path}:{line}" for path, line, _ in RULES[rule](Tree(folder))]


class Canaries(unittest.TestCase):
    def sees(self, rule, path, text, line, others=None):
        found = violations(rule, {path: text} | (others or {}))
        self.assertEqual(found, [f"{path}:{line}"], f"{rule} on {text!r}")

    def passes(self, rule, path, text, others=None):
        found = violations(rule, {path: text} | (others or {}))
        self.assertEqual(found, [], f"{rule} on {text!r}")

    def test_layers(self):
        rule = "includes_follow_layers"
        for path, include in (
                ("core/base/a.h", "core/mail/mail.h"), ("core/a.h", "protocol/b.h"),
                ("core/a.h", "io/ring.h"), ("protocol/a.cc", "core/mail/mail.h"),
                ("protocol/a.cc", "io/ring.h"), ("io/a.cc", "protocol/http/x.h"),
                ("io/a.cc", "core/mail/mail.h"), ("services/a.cc", "core/mail/mail.h"),
                ("services/a.cc", "server/x.h"), ("server/a.cc", "tests/sim/x.h"),
                ("loadgen/a.cc", "core/mail/mail.h"), ("loadgen/a.cc", "server/x.h"),
                ("core/a.cc", "sibling.h"), ("core/x/a.cc", "../b.h")):
            self.sees(rule, path, f'#include <span>\n#include "{include}"\n', 2)
        for path, include in (
                ("core/a.cc", "core/base/types.h"), ("core/a.cc", "core/mail/mail.h"),
                ("services/a.cc", "protocol/http/x.h"), ("server/a.cc", "io/ring.h"),
                ("tests/sim/a.cc", "server/x.h"), ("loadgen/a.cc", "io/ring.h")):
            self.passes(rule, path, f'#include "{include}"\n')

    def test_ring(self):
        rule = "ring_is_linked_by_io_alone"
        self.sees(rule, "server/CMakeLists.txt", "# liburing\nlink(PkgConfig::LIBURING)\n", 2)
        self.passes(rule, "io/CMakeLists.txt", "link(PkgConfig::LIBURING)\n")

    def test_own_header(self):
        rule = "own_header_comes_first"
        own = {"core/a.h": HEADER}
        self.sees(rule, "core/a.cc", '#include <span>\n#include "core/a.h"\n', 1, own)
        self.passes(rule, "core/a.cc", '#include "core/a.h"\n\n#include <span>\n', own)

    def test_banned_calls(self):
        rule = "banned_calls_per_layer"
        for path, line in (
                ("core/a.cc", "clock_gettime(CLOCK_MONOTONIC, &t);"),
                ("server/a.cc", "auto t = std::chrono::steady_clock::now();"),
                ("protocol/a.cc", "int n = rand();"), ("core/a.cc", "std::random_device d;"),
                ("server/a.cc", "getrandom(key, 16, 0);"), ("server/a.cc", "std::thread t(f);"),
                ("core/a.cc", "std::this_thread::sleep_for(x);"),
                ("server/a.cc", "int fd = ::socket(AF_INET, SOCK_STREAM, 0);"),
                ("core/a.cc", "epoll_wait(fd, e, 1, 0);"), ("server/a.cc", "io_uring_enter(1);"),
                ("io/a.h", "std::function<void()> f;"), ("core/a.h", "std::shared_ptr<int> p;"),
                ("protocol/a.cc", "std::cout << 1;"), ("server/a.cc", 'printf("x");'),
                ("io/a.cc", 'std::fprintf(stderr, "x");'), ("core/a.cc", "thread_local int n;"),
                ("server/a.cc", "std::exit(1);"), ("io/a.cc", "abort();"),
                ("services/a.cc", "assert(x);"), ("io/a.cc", "volatile int n;"),
                ("core/a.cc", "items.shrink_to_fit();"),
                ("core/a.cc", "using namespace std;"), ("core/a.cc", "std::hash<int*> h;"),
                ("tests/a.cc", f"TEST(Thing, {SKIPPED_TEST}) {{}}")):
            self.sees(rule, path, f"int zero;\n{line}\n", 2)
        for path, text in (
                ("io/a.cc", "clock_gettime(CLOCK_MONOTONIC, &t);\n"),
                ("server/main.cc", "int main() {\n  getrandom(key, 16, 0);\n}\n"),
                ("core/a.cc", "// std::thread, rand() and abort()\n"),
                ("core/a.cc", 'auto s = "printf(\\"x\\")";\n'),
                ("core/a.cc", "std::snprintf(out, 8, x);\nwheel.time(0);\noperand(1);\n"),
                ("core/a.cc", "ring.close(conn);\nnode->exit();\nstatic_assert(true);\n"),
                ("protocol/a.cc", "Parser::read(bytes);\nparley::close(x);\n"),
                ("tests/a.cc", "std::thread t(f);\nstd::shared_ptr<int> p;\n")):
            self.passes(rule, path, text)

    def test_banned_headers(self):
        rule = "banned_headers_per_layer"
        for path, header in (
                ("server/a.cc", "liburing.h"), ("core/a.cc", "sys/socket.h"),
                ("server/a.cc", "unistd.h"), ("protocol/a.cc", "thread"), ("core/a.cc", "random"),
                ("core/a.cc", "chrono"), ("io/a.cc", "iostream"), ("io/a.cc", "cassert"),
                ("tests/a.cc", "format")):
            self.sees(rule, path, f"#include <span>\n#include <{header}>\n", 2)
        self.passes(rule, "io/a.cc", "#include <liburing.h>\n#include <sys/socket.h>\n")
        self.passes(rule, "server/main.cc", "#include <chrono>\nint main() {\n}\n")
        self.passes(rule, "tests/a.cc", "#include <thread>\n")

    def test_sizes(self):
        self.sees("files_are_short", "core/a.cc", "int a;\n" * 501, 501)
        self.passes("files_are_short", "core/a.cc", "int a;\n" * 500)
        self.sees("files_are_small", "docs/a.bin", b"\0" * 1_000_001, 1)
        self.passes("files_are_small", "docs/a.bin", b"\0" * 1_000_000)
        self.sees("lines_fit_100_columns", "core/a.cc", "//" + "x" * 99 + "\n", 1)
        self.passes("lines_fit_100_columns", "core/a.cc", "//" + "\u00fc" * 98 + "\n")

    def test_function_lengths(self):
        rule = "functions_are_short"
        body = "  a();\n" * 69
        fits = "  a();\n" * 68
        for head, line in (("void f() {\n", 1), ("TEST(A, B) {\n", 1),
                           ("A::A() : b_{1}, c_(2) {\n", 1),
                           ("auto f(int a)\n    -> std::uint32_t {\n", 1),
                           ("namespace x {\nstruct A {\n public:\n  int f() const {\n", 4),
                           ("template <class T>\nT f() {\n", 1),
                           ("constexpr int t[] = {1, 2};\nvoid f() noexcept {\n", 2),
                           ("#define X \\\n  if (a) {\nvoid f() {\n", 3)):
            self.sees(rule, "core/a.cc", head + body + "}\n", line)
        self.passes(rule, "core/a.cc", "void f() {\n" + fits + "}\n\nvoid g() {\n" + fits + "}\n")
        self.passes(rule, "core/a.cc", "class A {\n" + "  int f();\n" * 100 + "};\n")
        self.passes(rule, "core/a.cc", "constexpr int t[] = {\n" + "  {1},\n" * 100 + "};\n")
        self.passes(rule, "core/a.cc", "auto s = R\"(\nvoid f() {\n" + "x\n" * 100 + "})\";\n")
        self.sees(rule, "tests/a.py", "def f():\n" + "    a()\n" * 70, 1)
        self.passes(rule, "tests/a.py", "def f():\n" + "    a()\n" * 69)

    def test_texts(self):
        self.sees("nothing_is_left_to_do", "docs/a.md", f"Words.\n{LEFT_TO_DO}: more\n", 2)
        self.passes("nothing_is_left_to_do", "docs/a.md", "A method is not a mark.\n")
        self.sees("no_white_space_is_stray", "core/a.cc", "int a; \n", 1)
        self.sees("no_white_space_is_stray", "core/a.cc", "\tint a;\n", 1)
        self.sees("no_white_space_is_stray", "dev", "a\nb", 2)
        self.sees("no_white_space_is_stray", "docs/a.md", "a\n\n", 2)
        self.passes("no_white_space_is_stray", "docs/a.md", "a\n\tb\n")
        self.sees("no_path_of_one_machine", "docs/a.md", "See /ho" + "me/me/notes.\n", 1)
        self.sees("no_path_of_one_machine", "io/a.cc", 'open("/t' + 'mp/x");\n', 1)
        self.passes("no_path_of_one_machine", "docs/a.md", "https://example.org/home/x, a/home/b\n")
        self.sees("comments_speak_of_the_product", "io/a.cc", "// As issue 12 asked.\n", 1)
        self.passes("comments_speak_of_the_product", "io/a.cc", "// RFC 6455 5.1; an issue.\n")

    def test_commented_out_code(self):
        rule = "no_code_is_commented_out"
        for line in ("// return x + 1;", "// foo(bar);", "// int x = 3;", "// if (x) {", "// }",
                     "// #include <span>", "//   }".replace("   ", " "), "x(); // y();",
                     "// for (int i = 0; i < n; ++i) a();", "// void f(int a) const {"):
            self.sees(rule, "core/a.cc", f"int a;\n{line}\n", 2)
        for line in ("// It returns at once; nothing waits.", "// See close(2).", "// a -> b",
                     "//   parser.feed(bytes);", "// What is left; then", "int a = 1;  // Bytes.",
                     'auto s = "// foo();";', "// Called by on_close() and drain() alone."):
            self.passes(rule, "core/a.cc", f"{line}\n")

    def test_dead_files(self):
        rule = "no_source_is_dead"
        lists = {"core/CMakeLists.txt": "# b.cc\nparley_library(x SOURCES a.cc sub/c.cc)\n"}
        self.sees(rule, "core/b.cc", "int b;\n", 1, lists)
        self.passes(rule, "core/a.cc", "int a;\n", lists)
        self.passes(rule, "core/sub/c.cc", "int c;\n", lists)
        self.sees(rule, "core/a.h", HEADER, 1)
        self.passes(rule, "core/a.h", HEADER, lists | {"core/a.cc": '#include "core/a.h"\n'})
        self.sees("no_folder_is_dead", "core/x/CMakeLists.txt", "", 1, lists)
        self.passes("no_folder_is_dead", "core/x/CMakeLists.txt", "",
                    {"core/CMakeLists.txt": "add_subdirectory(x)\n"})

    def test_folders_and_headers(self):
        rule = "folders_explain_themselves"
        self.assertEqual(violations(rule, {"core/x/y/a.cc": ""}), ["core:1", "core/x:1"])
        self.passes(rule, "core/a.cc", "", {"core/README.md": "# core\n"})
        rule = "headers_introduce_themselves"
        self.sees(rule, "core/a.h", "#pragma once\n", 1)
        self.sees(rule, "core/a.h", "// A thing.\n", 1)
        self.passes(rule, "core/a.h", HEADER)

    def test_format(self):
        style = {".clang-format": "BasedOnStyle: Google\nColumnLimit: 100\n"}
        self.sees("sources_are_formatted", "core/a.cc", "int  a;\n", 1, style)
        self.passes("sources_are_formatted", "core/a.cc", "int a;\n", style)

    def test_every_rule_has_a_canary(self):
        text = Path(__file__).read_text(encoding="utf-8")
        for rule in RULES:
            self.assertIn(f'"{rule}"', text)


if __name__ == "__main__":
    sys.exit(not unittest.main(exit=False).result.wasSuccessful())
