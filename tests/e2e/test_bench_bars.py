"""What the performance bars say of good, invalid and faulty rounds: no server is started."""

import subprocess
import sys
import unittest
import xml.etree.ElementTree as ElementTree

from parley import ROOT

sys.path[:0] = [str(ROOT / "bench/macro"), str(ROOT / "bench/bars")]

import wrk  # noqa: E402
from bar import AT_MOST, Bar, generator_was_limit, ratio_bar, table  # noqa: E402
from lib.workloads import workload  # noqa: E402
from plot import Panel, svg  # noqa: E402
from test_bench_tables import run  # noqa: E402

LIMIT = ("the generator had no processor time left while the server used 0.5 of a core",)
LOAD = workload("fanout-100")


def with_cpu(run, cpu):
    return run | {"server": {"cpu": cpu}}


class Judging(unittest.TestCase):
    def verdict(self, values, **how):
        return Bar("s", "n", values, **how).verdict()

    def test_the_median_is_held_against_the_limit(self):
        self.assertEqual(self.verdict([0.1, 0.9, 0.95], limit=0.9), "met")
        self.assertEqual(self.verdict([0.95, 0.8, 0.8], limit=0.9), "MISSED")
        self.assertEqual(self.verdict([3, 1, 2], limit=2, direction=AT_MOST), "met")
        self.assertEqual(self.verdict([3, 1, 3], limit=2, direction=AT_MOST), "MISSED")

    def test_rounds_that_say_nothing_are_left_out(self):
        self.assertEqual(self.verdict([None, 0.9, 0.9], limit=0.9), "met")
        self.assertEqual(self.verdict([None, 0.9, None], limit=0.9), "NOT MEASURED")
        self.assertEqual(self.verdict([None, 0.9], limit=0.9), "NOT MEASURED")
        self.assertEqual(self.verdict([None, None], limit=0.9), "NOT MEASURED")
        self.assertIs(Bar("s", "n", [None], limit=0.9).met(), False)

    def test_without_a_limit_nothing_is_judged(self):
        self.assertEqual(self.verdict([1]), "-")
        self.assertIsNone(Bar("s", "n", [1]).met())

    def test_a_bar_with_a_fault_is_not_met(self):
        bar = Bar("s", "n", [1], limit=0.5, faults=["parleyd: 3 deliveries lost"])
        self.assertEqual((bar.verdict(), bar.met()), ("FAULTS", False))
        self.assertIn("3 deliveries lost", table([bar]))


class Comparing(unittest.TestCase):
    def test_valid_rounds_are_compared_by_rate(self):
        bar = ratio_bar("s", "n", [(run(90), run(100)), (run(80), run(100))], LOAD, limit=0.8)
        self.assertEqual(bar.values, [0.9, 0.8])
        self.assertEqual(bar.note, "85 against 100 deliveries/s")

    def test_of_a_round_that_the_generator_limited_the_smaller_ratio_counts(self):
        limited = with_cpu(run(100, LIMIT), 0.5)
        pairs = [(limited, with_cpu(run(100), 0.8)), (limited, with_cpu(run(100), 0.4)),
                 (run(90), run(100))]
        bar = ratio_bar("s", "n", pairs, LOAD)
        self.assertEqual(bar.values, [1, 0.8, 0.9])
        self.assertIn("generator without time left in 2 of 3 rounds: the smaller", bar.note)

    def test_a_generator_without_time_left_flatters_the_slower_though_the_round_is_valid(self):
        busy = with_cpu(run(100), 0.92) | {"generator": {"saturated": True}}
        bar = ratio_bar("s", "n", [(with_cpu(run(95), 1.0), busy)], LOAD)
        self.assertAlmostEqual(bar.values[0], 0.95 * 0.92)

    def test_a_latency_that_the_generator_limited_is_left_out(self):
        bar = ratio_bar("s", "n", [(run(1, LIMIT), run(2))], LOAD, by_cpu=False)
        self.assertEqual(bar.values, [None])
        self.assertIn("1 of 1 rounds left out: invalid", bar.note)

    def test_what_is_invalid_otherwise_or_faulty_is_left_out(self):
        for bad in (run(1, ("nothing was delivered",)), run(1, (), ["5 deliveries lost"]),
                    with_cpu(run(1, LIMIT), 0)):
            self.assertEqual(ratio_bar("s", "n", [(bad, run(2))], LOAD).values, [None])
        faulty = ratio_bar("s", "n", [(run(1, (), ["5 deliveries lost"]), run(2))] * 2, LOAD)
        self.assertEqual(faulty.faults, ["parleyd: 5 deliveries lost"])


class Drawing(unittest.TestCase):
    def test_a_plot_has_a_point_for_each_value(self):
        panels = [Panel("<latency>", {"p50": [(10, 1), (1000, 2.5)], "p99": [(10, 4)]}, "x"),
                  Panel("nothing took any", {"cpu": [(10, 0)]}, "x")]
        tree = ElementTree.fromstring(svg(panels))
        tags = [element.tag.rpartition("}")[2] for element in tree.iter()]
        self.assertEqual((tags.count("circle"), tags.count("polyline")), (4, 3))
        self.assertIn("<latency>", [element.text for element in tree.iter()])


class Http(unittest.TestCase):
    def test_wrk_that_had_no_time_left_was_the_limit_unless_the_server_had_none_either(self):
        self.assertTrue(wrk.verdict_of("", 0.95, 0.99)["valid"])
        self.assertTrue(generator_was_limit({"verdict": wrk.verdict_of("", 0.5, 0.99)}))

    def test_errors_that_wrk_counts_are_faults(self):
        text = "  Socket errors: connect 0, read 3, write 0, timeout 0\n  Non-2xx or 3xx: 5\n"
        self.assertEqual(len(wrk.verdict_of(text + "Requests/sec: 5\n", 0.5, 0.5)["faults"]), 2)


class Options(unittest.TestCase):
    def ended(self, *words):
        return subprocess.run([sys.executable, "-B", ROOT / "bench/bars/run.py", *words],
                              capture_output=True, text=True, check=False)

    def test_what_does_not_exist_is_refused(self):
        for words, why in ((("nothing",), "no such section: nothing; there are fan-out, "),
                           (("--rounds", "0"), "--rounds must be 1 at least"),
                           (("--window", "0"), "--window must be more than 0 seconds"),
                           (("--brief", "--record"), "nothing to --record")):
            done = self.ended(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(why, done.stderr)

    def test_sections_are_listed_in_their_order(self):
        self.assertEqual(self.ended("--list", "echo", "fan-out").stdout, "fan-out\necho\n")


if __name__ == "__main__":
    unittest.main()
