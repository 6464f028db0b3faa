"""Turns the runs of run.py into a table, and into a folder of results/."""

import json
import os
import platform
import statistics
import subprocess


def millions(run):
    return f"{run['deliveries_per_second'] / 1e6:.3f}M"


def rates(runs):
    return [run["deliveries_per_second"] / 1e6 for run in runs]


def per_core(runs):
    """Millions of deliveries per second of the server's processor time: what other work on the
    machine disturbs least."""
    return [run["deliveries"] / run["seconds"] / run["server_cpu"] / 1e6 for run in runs]


def spread(values, digits=3):
    median = f"{statistics.median(values):.{digits}f}"
    if len(values) == 1:
        return median
    return f"{median} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def groups(runs):
    """(name, runs) of each kind of run, in the order in which they were first made."""
    named = {}
    for run in runs:
        name = f"parleyd, {run['depth']} in flight" if run["of"] == "parley" else \
            f"floor, {run['frames_per_send']} frames per send"
        named.setdefault(name, []).append(run)
    return named.items()


def row(name, runs):
    def column(key, digits):
        return spread([run[key] for run in runs], digits)

    latency = "-"
    if "latency_p50_us" in runs[0]:
        latency = " / ".join(f"{statistics.median(run[key] for run in runs) / 1000:.2f}"
                             for key in ("latency_p50_us", "latency_p99_us"))
    cells = [name, str(len(runs)), spread(rates(runs)), spread(per_core(runs)),
             column("server_cpu", 2), column("client_cpu", 2), column("bytes_per_delivery", 1),
             column("frames_per_receive", 1), latency]
    return f"| {' | '.join(cells)} |"


def ratios(runs, depth):
    """Parley over floor of each round: by rate, and by rate per processor time."""
    parley = [run for run in runs if run["of"] == "parley" and run["depth"] == depth]
    floor = [run for run in runs if run["of"] == "floor"]
    pairs = list(zip(parley, floor))
    of = lambda value: [value([p])[0] / value([f])[0] for p, f in pairs]  # noqa: E731
    return of(rates), of(per_core)


def table(runs, depth):
    by_rate, by_cpu = ratios(runs, depth)
    head = ["", "n", "M deliveries/s", "M deliveries per server CPU s", "server CPU", "client CPU",
            "bytes per delivery", "frames per receive", "latency p50 / p99 ms"]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [row(name, group) for name, group in groups(runs)]
    lines += ["", "Median (min-max).",
              f"parleyd over its floor at {depth} in flight, round by round: {spread(by_rate, 2)} "
              f"by rate, {spread(by_cpu, 2)} by rate per processor time."]
    return "\n".join(lines)


def output_of(command, root):
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def environment(root):
    model = next((line.split(":", 1)[1].strip()
                  for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("model name")), platform.machine())
    sysctl = {name: open(f"/proc/sys/{name.replace('.', '/')}", encoding="utf-8").read().split()
              for name in ("net.core.somaxconn", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
                           "net.ipv4.tcp_congestion_control")}
    return {"processor": model, "cores": os.cpu_count(), "kernel": platform.release(),
            "compiler": output_of(["c++", "--version"], root).split("\n", 1)[0],
            "revision": output_of(["git", "rev-parse", "--short=12", "HEAD"], root),
            "uncommitted": output_of(["git", "status", "--porcelain", "--untracked-files=no"],
                                     root).splitlines(),
            "sysctl": sysctl}


def load_line(runs):
    loads = [run["load_before"] for run in runs]
    return f"{min(loads):.2f}-{max(loads):.2f}"


def record(folder, root, runs, options, arguments):
    """Never writes over an earlier record: a second of the same day gets a number."""
    base, number = folder, 1
    while folder.exists():
        number += 1
        folder = base.with_name(f"{base.name}-{number}")
    folder.mkdir(parents=True)
    host = environment(root)
    dump = lambda name, value: (folder / name).write_text(  # noqa: E731
        json.dumps(value, indent=1, default=str) + "\n", encoding="utf-8")
    dump("environment.json", host)
    dump("raw.json", runs)
    command = " ".join(["./dev bench fanout", *arguments])
    text = f"""# A fan-out beside its floor

{options.connections} connections in rooms of {options.members}, texts of {options.text_bytes} \
bytes, one worker on core {options.server_core}, the client on core {options.client_core}; \
windows of {options.window:g} s after {options.warm_up:g} s of warm-up.

| | |
|---|---|
| command | `{command}` |
| processor | {host['processor']}, {host['cores']} cores |
| kernel | {host['kernel']} |
| compiler | {host['compiler']} |
| revision | {host['revision']}, {len(host['uncommitted'])} files changed since (environment.json) |
| load average before each run | {load_line(runs)} |

{table(runs, options.depth)}

Every window of parleyd: no message lost, repeated or out of order, on any connection. What the
programs do and how to read the columns: bench/macro/fanout/README.md.
"""
    (folder / "README.md").write_text(text, encoding="utf-8")
    return folder
