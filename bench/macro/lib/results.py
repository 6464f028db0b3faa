"""Tables of what was measured, and folders of results/."""

import json
import os
import platform
import statistics
import subprocess
import time

from lib.load import ROOT
from lib.workloads import SEND_FLOOR, workload


def bottleneck(runs):
    """Which side had no processor time left, by majority: server, generator, both or neither."""
    server = statistics.median((run["server"] or {"cpu": 0})["cpu"] for run in runs) > 0.9
    generator = sum(run["generator"]["saturated"] for run in runs) * 2 > len(runs)
    return {(True, True): "both", (True, False): "server", (False, True): "generator",
            (False, False): "neither"}[server, generator]


def summarise(measured, workload_of=workload):
    """The `workloads` of results.json (results/README.md)."""
    workloads = []
    for name, by_server in measured.items():
        one = workload_of(name)
        runs = [{"server": server,
                 "value": [one.value_of(run) for run in runs],
                 "valid": [run["verdict"]["valid"] for run in runs],
                 "load_before": [run["load_before"] for run in runs],
                 "server_cpu": [(run["server"] or {"cpu": 0})["cpu"] for run in runs],
                 "bottleneck": bottleneck(runs),
                 "good": all(not run["verdict"]["faults"] for run in runs)}
                for server, runs in by_server.items()]
        workloads.append({"name": name, "unit": one.unit, "says": one.says, "floor": one.floor,
                          "less_is_better": one.less_is_better, "runs": runs})
    return workloads


def number(value, unit):
    if unit == "ns":
        return f"{value / 1000:.0f} us"
    for factor, letter in ((1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:.3g} {letter}"
    return f"{value:.3g}"


def is_least(run):
    """Whether the server could do more than was seen: a floor that only sends is never idle, so a
    generator that had no time left was its limit, too."""
    return run["server"] == SEND_FLOOR and run["bottleneck"] in ("both", "generator")


def spread(run, unit):
    """Of the valid rounds; of all when none is, since a marked number says more than none."""
    values = [value for value, valid in zip(run["value"], run["valid"]) if valid] or run["value"]
    text = ("≥ " if is_least(run) else "") + number(statistics.median(values), unit)
    if len(values) > 1:
        text += f" ({number(min(values), unit)}-{number(max(values), unit)})"
    invalid = run["valid"].count(False)
    if invalid:
        text += f" {invalid} of {len(run['valid'])} INVALID"
    return text + ("" if run["good"] else " FAULTS")


def ratio(of, to):
    """Median of the ratios, round by round. A round that is invalid on either side says nothing."""
    pairs = [a / b for a, b, *valid in zip(of["value"], to["value"], of["valid"], to["valid"])
             if b > 0 and all(valid)]
    if not pairs:
        return "-"
    return ("≤ " if is_least(to) else "") + f"{statistics.median(pairs):.2f}"


def table(workloads, subject="parleyd"):
    servers = []
    for one in workloads:
        servers += [run["server"] for run in one["runs"] if run["server"] not in servers]
    lines = ["| workload | " + " | ".join(servers) + " | " +
             " | ".join(f"{subject} / {s}" for s in servers if s != subject) + " | bottleneck |",
             "|" + "---|" * (2 * len(servers) + 1)]
    for one in workloads:
        values = {run["server"]: run for run in one["runs"]}
        cells = [f"{one['name']}, {one['unit'] if one['unit'] != 'ns' else 'latency'}"]
        cells += [spread(values[s], one["unit"]) if s in values else "-" for s in servers]
        cells += [ratio(values[subject], values[s])
                  if s in values and subject in values else "-" for s in servers if s != subject]
        cells.append(", ".join(f"{s}: {values[s]['bottleneck']}" for s in servers if s in values))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def output_of(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def machine(run):
    """What a run says of the machine, and the compiler."""
    environment = run["environment"]
    return {"name": f"{environment['cpu']}, {environment['cores']} cores",
            "kernel": environment["kernel"], "memory_bytes": environment["memory_bytes"],
            "nofile": environment["nofile"], "sysctl": environment["sysctl"],
            "mitigations": environment["mitigations"],
            "compiler": output_of("c++", "--version").split("\n", 1)[0],
            "arch": platform.machine()}


def short(value):
    """With six digits, which is more than any run is good for."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {name: short(one) for name, one in value.items()}
    return [short(one) for one in value] if isinstance(value, list) else value


def slim(run, first):
    """A run without what repeats in all of them or is large: its percentiles stay, and of its plan
    what differs from that of the first run."""
    left_out = ("schema", "kind", "environment", "version", "coarse_ns", "command", "agents",
                "series")
    slimmed = {name: value for name, value in run.items() if name not in left_out}
    for name in ("latency", "lag", "connecting"):
        slimmed[name] = {k: v for k, v in run[name].items() if k != "filled"}
    if run is not first:
        slimmed["plan"] = {name: value for name, value in run["plan"].items()
                           if value != first["plan"].get(name)}
    return short(slimmed)


def new_folder(case):
    """Never writes over an earlier record: a second one of the same day gets a number."""
    base = ROOT / "results" / f"{time.strftime('%Y-%m-%d')}-{case}"
    folder, count = base, 1
    while folder.exists():
        count += 1
        folder = base.with_name(f"{base.name}-{count}")
    folder.mkdir(parents=True)
    return folder


def write_json(file, value):
    file.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def keep(case, title, command, runs, figures, text):
    """A folder of results/, which it returns. `runs` are at least one, each with the name of its
    workload; `figures` is what results.json has besides what is known of any record."""
    facts = machine(runs[0])
    revision = output_of("git", "describe", "--always", "--dirty", "--abbrev=12")
    loads = [run["load_before"] for run in runs]
    folder = new_folder(case)
    write_json(folder / "results.json",
               {"schema": "parley-results/1", "date": time.strftime("%Y-%m-%d"),
                "revision": revision, "machine": facts} | figures)
    slimmed = ",\n".join(json.dumps(slim(run, runs[0])) for run in runs)
    (folder / "runs.json").write_text(f"[\n{slimmed}\n]\n", encoding="utf-8")
    (folder / "README.md").write_text(f"""# {title}

| | |
|---|---|
| command | `{command}` |
| machine | {facts['name']}, kernel {facts['kernel']}, {os.cpu_count()} online |
| compiler | {facts['compiler']} |
| revision | {revision} |
| load average before each run | {min(loads):.2f}-{max(loads):.2f} |

{text}
""", encoding="utf-8")
    return folder


def record(case, title, measured, command):
    """Keeps what was measured as a folder of results/, and returns it."""
    workloads = summarise(measured)
    runs = [run | {"workload": name} for name, by_server in measured.items()
            for runs in by_server.values() for run in runs]
    text = f"""\
Server on core 0 with one worker, generator on core 1, loopback, in turns. Median (least-most), \
ratios round by round. Rounds in which the generator was the limit are INVALID: counted, and left \
out of medians and ratios.

{table(workloads)}

What each workload asks is in bench/macro/lib/workloads.py; `runs.json` has every run as \
docs/load-report.md describes it, without histograms and seconds, and with what of its plan \
differs from the first run's; `results.json` is for the dashboard."""
    return keep(case, title, command, runs, {"workloads": workloads}, text)
