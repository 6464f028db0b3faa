"""parley-tune on the kernel of this machine.

It runs in a network namespace, whose net.* settings are its own, and changes one setting of the
machine itself, fs.file-max, upwards and back.
"""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from test_tune import ROOT, SECONDS_MAX, TUNE, run


class ThisKernel(unittest.TestCase):
    FILE_MAX = Path("/proc/sys/fs/file-max")

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("settings of the kernel are root's")
        self.namespace = ("unshare", "--net", "--")
        for command in ((*self.namespace, "true"), ("test", "-w", self.FILE_MAX)):
            if subprocess.run(command, capture_output=True, check=False).returncode != 0:
                self.skipTest(f"{' '.join(map(str, command))} fails here")
        self.folder = Path(tempfile.mkdtemp(prefix="parley-tune-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def in_namespace(self, script):
        """Runs `script`, in which tune is parley-tune, where net.* may be changed."""
        tune = f'tune() {{ "{TUNE}" "$@" --profile {self.folder}/profile.toml' \
               f' --state-dir {self.folder}/state --sysctl-dir {self.folder}; }}\n'
        ended = subprocess.run([*self.namespace, "bash", "-c", tune + script], text=True,
                               capture_output=True, timeout=SECONDS_MAX, check=False)
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        return ended.stdout

    def use(self, wanted):
        """A profile of the shipped entries whose name matches."""
        text = (ROOT / "tuning/profile.toml").read_text(encoding="utf-8")
        chosen = [part for part in re.split(r"^(?=\[\[)", text, flags=re.M)
                  if part.startswith("[[entry]]") and re.search(wanted, part)]
        (self.folder / "profile.toml").write_text("".join(chosen), encoding="utf-8")
        return len(chosen)

    def test_network_settings_are_applied_and_come_back_to_the_byte(self):
        count = self.use(r'sysctl = "net\.(core|ipv4)')
        dump = "cd /proc/sys/net && grep -a '' core/somaxconn ipv4/tcp_max_syn_backlog " \
               "ipv4/tcp_fin_timeout ipv4/ip_local_port_range ipv4/ip_local_reserved_ports"
        said = self.in_namespace(
            f"({dump}); tune check && exit 1; tune apply --persist || exit; echo ==; ({dump});"
            f" tune check || exit; tune revert || exit; echo ==; ({dump})")
        before, applied, after = said.split("==\n")
        dumped = [line for line in before.splitlines() if line.startswith(("core/", "ipv4/"))]
        self.assertEqual(len(dumped), count)
        for line in ("core/somaxconn:65535", "ipv4/ip_local_port_range:1024\t65535",
                     "ipv4/ip_local_reserved_ports:8080", "ipv4/tcp_fin_timeout:30"):
            self.assertIn(line, applied.splitlines())
        self.assertEqual(after.splitlines(), dumped)
        self.assertFalse((self.folder / "60-parley.conf").exists())

    def test_several_numbers_with_tabs_come_back_to_the_byte(self):
        (self.folder / "profile.toml").write_text(
            '[[entry]]\nsysctl = "net.ipv4.tcp_wmem"\nat_least = "8192 32768 4194305"\n'
            'why = "w"\nsource = "requirement S1-08"\n')
        dump = "cat /proc/sys/net/ipv4/tcp_wmem"
        said = self.in_namespace(f"{dump}; tune apply >&2; {dump}; tune revert >&2; {dump}")
        before, applied, after = said.splitlines()
        self.assertGreaterEqual(list(map(int, applied.split())), [8192, 32768, 4194305])
        self.assertNotEqual(applied, before)
        self.assertEqual(after, before)

    def test_what_the_kernel_refuses_is_reported_with_its_reason(self):
        (self.folder / "profile.toml").write_text(
            '[[entry]]\nsysctl = "net.ipv4.tcp_fin_timeout"\nat_most = 30\nwhy = "w"\n'
            'source = "requirement S1-08"\n'
            '[[entry]]\nsysctl = "net.ipv4.tcp_congestion_control"\nequals = "no_such_one"\n'
            'why = "w"\nsource = "requirement S1-08"\n'
            '[[entry]]\nsysctl = "net.ipv4.tcp_available_congestion_control"\n'
            'equals = "no_such_one"\nwhy = "w"\nsource = "requirement S1-08"\n')
        said = self.in_namespace("tune apply && exit 1; cat /proc/sys/net/ipv4/tcp_fin_timeout;"
                                 f" cat {self.folder}/state/backup.json; tune revert")
        self.assertIn("refused: net.ipv4.tcp_congestion_control = no_such_one: No such file", said)
        self.assertRegex(said, "refused: net.ipv4.tcp_available_congestion_control = no_such_one:"
                               " (Permission denied|Operation not permitted|Invalid argument)")
        self.assertIn("1 set, 2 refused", said)
        self.assertIn("\n30\n", said)
        self.assertNotIn('"net.ipv4.tcp_congestion_control"', said)

    def test_the_machines_own_setting_is_applied_and_comes_back(self):
        before = self.FILE_MAX.read_text()
        self.addCleanup(lambda: self.FILE_MAX.read_text() == before or
                        self.FILE_MAX.write_text(before))
        (self.folder / "profile.toml").write_text(
            f'[[entry]]\nsysctl = "fs.file-max"\nat_least = {int(before) + 1}\n'
            'why = "w"\nsource = "requirement S1-03"\n')
        options = ("--profile", self.folder / "profile.toml", "--state-dir", self.folder / "state")
        self.assertEqual(run("check", *options).returncode, 1)
        self.assertEqual(run("apply", *options).returncode, 0)
        self.assertEqual(int(self.FILE_MAX.read_text()), int(before) + 1)
        self.assertEqual(run("check", *options).returncode, 0)
        self.assertEqual(run("revert", *options).returncode, 0)
        self.assertEqual(self.FILE_MAX.read_text(), before)

    def test_who_is_not_root_may_look_and_is_told_how_to_change(self):
        someone = {"user": 65534, "group": 65534, "extra_groups": []}
        try:
            looked = run("check", **someone)
        except OSError as error:
            self.skipTest(f"another user cannot run {TUNE.name} where it lies: {error}")
        if "Permission denied" in looked.stderr:
            self.skipTest("another user cannot read this checkout")
        self.assertIn(looked.returncode, (0, 1), looked.stderr)
        refused = run("apply", **someone)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("needs root", refused.stderr)


if __name__ == "__main__":
    unittest.main()
