"""parley-load against parleyd: kinds of load, early ends, and what cannot be run."""

import re
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from load import FAILED, GOOD, INVALID, PARLEY_LOAD, PLANS, USAGE, finish, run, start
from parley import Server

FAULTS = ("lost", "duplicates", "reordered", "leaks", "damaged", "foreign", "disconnects")
KEYS = {"schema", "kind", "title", "started", "command", "version", "plan", "run", "seed",
        "environment", "workers", "agents", "phases", "steady_at_s", "total", "steady", "rates",
        "latency", "lag", "connecting", "errors", "series", "coarse_ns", "generator", "server",
        "verdict"}
NOBODY = "ws://127.0.0.1:1/ws"  # tcpmux, which nobody serves.


class Load(unittest.TestCase):
    def measure(self, *args, server_args=("--workers", "2"), errors=False):
        with Server("--profile", "bench", *server_args) as server:
            outcome = run("--url", server.url, "--pid", server.pid, "--duration", "1s", *args)
        self.assertIsNotNone(outcome.report, str(outcome))
        # A generator that had no time is no fault of anybody here.
        self.assertIn(outcome.code, (GOOD, INVALID), str(outcome))
        for counter in FAULTS:
            if counter == "foreign" and ("--churn" in args or "--storm-at" in args):
                continue  # What was sent before who came back was there.
            self.assertEqual(outcome.total[counter], 0, f"{counter}\n{outcome}")
        if not errors:
            self.assertEqual(outcome.report["errors"], {}, str(outcome))
        self.assertGreater(outcome.total["deliveries"], 0, str(outcome))
        return outcome

    def test_a_closed_loop_delivers_everything_to_everybody(self):
        outcome = self.measure("--connections", 200, "--members", 20)
        total = outcome.total
        self.assertEqual(total["deliveries"], 20 * total["publications"])
        self.assertEqual(total["connects"], 200)
        report = outcome.report
        self.assertEqual(set(report), KEYS)
        self.assertEqual(report["schema"], "parley-load/1")
        self.assertEqual(report["kind"], "run")
        self.assertEqual(report["plan"]["rooms.members"], "20")
        self.assertRegex(report["started"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(sum(second["deliveries"] for second in report["series"]),
                         total["deliveries"])
        self.assertEqual(sum(second["connects"] for second in report["series"]), 200)
        filled = report["latency"]["filled"]
        self.assertEqual(sum(count for _, count in filled), report["latency"]["count"])
        self.assertGreater(report["server"]["rss_bytes_max"], 0)

    def test_an_open_loop_sends_what_is_due(self):
        outcome = self.measure("--connections", 100, "--members", 10, "--mode", "open",
                               "--rate", "1000/s")
        total = outcome.total
        # Until the end of the load is heard of, a little more than the 1.2 seconds' worth.
        self.assertGreaterEqual(total["publications"], 1_190)
        self.assertEqual(total["deliveries"], 10 * total["publications"])
        self.assertEqual(outcome.report["latency"]["count"], 10 * 1_000)

    def test_rooms_over_workers_of_both_sides(self):
        for members in (25, 200):  # Whole rooms of a worker, and one room spread over all.
            outcome = self.measure("--connections", 200, "--members", members, "--workers", 4,
                                   server_args=("--workers", "4"))
            self.assertEqual(outcome.total["deliveries"], members * outcome.total["publications"])
            self.assertEqual(outcome.report["workers"], 4)

    def test_the_independent_framer_agrees(self):
        outcome = self.measure("--connections", 100, "--members", 10, "--framer", "wslay")
        self.assertEqual(outcome.total["deliveries"], 10 * outcome.total["publications"])

    def test_members_that_come_and_go_lose_nothing(self):
        outcome = self.measure("--connections", 200, "--members", 20, "--mode", "open", "--rate",
                               "500/s", "--churn", "200/s")
        self.assertGreater(outcome.total["connects"], 300)

    def test_after_a_storm_everybody_is_back(self):
        for share in ("1", "0.5"):
            outcome = self.measure("--connections", 300, "--members", 20, "--mode", "open",
                                   "--rate", "500/s", "--storm-at", "300ms", "--storm-share", share)
            self.assertGreater(outcome.total["connects"], 400)
            self.assertGreater(outcome.report["phases"]["recovery_s"], 0)
            self.assertLessEqual(outcome.total["connects"], 600)

    def test_slow_readers_do_not_count_and_harm_nobody(self):
        outcome = self.measure("--connections", 100, "--members", 20, "--mode", "open", "--rate",
                               "200/s", "--slow-share", "10%", "--slow-bytes", "1KiB", errors=True)
        total = outcome.total
        self.assertEqual(total["deliveries"], 18 * total["publications"])
        self.assertGreater(total["slow_deliveries"], 0)

    def test_idle_connections_are_held(self):
        with Server("--profile", "bench") as server:
            outcome = run("--url", server.url, "--connections", 500, "--mode", "idle",
                          "--duration", "300ms")
        self.assertEqual(outcome.code, GOOD, str(outcome))
        self.assertEqual(outcome.total["publications"], 0)
        self.assertEqual(outcome.total["connects"], 500)

    def test_an_interrupt_ends_a_run_early_and_reports(self):
        with Server("--profile", "bench") as server, tempfile.TemporaryDirectory() as folder:
            json_file = Path(folder) / "run.json"
            process = start("run", "--url", server.url, "--connections", 50, "--members", 10,
                            "--warm-up", "100ms", "--duration", "60s", "--lag-max", "1m",
                            "--json", json_file)
            for line in process.stderr:
                if line.startswith("steady"):
                    break
            process.send_signal(signal.SIGINT)
            outcome = finish(process, json_file)
        self.assertEqual(outcome.code, INVALID, str(outcome))
        self.assertIn("INVALID it was stopped before its end", outcome.out)
        self.assertIn("it was stopped before its end",
                      outcome.report["verdict"]["invalid_because"])
        self.assertLess(outcome.report["phases"]["steady_s"], 60)
        self.assertEqual(outcome.faults, [])

    def test_an_interrupt_while_connecting_says_so(self):
        process = start("run", "--url", NOBODY)
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        outcome = finish(process)
        self.assertEqual(outcome.code, FAILED, str(outcome))
        self.assertIn("stopped before all connections were open", outcome.err)

    def refused(self, *args, code=FAILED):
        """Ends with one line, which is returned."""
        outcome = finish(start(*args))
        self.assertEqual(outcome.code, code, str(outcome))
        self.assertEqual(outcome.out, "")
        lines = outcome.err.splitlines()
        self.assertEqual(len(lines), 1 if code == FAILED else 2, outcome.err)
        self.assertTrue(lines[0].startswith("parley-load: "), lines[0])
        return lines[0]

    def test_a_server_that_is_not_there_is_told_in_one_line(self):
        line = self.refused("run", "--quiet", "--url", NOBODY, "--connect-timeout", "500ms")
        self.assertIn("only 0 of 1000 connections", line)
        self.assertIn("Connection refused", line)

    def test_bad_plans_name_their_line(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "bad.toml"
            for text, line, word in (("[rooms]\nmembers = 5\nsize = 7\n", 3, "rooms.size"),
                                     ("[load]\n\nrate = \"fast\"\n", 3, "load.rate = fast"),
                                     ("[load\n", 1, ""),
                                     ("title = 1979-05-27\n", 1, "title")):
                path.write_text(text, encoding="utf-8")
                for command in ("run", "plan"):
                    told = self.refused(command, path)
                    self.assertTrue(told.startswith(f"parley-load: {path}:{line}: {word}"), told)

    def test_bad_flags_name_the_option(self):
        self.assertIn("rooms.members = none", self.refused("run", "--members", "none"))
        self.assertIn("must begin with ws://", self.refused("run", "--url", "http://127.0.0.1/"))
        self.assertIn("--unknown", self.refused("run", "--unknown", code=USAGE))

    def test_options_that_would_be_ignored_are_refused(self):
        for command, option in (("plan", "--json"), ("plan", "--html"), ("plan", "--pid"),
                                ("plan", "--quiet"), ("compare", "--pid")):
            value = () if option == "--quiet" else ("1",)
            pair = ("--a", "true", "--b", "true") if command == "compare" else ()
            self.assertIn(option, self.refused(command, *pair, option, *value, code=USAGE))

    def test_what_cannot_be_done_is_told_before_the_run(self):
        gone = subprocess.Popen(["true"])
        gone.wait()
        slow = ("--url", NOBODY, "--connect-timeout", "60s")
        self.assertIn(f"no process {gone.pid}", self.refused("run", *slow, "--pid", gone.pid))
        self.assertIn("no core 999", self.refused("run", "--quiet", *slow, "--cores", "999"))
        for url, source in (("ws://[::1]:1/", "127.0.0.2"), (NOBODY, "::1")):
            told = self.refused("run", "--quiet", "--url", url, "--sources", source)
            self.assertIn(f"connections.sources = {source}", told)
        with tempfile.TemporaryDirectory() as folder:
            there, kept = Path(folder) / "there.html", Path(folder) / "kept.json"
            kept.write_text("kept", encoding="utf-8")
            for option in ("--json", "--html"):
                for bad in (folder, Path(folder) / "no" / "file"):
                    told = self.refused("run", *slow, option, bad)
                    self.assertIn(f"cannot write {bad}", told)
            self.refused("run", "--quiet", "--url", NOBODY, "--connect-timeout", "100ms", "--json",
                         kept, "--html", there)
            self.assertEqual(kept.read_text(encoding="utf-8"), "kept")
            self.assertFalse(there.exists())

    def test_a_low_limit_of_open_files_is_told(self):
        for files, word in ((60, "allows no connections"), (66, "takes 700 workers")):
            done = subprocess.run(
                ["prlimit", f"--nofile={files}:{files}", PARLEY_LOAD, "run", "--quiet", "--url",
                 NOBODY, "--connections", "1400"], capture_output=True, text=True, timeout=60,
                check=False)
            self.assertEqual(done.returncode, FAILED, done.stderr)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertIn(word, done.stderr)

    def test_a_bad_json_does_not_lose_the_html(self):
        with tempfile.TemporaryDirectory() as folder, \
                Server("--profile", "bench") as server:
            page = Path(folder) / "run.html"
            outcome = finish(start("run", "--quiet", "--url", server.url, "--connections", 10,
                                   "--members", 10, "--warm-up", "0", "--duration", "100ms",
                                   "--json", "/dev/full", "--html", page))
            self.assertEqual(outcome.code, FAILED, str(outcome))
            self.assertIn("cannot write /dev/full", outcome.err)
            self.assertIn("<html", page.read_text(encoding="utf-8"))

    def test_every_ready_made_plan_is_good(self):
        plans = sorted(PLANS.glob("*.toml"))
        self.assertGreaterEqual(len(plans), 13)
        for path in plans:
            outcome = finish(start("plan", path))
            self.assertEqual(outcome.code, GOOD, f"{path}\n{outcome}")
            keys = re.findall(r"^([a-z_.]+) ", outcome.out, re.M)
            self.assertEqual(len(keys), len(set(keys)))
            self.assertIn("load.rate", keys)
            self.assertIn("title", keys)

    def test_flags_are_over_the_file(self):
        outcome = finish(start("plan", PLANS / "rooms.toml", "--members", "50"))
        self.assertEqual(outcome.code, GOOD, str(outcome))
        self.assertRegex(outcome.out, r"(?m)^rooms\.members +50$")
        self.assertRegex(outcome.out, r"(?m)^load\.depth +16$")


if __name__ == "__main__":
    unittest.main()
