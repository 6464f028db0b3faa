"""parley-tune on folders that play a machine; test_tune_kernel.py has the kernel of this one."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TUNE = ROOT / "tuning" / "parley-tune"
SECONDS_MAX = 60

PROFILE = """
[[entry]]
sysctl = "net.ipv4.tcp_rmem"
at_least = "4096 131072 6291456"
why = "rmem why"
source = "requirement S1-08"

[[entry]]
sysctl = "net.core.somaxconn"
at_least = 65535
why = "somaxconn why"
source = "requirement S1-08"

[[entry]]
sysctl = "net.ipv4.tcp_fin_timeout"
at_most = 30
why = "fin why"
source = "requirement S1-08"

[[entry]]
sysctl = "net.ipv4.ip_local_reserved_ports"
ports = "8080"
why = "ports why"
source = "docs/configuration.md"

[[entry]]
sysctl = "net.ipv4.ip_local_port_range"
range = "1024 65535"
why = "range why"
source = "requirement S1-08"
"""
AS_DELIVERED = {
    "net/ipv4/tcp_rmem": "4096\t131072\t33554432\n",
    "net/core/somaxconn": "4096\n",
    "net/ipv4/tcp_fin_timeout": "60\n",
    "net/ipv4/ip_local_reserved_ports": "\n",
    "net/ipv4/ip_local_port_range": "32768\t60999\n",
}
AS_WANTED = {
    "net/ipv4/tcp_rmem": "4096\t131072\t33554432\n",
    "net/core/somaxconn": "65535\n",
    "net/ipv4/tcp_fin_timeout": "30\n",
    "net/ipv4/ip_local_reserved_ports": "8080\n",
    "net/ipv4/ip_local_port_range": "1024 65535\n",
}
OFF_AS_DELIVERED = 4


def run(*arguments, prefix=(), **kept):
    return subprocess.run([*prefix, TUNE, *arguments], text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=SECONDS_MAX, check=False, **kept)


class FakeMachine(unittest.TestCase):
    def setUp(self):
        self.root = Path(tempfile.mkdtemp(prefix="parley-tune-"))
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        self.profile = self.root / "profile.toml"
        self.profile.write_text(PROFILE)
        self.backup = self.root / "var/lib/parley-tune/backup.json"
        self.conf = self.root / "etc/sysctl.d/60-parley.conf"
        self.write_sysctls(AS_DELIVERED)

    def write(self, path, text):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def write_sysctls(self, values):
        for key, text in values.items():
            self.write(f"proc/sys/{key}", text)

    def sysctls(self):
        return {key: (self.root / "proc/sys" / key).read_text() for key in AS_DELIVERED}

    def tune(self, *arguments, code=0):
        ended = run(*arguments, "--root", self.root, "--profile", self.profile)
        self.assertEqual(ended.returncode, code, ended.stdout + ended.stderr)
        self.assertNotIn("Traceback", ended.stderr)
        return ended.stdout + ended.stderr


class Check(FakeMachine):
    def test_says_what_is_off_in_one_line_each_and_changes_nothing(self):
        lines = self.tune(code=1).splitlines()
        self.assertEqual(lines[0], "net.core.somaxconn is 4096, should be at least 65535:"
                                   " somaxconn why [requirement S1-08]")
        self.assertIn("tcp_fin_timeout is 60, should be at most 30: fin why", lines[1])
        self.assertIn("ip_local_reserved_ports is empty, should be a list that has 8080", lines[2])
        self.assertIn("ip_local_port_range is 32768 60999, should be 1024 65535 or", lines[3])
        self.assertEqual(lines[4:], ["1 ok, 4 off"])
        self.assertEqual(self.sysctls(), AS_DELIVERED)

    def test_is_content_with_what_is_wanted_and_with_more(self):
        self.write_sysctls(AS_WANTED)
        self.assertEqual(self.tune("check"), "5 ok\n")
        self.write_sysctls({"net/core/somaxconn": "100000\n", "net/ipv4/tcp_fin_timeout": "15\n",
                            "net/ipv4/ip_local_reserved_ports": "22,8000-8090\n",
                            "net/ipv4/ip_local_port_range": "1000\t65535\n"})
        self.assertEqual(self.tune("check"), "5 ok\n")

    def test_calls_a_missing_key_absent_and_not_off(self):
        self.write_sysctls(AS_WANTED)
        (self.root / "proc/sys/net/core/somaxconn").unlink()
        said = self.tune("check")
        self.assertIn("net.core.somaxconn is absent", said)
        self.assertIn("4 ok, 1 absent", said)

    def test_prints_one_json_object(self):
        said = json.loads(self.tune("check", "--json", code=1))
        self.assertEqual((said["ok"], said["off"], said["absent"]), (1, 4, 0))
        found = {entry["name"]: entry for entry in said["entries"]}
        somaxconn = found["net.core.somaxconn"]
        self.assertEqual((somaxconn["state"], somaxconn["is"], somaxconn["target"]),
                         ("off", "4096", "65535"))
        self.assertEqual(found["net.ipv4.tcp_rmem"]["state"], "ok")

    def test_says_which_values_it_cannot_compare_and_apply_leaves_them(self):
        for text in ("banana\n", "\n", "1 2\n"):
            self.write_sysctls(AS_WANTED | {"net/core/somaxconn": text})
            said = self.tune("check", code=1)
            self.assertIn("not comparable", said)
            self.assertIn("4 ok, 1 off", said)
            self.tune("apply", code=1)
            self.assertEqual(self.sysctls()["net/core/somaxconn"], text)
            self.assertFalse(self.backup.exists())

    def test_wrong_usage_and_wrong_profiles_are_exit_code_2(self):
        for arguments in (["chek"], ["check", "--dry-run"], ["check", "--persist"],
                          ["apply", "--json"], ["show", "--json"], ["revert", "--persist"]):
            self.tune(*arguments, code=2)
        self.assertEqual(run("--root", self.root / "nowhere").returncode, 2)
        entry = 'why = "w"\nsource = "s"\n'
        for text in ("", "entry = 5\n", "entry = [5]\n", "left_alone = [5]\n", "[[entry]\n",
                     f'[[entry]]\nsysctl = "a.b"\n{entry}',
                     f'[[entry]]\nsysctl = "a.b"\nat_least = "x"\n{entry}',
                     f'[[entry]]\nsysctl = "a.b"\nat_least = 1\nat_most = 2\n{entry}',
                     f'[[entry]]\nsysctl = "a.b"\nrange = "9 1"\n{entry}',
                     f'[[entry]]\nsysctl = "a.b"\nports = "70000"\n{entry}',
                     f'[[entry]]\nsysctl = "../../etc/passwd"\nequals = "x"\n{entry}',
                     f'[[entry]]\nsysctl = "a.b"\nat_least = 1\nminimum = 2\n{entry}',
                     f'[[entry]]\nlimit = "core"\nat_least = 1\nby_hand = "b"\n{entry}',
                     '[[entry]]\nsysctl = "a.b"\nat_least = 1\nwhy = "w"\n',
                     f'[[entry]]\nsysctl = "a.b"\nat_least = 1\n{entry}' * 2):
            self.profile.write_text(text)
            self.assertIn("profile.toml", self.tune("check", code=2), text)


class ApplyAndRevert(FakeMachine):
    def test_apply_sets_what_is_off_and_revert_puts_back_every_byte(self):
        said = self.tune("apply")
        self.assertIn("set net.core.somaxconn from 4096 to 65535", said)
        self.assertIn(f"{OFF_AS_DELIVERED} set, 0 refused, 0 left", said)
        self.assertEqual(self.sysctls(), AS_WANTED)
        self.tune("check")
        self.tune("revert")
        self.assertEqual(self.sysctls(), AS_DELIVERED)
        self.assertFalse(self.backup.exists())
        self.assertIn("nothing to revert", self.tune("revert"))

    def test_several_numbers_are_raised_one_by_one_and_come_back_with_their_tabs(self):
        before = "4096\t87380\t33554432\n"
        self.write_sysctls({"net/ipv4/tcp_rmem": before})
        self.tune("apply")
        self.assertEqual(self.sysctls()["net/ipv4/tcp_rmem"], "4096 131072 33554432\n")
        self.tune("revert")
        self.assertEqual(self.sysctls()["net/ipv4/tcp_rmem"], before)

    def test_apply_never_takes_away_what_is_there(self):
        more = {"net/core/somaxconn": "100000\n", "net/ipv4/tcp_fin_timeout": "15\n",
                "net/ipv4/ip_local_port_range": "1000\t60999\n",
                "net/ipv4/ip_local_reserved_ports": "22,9000-9010\n"}
        self.write_sysctls(more)
        self.tune("apply")
        self.assertEqual(self.sysctls(), AS_DELIVERED | more | {
            "net/ipv4/ip_local_port_range": "1000 65535\n",
            "net/ipv4/ip_local_reserved_ports": "22,9000-9010,8080\n"})

    def test_a_dry_run_writes_nothing(self):
        self.assertIn("would set net.core.somaxconn from 4096 to 65535",
                      self.tune("apply", "--dry-run", "--persist"))
        self.assertEqual(self.sysctls(), AS_DELIVERED)
        self.assertFalse(self.backup.parent.exists())
        self.assertFalse(self.conf.exists())
        self.tune("apply")
        self.assertIn("would set net.core.somaxconn to 4096", self.tune("revert", "--dry-run"))
        self.assertEqual(self.sysctls(), AS_WANTED)

    def test_applying_twice_keeps_what_was_there_first(self):
        (self.root / "proc/sys/net/ipv4/tcp_fin_timeout").unlink()
        self.tune("apply")
        self.assertIn("0 set", self.tune("apply"))
        self.write_sysctls({"net/core/somaxconn": "8192\n", "net/ipv4/tcp_fin_timeout": "60\n"})
        self.assertIn("2 set", self.tune("apply"))
        self.tune("revert")
        self.assertEqual(self.sysctls(), AS_DELIVERED)

    def test_revert_after_a_restart_puts_back_what_the_backup_says(self):
        self.write("proc/sys/kernel/random/boot_id", "one\n")
        self.tune("apply")
        self.write("proc/sys/kernel/random/boot_id", "two\n")
        self.write_sysctls(AS_DELIVERED | {"net/core/somaxconn": "128\n"})
        self.assertIn("was restarted since", self.tune("revert"))
        self.assertEqual(self.sysctls(), AS_DELIVERED)
        self.assertFalse(self.backup.exists())

    def test_revert_keeps_the_backup_until_all_is_restored(self):
        self.tune("apply")
        path = self.root / "proc/sys/net/core/somaxconn"
        path.unlink()
        said = self.tune("revert", code=1)
        self.assertIn("not restored: net.core.somaxconn is no longer there (it was 4096)", said)
        self.assertIn("1 not restored", said)
        self.assertTrue(self.backup.exists())
        path.write_text("65535\n")
        self.tune("revert")
        self.assertEqual(self.sysctls(), AS_DELIVERED)
        self.assertFalse(self.backup.exists())

    def test_revert_needs_no_profile(self):
        self.tune("apply")
        self.profile.write_text("spoilt")
        self.tune("revert")
        self.assertEqual(self.sysctls(), AS_DELIVERED)

    def test_a_key_that_is_refused_is_reported_and_the_rest_is_set(self):
        path = self.root / "proc/sys/net/core/somaxconn"
        if os.geteuid() == 0:  # Permissions do not keep root from writing.
            if subprocess.run(["chattr", "+i", path], capture_output=True,
                              check=False).returncode != 0:
                self.skipTest("root may write everything here: no immutable files")
            self.addCleanup(subprocess.run, ["chattr", "-i", path], check=True)
        else:
            path.chmod(0o444)
        said = self.tune("apply", code=1)
        self.assertRegex(said, "refused: net.core.somaxconn = 65535: "
                               "(Operation not permitted|Permission denied)")
        self.assertIn("3 set, 1 refused", said)
        self.assertEqual(self.sysctls(), AS_WANTED | {"net/core/somaxconn": "4096\n"})
        self.assertNotIn("somaxconn", self.backup.read_text())
        self.tune("revert")
        self.assertEqual(self.sysctls(), AS_DELIVERED)

    def test_what_is_done_by_hand_is_only_told(self):
        self.profile.write_text('[[entry]]\nsysctl = "net.core.somaxconn"\nat_least = 65535\n'
                                'why = "w"\nsource = "s"\nby_hand = "ask first"\n')
        self.assertIn("by hand: ask first", self.tune("check", code=1))
        self.assertIn("0 set, 0 refused, 1 left", self.tune("apply"))
        self.assertEqual(self.sysctls(), AS_DELIVERED)

    def test_two_do_not_work_at_once(self):
        self.backup.parent.mkdir(parents=True)
        folder = os.open(self.backup.parent, os.O_RDONLY)
        self.addCleanup(os.close, folder)
        fcntl.flock(folder, fcntl.LOCK_EX)
        self.assertIn("another parley-tune is at work", self.tune("apply", code=1))
        self.assertEqual(self.sysctls(), AS_DELIVERED)

    def test_a_spoilt_backup_stops_apply_and_revert(self):
        self.tune("apply")
        good = self.backup.read_text()
        evil = json.loads(good)
        evil["values"]["../../etc/passwd"] = "x"
        self.write_sysctls(AS_DELIVERED)
        for text in ("", "[]", "{}", good[:-20], json.dumps(evil)):
            self.backup.write_text(text)
            for command in ("apply", "revert"):
                self.assertIn("backup.json", self.tune(command, code=1))
                self.assertEqual(self.sysctls(), AS_DELIVERED)
        self.backup.write_text(good)
        self.backup.chmod(0o666)
        self.assertIn("writable by another user", self.tune("revert", code=1))


class Persist(FakeMachine):
    def test_the_file_holds_what_was_changed_and_revert_removes_it(self):
        self.tune("apply", "--persist")
        lines = [line for line in self.conf.read_text().splitlines() if not line.startswith("#")]
        self.assertEqual(lines, ["net.core.somaxconn = 65535", "net.ipv4.tcp_fin_timeout = 30",
                                 "net.ipv4.ip_local_reserved_ports = 8080",
                                 "net.ipv4.ip_local_port_range = 1024 65535"])
        self.assertEqual(self.conf.stat().st_mode & 0o777, 0o644)
        self.tune("revert")
        self.assertFalse(self.conf.exists())
        self.assertFalse(self.backup.exists())
        self.assertEqual(self.sysctls(), AS_DELIVERED)

    def test_it_may_follow_an_apply_without_it_and_be_repeated(self):
        self.tune("apply")
        self.tune("apply", "--persist")
        first = self.conf.read_text()
        self.assertIn("net.core.somaxconn = 65535", first)
        self.tune("apply", "--persist")
        self.assertEqual(self.conf.read_text(), first)

    def test_a_file_of_somebody_else_or_one_that_was_edited_is_left(self):
        self.write("etc/sysctl.d/60-parley.conf", "net.core.somaxconn = 1\n")
        self.assertIn("is not as parley-tune wrote it", self.tune("apply", "--persist", code=1))
        self.assertEqual(self.conf.read_text(), "net.core.somaxconn = 1\n")
        self.conf.unlink()
        self.tune("apply", "--persist")
        with self.conf.open("a") as stream:
            stream.write("vm.swappiness = 1\n")
        self.assertIn("was edited since", self.tune("revert", code=1))
        self.assertEqual(self.sysctls(), AS_DELIVERED)
        self.conf.unlink()
        self.tune("revert")
        self.assertFalse(self.backup.exists())

    def test_says_when_another_file_has_the_last_word(self):
        self.write("etc/sysctl.d/50-early.conf", "net.core.somaxconn = 1\n")
        self.write("etc/sysctl.d/99-late.conf", "# x\nnet/core/somaxconn=128\n")
        said = self.tune("apply", "--persist")
        self.assertIn("99-late.conf is read later and sets net.core.somaxconn", said)
        self.assertNotIn("50-early", said)

    def test_other_folders_may_be_named(self):
        state, conf = self.root / "elsewhere", self.root / "conf.d"
        folders = ("--state-dir", state, "--sysctl-dir", conf)
        self.tune("apply", "--persist", *folders)
        self.assertTrue((state / "backup.json").exists())
        self.assertTrue((conf / "60-parley.conf").exists())
        self.tune("revert", *folders)
        self.assertEqual(list(conf.iterdir()), [])


class OpenFiles(FakeMachine):
    def setUp(self):
        super().setUp()
        self.profile.write_text('[[entry]]\nlimit = "nofile"\nat_least = 1000000\nwhy = "w"\n'
                                'source = "requirement S1-08"\nby_hand = "raise it"\n')

    def test_the_units_last_word_counts(self):
        unit = "[Service]\nLimitNOFILE={}\n"
        self.write("lib/systemd/system/parleyd.service", unit.format("1024:524288"))
        said = self.tune(code=1)
        self.assertIn("nofile is 524288 for the unit /lib/systemd/system/parleyd.service", said)
        self.assertIn("by hand: raise it", said)
        for text in ("1048576", "1024:1048576", "infinity"):
            self.write("etc/systemd/system/parleyd.service.d/limit.conf", unit.format(text))
            self.tune()
        self.write("etc/systemd/system/parleyd.service.d/limit.conf", unit.format("many"))
        self.assertIn("many is no number", self.tune(code=1))

    def test_a_running_parleyd_counts_more_than_its_unit(self):
        self.write("etc/systemd/system/parleyd.service", "[Service]\nLimitNOFILE=1048576\n")
        self.write("proc/7/comm", "parleyd\n")
        self.write("proc/7/limits", "Limit  Soft Limit  Hard Limit  Units\n"
                                    "Max open files            20000     20000     files\n")
        self.assertIn("nofile is 20000 for the running parleyd, process 7", self.tune(code=1))

    def test_apply_leaves_limits_to_people(self):
        self.write("etc/systemd/system/parleyd.service", "[Service]\nLimitNOFILE=1024\n")
        self.assertIn("0 set, 0 refused, 1 left", self.tune("apply"))
        self.assertFalse(self.backup.exists())

    def test_the_packaged_unit_is_enough(self):
        self.write("etc/systemd/system/parleyd.service",
                   (ROOT / "packaging/systemd/parleyd.service").read_text())
        self.assertEqual(self.tune(), "1 ok\n")


class Show(FakeMachine):
    def test_tells_reasons_sources_and_what_it_sees(self):
        device = "sys/devices/pci0/virtio2"
        for name in ("rx-0/rps_cpus", "rx-1/rps_cpus"):
            self.write(f"sys/class/net/eth7/queues/{name}", "00\n")
        self.write(f"{device}/vendor", "x\n")
        (self.root / "sys/class/net/eth7/device").symlink_to("../../../devices/pci0/virtio2")
        self.write("sys/devices/pci0/msi_irqs/38", "msix\n")
        self.write("proc/irq/38/smp_affinity_list", "0-39\n")
        self.write("sys/devices/system/cpu/online", "0-39\n")
        self.write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n")
        self.write("proc/cmdline", "quiet isolcpus=4-7\n")
        said = self.tune("show")
        for words in ("net.core.somaxconn: at least 65535 (here 4096)", "somaxconn why",
                      "source: requirement S1-08", "eth7 (unknown): 2 receive queues",
                      "38 on 0-39", "isolcpus=4-7", "frequency governor: powersave",
                      "echo ff,ffffffff >", "isolcpus=2-39"):
            self.assertIn(words, said)

    def test_runs_on_this_machine_with_the_profile_that_ships(self):
        ended = run("show")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        for words in ("net.core.somaxconn", "Left alone", "For a machine of its own"):
            self.assertIn(words, ended.stdout)


class ShippedProfile(unittest.TestCase):
    def test_has_what_the_requirement_lists(self):
        text = (ROOT / "tuning/profile.toml").read_text(encoding="utf-8")
        for lines in ('limit = "nofile"\nat_least = 1000000',
                      'sysctl = "net.ipv4.tcp_max_syn_backlog"\nat_least = 65535',
                      'sysctl = "net.core.somaxconn"\nat_least = 65535',
                      'sysctl = "net.ipv4.ip_local_port_range"\nrange = "1024 65535"',
                      'sysctl = "net.ipv4.tcp_fin_timeout"\nat_most = 30'):
            self.assertIn(lines, text)

    def test_every_source_is_a_requirement_or_a_file_that_is_there(self):
        text = (ROOT / "tuning/profile.toml").read_text(encoding="utf-8")
        for source in re.findall(r'^source = "(.*)"$', text, re.M):
            for part in source.split(", "):
                self.assertTrue(re.fullmatch(r"requirement S[0-4]-\d\d", part) or
                                (ROOT / part).exists(), part)


if __name__ == "__main__":
    unittest.main()
