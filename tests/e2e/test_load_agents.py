"""parley-load over several machines: a server, a conductor and two agents, each agent in a network
namespace of its own, which the test makes and removes."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from parley import PARLEYD, Server

LOAD = PARLEYD.with_name("parley-load")
SECONDS_MAX = 60
SERVER = "10.77.0.1"  # Of the server's namespace, reached from both others.
AGENTS = ("10.77.1.2", "10.77.2.2")
PORT = 8080


class Machines:
    """Three namespaces: `s`, and `a` and `b` with a cable to it."""

    def __init__(self):
        self.names = {key: f"parley-{os.getpid()}-{key}" for key in "sab"}
        for name in self.names.values():
            self.ip("netns", "add", name)
        self.inside("s", "ip", "link", "set", "lo", "up")
        self.inside("s", "ip", "address", "add", f"{SERVER}/32", "dev", "lo")
        for number, key in enumerate("ab", 1):
            near, far = f"pl{os.getpid()}{key}", f"to-{key}"
            self.ip("link", "add", near, "netns", self.names[key], "type", "veth", "peer", "name",
                    far, "netns", self.names["s"])
            self.inside("s", "ip", "address", "add", f"10.77.{number}.1/24", "dev", far)
            self.inside("s", "ip", "link", "set", far, "up")
            self.inside(key, "ip", "address", "add", f"10.77.{number}.2/24", "dev", near)
            self.inside(key, "ip", "link", "set", near, "up")
            self.inside(key, "ip", "link", "set", "lo", "up")
            self.inside(key, "ip", "route", "add", "default", "via", f"10.77.{number}.1")

    @staticmethod
    def ip(*words):
        subprocess.run(["ip", *words], check=True, capture_output=True, timeout=SECONDS_MAX)

    def inside(self, key, *command):
        self.ip("netns", "exec", self.names[key], *command)

    def start(self, key, *command):
        return subprocess.Popen(["ip", "netns", "exec", self.names[key], *map(str, command)],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True)

    def remove(self):
        for name in self.names.values():
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


class Agents(unittest.TestCase):
    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("network namespaces are root's to make")
        if shutil.which("ip") is None or \
                subprocess.run(["unshare", "--net", "true"], check=False).returncode != 0:
            self.skipTest("network namespaces cannot be made here")
        self.machines = Machines()
        self.addCleanup(self.machines.remove)
        self.processes = []
        self.addCleanup(self.stop_all)
        self.folder = Path(tempfile.mkdtemp(prefix="parley-agents-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.start("s", PARLEYD, "--listen", f"0.0.0.0:{PORT}", "--profile", "bench",
                   "--workers", "2", "--log-level", "off")
        self.agents = [self.start(key, LOAD, "agent", "--listen", f"{address}:7070")
                       for key, address in zip("ab", AGENTS)]
        for agent in self.agents:
            self.assertIn("agent on port 7070", agent.stdout.readline())

    def start(self, key, *command):
        process = self.machines.start(key, *command)
        self.processes.append(process)
        return process

    def stop_all(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()

    def conduct(self, *flags):
        report = self.folder / "run.json"
        command = ["ip", "netns", "exec", self.machines.names["s"], LOAD, "run", "--quiet",
                   "--agents", ",".join(f"{address}:7070" for address in AGENTS), "--url",
                   f"ws://{SERVER}:{PORT}/ws", "--json", report, "--lag-max", "10s",
                   "--warm-up", "500ms", "--duration", "2s", *flags]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True,
                              timeout=SECONDS_MAX, check=False)
        self.assertTrue(report.exists(), done.stdout + done.stderr)
        return json.loads(report.read_text(encoding="utf-8")), done

    def parts(self):
        """What each agent counted, by its own account."""
        form = r"a run: (\d+) members, (\d+) publications, (\d+) deliveries, (\d+) lost"
        return [tuple(map(int, re.fullmatch(form, agent.stdout.readline().strip()).groups()))
                for agent in self.agents]

    def check(self, members):
        run, done = self.conduct("--connections", "200", "--members", members, "--mode", "open",
                                 "--rate", "100/s")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        parts = self.parts()
        for at, name in enumerate(("connects", "publications", "deliveries", "lost")):
            self.assertEqual(run["total"][name], sum(part[at] for part in parts), name)
        self.assertTrue(all(part[0] == 100 for part in parts), parts)
        self.assertEqual(run["total"]["connects"], 200)
        self.assertEqual(run["total"]["deliveries"],
                         run["total"]["publications"] * int(members))
        self.assertEqual(run["latency"]["count"], sum(n for _, n in run["latency"]["filled"]))
        self.assertEqual(len(run["agents"]), 2)
        for agent in run["agents"]:
            # One machine, one clock: they differ by no more than the exchange can tell.
            self.assertLessEqual(abs(agent["offset_ns"]), agent["round_trip_ns"])
            self.assertLess(abs(agent["drift_ns"]), 1e8)
            self.assertEqual(agent["environment"], run["environment"])

    def test_one_report_whose_counts_are_the_sum_of_the_parts(self):
        self.check("20")

    def test_rooms_that_span_the_machines_are_judged_by_what_both_sent(self):
        self.check("200")

    def test_an_agent_that_goes_ends_the_run_with_a_line_that_names_it(self):
        report = self.folder / "run.json"
        command = ["ip", "netns", "exec", self.machines.names["s"], str(LOAD), "run", "--quiet",
                   "--agents", ",".join(f"{address}:7070" for address in AGENTS), "--url",
                   f"ws://{SERVER}:{PORT}/ws", "--json", str(report), "--connections", "50",
                   "--duration", "30s"]
        conductor = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                     text=True)
        time.sleep(2)
        self.agents[1].send_signal(signal.SIGKILL)
        out, err = conductor.communicate(timeout=SECONDS_MAX)
        self.assertEqual(conductor.returncode, 1, out + err)
        self.assertIn(f"agent {AGENTS[1]}:7070", err)
        self.assertFalse(report.exists())


class Talk(unittest.TestCase):
    """An agent and whatever anybody may say to it."""

    def setUp(self):
        self.agent = subprocess.Popen([LOAD, "agent", "--listen", "127.0.0.1:0"],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end)
        self.port = int(self.agent.stdout.readline().split()[-1])
        self.connection = socket.create_connection(("127.0.0.1", self.port), SECONDS_MAX)
        self.addCleanup(self.connection.close)
        self.lines = self.connection.makefile("r", encoding="utf-8")
        self.addCleanup(self.lines.close)

    def end(self):
        self.agent.terminate()
        out, err = self.agent.communicate(timeout=SECONDS_MAX)
        self.assertEqual(self.agent.returncode, 0, out + err)

    def ask(self, **question):
        self.connection.sendall(json.dumps(question).encode() + b"\n")
        return json.loads(self.lines.readline())

    def start(self, server, **other):
        plan = {"target.urls": server.url, "connections.count": "20", "rooms.members": "10"}
        question = {"plan": plan, "first": 0, "workers": 1, "of": 1, "connections_max": 100,
                    "run": 1, "seed": 1}
        return self.ask(do="start", **(question | other))

    def hello(self):
        answer = self.ask(do="hello", protocol="parley-load/2")
        self.assertEqual(answer["protocol"], "parley-load/2")
        self.assertGreater(answer["connections_max"], 0)

    def test_another_protocol_is_refused(self):
        self.assertIn("parley-load/1", self.ask(do="hello", protocol="parley-load/1")["error"])
        self.assertIn("same version", self.ask(do="hello")["error"])
        self.assertIn("hello comes first", self.ask(do="start")["error"])

    def test_bad_questions_are_answered_with_an_error_and_harm_nothing(self):
        with Server("--profile", "bench") as server:
            self.hello()
            for bad in ({"first": -1}, {"workers": 0}, {"workers": 600, "of": 600},
                        {"of": 4_000_000_000}, {"first": 4_294_967_295, "workers": 2},
                        {"first": 1}, {"connections_max": 0}, {"connections_max": 1 << 31},
                        {"run": 1 << 30}, {"plan": {"rooms.size": "1"}}, {"plan": 7},
                        {"seed": "x"}):
                self.assertIn("error", self.start(server, **bad), bad)
            for question in ({}, {"do": 7}, {"do": "dance"}, {"do": "look"}, {"do": "hello",
                             "protocol": 5}):
                self.assertIn("error", self.ask(**question), question)
            self.assertEqual(self.start(server), {})
            self.assertIn("error", self.start(server))
            self.assertIn("error", self.ask(do="drain"))
            self.assertIn("after the stop", self.ask(do="results", sent=[])["error"])
            self.assertIn("far from now", self.ask(do="load", epoch_ns=0)["error"])
            self.assertEqual(len(self.ask(do="stop")["sent"]), 2)
            self.assertIn("what was sent", self.ask(do="results", sent=[])["error"])
            self.assertIn("what was sent",
                          self.ask(do="results", sent=[[0, [1]], [1, [1]]])["error"])
            self.assertIn("error", self.ask(do="results", sent=[[0, "x"]]))
            self.assertIn("total", self.ask(do="results", sent=[[0, [0] * 10], [1, [0] * 10]]))
            self.assertIn("error", self.ask(do="results", sent=[]))
            self.assertIn("error", self.ask(do="stop"))

    def test_a_signal_ends_an_agent_whose_conductor_is_connected(self):
        with Server("--profile", "bench") as server:
            self.hello()
            self.assertEqual(self.start(server), {})
            began = time.monotonic()
            self.agent.send_signal(signal.SIGINT)
            self.assertEqual(self.agent.wait(SECONDS_MAX), 0)
            self.assertLess(time.monotonic() - began, 5)

    def test_the_run_of_a_conductor_that_fell_silent_ends(self):
        with Server("--profile", "bench") as server:
            self.hello()
            self.assertEqual(self.start(server), {})
            while self.ask(do="look")["live"] < 20:
                time.sleep(0.05)
            began = time.monotonic()
            self.assertEqual(self.lines.readline(), "")  # It hangs up.
            self.assertLess(time.monotonic() - began, 15)
            with socket.create_connection(("127.0.0.1", self.port), SECONDS_MAX) as another:
                another.sendall(b'{"do":"clock"}\n')
                self.assertIn(b"now_ns", another.recv(1000))


class StrangeAgents(unittest.TestCase):
    """A conductor and what is no agent."""

    def conduct(self, *answers):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = f"127.0.0.1:{listener.getsockname()[1]}"
            conductor = subprocess.Popen(
                [LOAD, "run", "--quiet", "--agents", address, "--url", "ws://127.0.0.1:1/"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            connection, _ = listener.accept()
            with connection, connection.makefile("r", encoding="utf-8") as questions:
                for answer in answers:
                    questions.readline()
                    connection.sendall(json.dumps(answer).encode() + b"\n")
                out, err = conductor.communicate(timeout=SECONDS_MAX)
        self.assertEqual((conductor.returncode, out), (1, ""), err)
        self.assertEqual(len(err.splitlines()), 1, err)
        self.assertTrue(err.startswith(f"parley-load: agent {address}: "), err)
        return err

    def test_one_that_is_named_twice_is_refused_at_once(self):
        done = subprocess.run([LOAD, "run", "--quiet", "--agents", "127.0.0.1:1,127.0.0.1:1",
                               "--url", "ws://127.0.0.1:1/"], capture_output=True, text=True,
                              check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("agent 127.0.0.1:1: it is named twice", done.stderr)

    def test_are_told_in_one_line(self):
        host = {"cpu": "c", "cores": 1, "kernel": "k", "memory_bytes": 1, "nofile": 1,
                "mitigations": {}, "sysctl": {}}
        hello = {"protocol": "parley-load/2", "name": "x", "host": host, "connections_max": 9}
        not_understood = "it says what cannot be understood"
        self.assertIn("same version", self.conduct({"name": "x", "host": host}))
        self.assertIn("parley-load/9", self.conduct(hello | {"protocol": "parley-load/9"}))
        self.assertIn(not_understood, self.conduct(hello | {"protocol": []}))
        self.assertIn(not_understood, self.conduct(hello | {"name": 5}))
        self.assertIn(not_understood, self.conduct(hello | {"host": host | {"sysctl": [1]}}))
        self.assertIn("connect nothing", self.conduct(hello | {"connections_max": "many"}))
        self.assertIn(r"\x1b[2J\x0a", self.conduct({"error": "\x1b[2J\n"}))
        self.assertIn("[7]", self.conduct({"error": [7]}))
        self.assertIn(not_understood, self.conduct(hello, {"now_ns": "noon"}))
        self.assertIn("no JSON object", self.conduct([1]))


if __name__ == "__main__":
    unittest.main()
