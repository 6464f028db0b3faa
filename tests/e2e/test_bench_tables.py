"""What the benchmarks' tables say of runs that are invalid or had faults: no server is started."""

import subprocess
import sys
import unittest

from parley import ROOT

sys.path[:0] = [str(ROOT / "bench/macro"), str(ROOT / "bench/reproduce")]

import check  # noqa: E402
import figures  # noqa: E402
from lib import results  # noqa: E402


def run(deliveries, invalid=(), faults=()):
    return {"server_name": "parleyd", "rates": {"deliveries": deliveries}, "load_before": 0.1,
            "server": {"cpu": 0.5},
            "generator": {"saturated": bool(invalid)},
            "verdict": {"valid": not invalid, "invalid_because": list(invalid),
                        "faults": list(faults)}}


LIMIT = ("it was saturated",)


class Macro(unittest.TestCase):
    def summary(self, subject, floor):
        return results.summarise({"fanout-100": {"parleyd": subject, "relay_floor": floor}})

    def test_invalid_rounds_are_kept_and_left_out_of_ratios(self):
        summary = self.summary([run(100), run(900, LIMIT), run(120)], [run(200)] * 3)
        self.assertEqual(summary[0]["runs"][0]["value"], [100, 900, 120])
        self.assertEqual(summary[0]["runs"][0]["valid"], [True, False, True])
        cells = results.table(summary).splitlines()[-1].split(" | ")
        self.assertEqual(cells[1:4], ["110 (100-120) 1 of 3 INVALID", "200 (200-200)", "0.55"])

    def test_a_server_without_a_valid_round_has_a_marked_number_and_no_ratio(self):
        summary = self.summary([run(100, LIMIT, ["5 lost"])], [run(200)])
        cells = results.table(summary).splitlines()[-1].split(" | ")
        self.assertEqual(cells[1:4], ["100 1 of 1 INVALID FAULTS", "200", "-"])


    def test_a_send_floor_that_its_reader_limited_is_a_lower_limit(self):
        floor = run(200) | {"server": {"cpu": 1.0}, "generator": {"saturated": True}}
        summary = results.summarise({"fanout-100": {"parleyd": [run(100)],
                                                    "send_floor": [floor | {
                                                        "server_name": "send_floor",
                                                        "steady": {"other_frames": 400},
                                                        "phases": {"steady_s": 2}}]}})
        cells = results.table(summary).splitlines()[-1].split(" | ")
        self.assertEqual(cells[1:4], ["100", "≥ 200", "≤ 0.50"])


    def test_servers_and_rounds_that_do_not_exist_are_refused(self):
        for words, why in ((("--servers", "nobody"), "no such server: nobody"),
                           (("--rounds", "0"), "--rounds must be 1 at least"),
                           (("nothing",), "no such workload: nothing")):
            done = subprocess.run([sys.executable, "-B", ROOT / "bench/macro/run.py", *words],
                                  capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(why, done.stderr)


class Compare(unittest.TestCase):
    RATIO = {"metric": "deliveries", "median": 0.9, "low": 0.8, "high": 0.95, "conclusive": True}

    def test_faults_and_invalid_pairs_are_said(self):
        pairs = [{"a": run(1), "b": run(1, (), ["3 lost"])}, {"a": run(1, LIMIT), "b": run(1)}]
        said = check.told({"pairs": pairs, "ratios": [self.RATIO]})
        self.assertTrue(said.startswith("SLOWER: "), said)
        self.assertIn("1 valid pairs of 2", said)
        self.assertIn("FAULTS of this revision: 3 lost", said)
        self.assertNotIn("its parent:", said)
        said = check.told({"pairs": pairs[1:], "ratios": []})
        self.assertIn("the generator was the limit", said)


class Reproduce(unittest.TestCase):
    def test_a_figure_is_met_by_a_valid_run_without_faults_alone(self):
        outcome = figures.judged("x", True, run(1), "so far")
        self.assertEqual((outcome.met, outcome.note), (True, "so far"))
        outcome = figures.judged("x", True, run(1, LIMIT))
        self.assertEqual((outcome.met, outcome.note),
                         (False, "the generator was the limit: it was saturated"))
        outcome = figures.judged("x", True, run(1, (), ["5 lost"]))
        self.assertEqual((outcome.met, outcome.note), (False, "5 lost"))
        self.assertFalse(figures.judged("x", False, run(1)).met)


if __name__ == "__main__":
    unittest.main()
