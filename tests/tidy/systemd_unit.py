#!/usr/bin/env python3
"""The service unit is what checklist S0-19 asks for, and systemd itself finds no fault with it."""

import configparser
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

UNIT = Path(__file__).resolve().parents[2] / "packaging" / "systemd" / "parleyd.service"
SKIPPED = 77

# S0-19; LimitNOFILE is what S1-08 gives the service.
EXPECTED = {
    "Unit": {"After": "network.target"},
    "Service": {"Type": "simple", "User": "www-data", "Restart": "always", "RestartSec": "10",
                "TimeoutStopSec": "30", "KillMode": "mixed"},
    "Install": {"WantedBy": "multi-user.target"},
}


def faults_of_content():
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read_string(UNIT.read_text(encoding="utf-8"))
    for section, values in EXPECTED.items():
        for key, value in values.items():
            found = unit.get(section, key, fallback=None)
            if found != value:
                yield f"{section}.{key} is {found}, not {value}"
    for section, key in (("Unit", "Description"), ("Service", "WorkingDirectory")):
        if not unit.get(section, key, fallback=""):
            yield f"{section}.{key} is missing"
    if int(unit.get("Service", "LimitNOFILE", fallback="0")) < 1_000_000:
        yield "Service.LimitNOFILE is below 1000000"


def faults_seen_by_systemd():
    """systemd-analyze wants the program to be there, so one that always is stands in for it."""
    text = UNIT.read_text(encoding="utf-8").replace("/usr/local/bin/parleyd", "/bin/true")
    with tempfile.TemporaryDirectory() as folder:
        unit = Path(folder) / UNIT.name
        unit.write_text(text, encoding="utf-8")
        result = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True,
                                text=True, check=False)
    said = result.stderr.strip()
    if result.returncode != 0 or UNIT.name in said:
        yield said or f"systemd-analyze ended with {result.returncode}"


def main():
    faults = list(faults_of_content())
    verified = shutil.which("systemd-analyze") is not None
    if verified:
        faults += faults_seen_by_systemd()
    for fault in faults:
        print(f"{UNIT.name}: {fault}")
    if faults:
        return 1
    if not verified:
        print("skipped: systemd-analyze is not here")
        return SKIPPED
    return 0


if __name__ == "__main__":
    sys.exit(main())
