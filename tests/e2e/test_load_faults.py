"""parley-load against a relay that misbehaves on purpose: each fault is found, named and counted.

Rates are far below what the relay can do, and nothing here depends on how fast the machine is.
"""

import unittest

from load import GOOD, NOT_GOOD, FaultyRelay, run

# Ten rooms of ten with one publisher each: 20,000 deliveries a second, 50,000 in all.
ROOMS = ("--protocol", "ws-raw", "--connections", 100, "--members", 10, "--publishers", 1,
         "--mode", "open")
PLAN = (*ROOMS, "--rate", "2k/s", "--duration", "2300ms")
DELIVERIES_MIN = 40_000

COUNTERS = {"lost": "dropped", "duplicates": "doubled", "reordered": "swapped", "leaks": "leaked",
            "damaged": "damaged", "disconnects": "closed"}
WORDS = {"lost": "deliveries lost", "duplicates": "deliveries doubled",
         "reordered": "deliveries out of order", "leaks": "deliveries to another room",
         "damaged": "deliveries damaged", "disconnects": "members disconnected by the server"}


class LoadFaults(unittest.TestCase):
    def measure(self, faults, *more):
        with FaultyRelay(*faults) as relay:
            outcome = run("--url", relay.url, *PLAN, *more)
        self.assertIsNotNone(outcome.report, str(outcome))
        self.assertEqual(outcome.total["publications"], relay.deeds["messages"], str(outcome))
        self.assertGreater(relay.deeds["deliveries"], DELIVERIES_MIN)
        for counter, deed in COUNTERS.items():
            self.assertEqual(outcome.total[counter], relay.deeds[deed], f"{counter}\n{outcome}")
        return outcome, relay.deeds

    def found(self, fault, counter):
        outcome, deeds = self.measure([fault])
        times = deeds[COUNTERS[counter]]
        self.assertGreater(times, 0)
        self.assertEqual(outcome.code, NOT_GOOD, str(outcome))
        self.assertEqual(outcome.faults, [f"{times} {WORDS[counter]}"])
        self.assertIn(f"FAULT {times} {WORDS[counter]}", outcome.out)
        self.assertTrue(outcome.report["verdict"]["valid"])
        self.assertFalse(outcome.report["verdict"]["good"])
        return outcome

    def test_a_good_server_is_called_good(self):
        outcome, deeds = self.measure([])
        self.assertEqual(outcome.code, GOOD, str(outcome))
        self.assertEqual(outcome.faults, [])
        self.assertNotIn("FAULT", outcome.out)
        self.assertEqual(outcome.total["deliveries"], deeds["deliveries"])
        self.assertEqual(outcome.total["deliveries"], 10 * outcome.total["publications"])
        self.assertEqual(outcome.report["errors"], {})

    def test_one_in_ten_thousand_that_is_dropped_is_found(self):
        self.found("drop", "lost")

    def test_one_in_ten_thousand_that_is_doubled_is_found(self):
        self.found("double", "duplicates")

    def test_two_that_are_swapped_are_found(self):
        self.found("swap", "reordered")

    def test_one_that_leaks_to_another_room_is_found(self):
        self.found("leak", "leaks")

    def test_a_damaged_byte_is_found(self):
        self.found("damage", "damaged")

    def test_a_member_that_is_closed_is_found(self):
        outcome = self.found("close", "disconnects")
        self.assertEqual(outcome.report["errors"],
                         {"closed: 1011 by intent": outcome.total["disconnects"]})

    def test_the_independent_framer_finds_the_same(self):
        outcome, deeds = self.measure(["drop", "double", "swap", "leak", "damage", "close"],
                                      "--framer", "wslay")
        self.assertEqual(outcome.code, NOT_GOOD, str(outcome))
        self.assertEqual(outcome.faults, [f"{deeds[COUNTERS[counter]]} {WORDS[counter]}"
                                          for counter in COUNTERS])

    def test_the_independent_framer_calls_a_good_server_good(self):
        outcome, _ = self.measure([], "--framer", "wslay")
        self.assertEqual(outcome.code, GOOD, str(outcome))

    def test_what_a_server_does_not_take_is_said(self):
        with FaultyRelay("deaf") as relay:
            outcome = run("--url", relay.url, "--protocol", "ws-raw", "--connections", 10,
                          "--members", 10, "--publishers", 1, "--mode", "open", "--rate", "500/s",
                          "--payload", "256KiB", "--duration", "1s", "--drain", "1s")
        self.assertEqual(relay.deeds["messages"], 0)
        self.assertEqual(outcome.code, NOT_GOOD, str(outcome))
        self.assertGreater(outcome.total["bytes_unsent"], 1 << 20, str(outcome))
        self.assertEqual(outcome.total["lost"], 10 * outcome.total["publications"])
        self.assertIn("of messages that the server did not take", outcome.out)

    def test_a_stall_shows_at_its_full_size(self):
        """A closed loop would have sent nothing meanwhile, and shown one late message of each."""
        with FaultyRelay("stall") as relay:
            outcome = run("--url", relay.url, *ROOMS, "--rate", "500/s", "--duration", "5200ms",
                          "--criteria", "p99.9 < 150ms, loss == 0")
        self.assertGreaterEqual(relay.deeds["stalls"], 1)
        self.assertEqual(outcome.code, NOT_GOOD, str(outcome))
        self.assertEqual(outcome.faults, [])
        self.assertIn("FAILS p99.9 < 150ms", outcome.out)
        self.assertIn("holds loss == 0", outcome.out)
        self.assertGreaterEqual(outcome.latency_ns(99.9), 150e6, str(outcome))
        self.assertGreaterEqual(outcome.report["latency"]["max"], 180e6, str(outcome))
        self.assertLess(outcome.latency_ns(50), outcome.latency_ns(99.9) / 3, str(outcome))


if __name__ == "__main__":
    unittest.main()
