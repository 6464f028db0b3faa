"""How long a delivery takes: beside the relay floor, and at half of what the server holds."""

from lib.load import SERVERS, Failed, Server, dialect_of, flags_of, free_port, reported
from lib.workloads import SUBJECT, Workload, workload

from bar import AT_MOST, Bar, faults_of, is_valid, ratio_bar
from bench import progress
from section import Section

RATIO_MAX = 1.15
P99_MS_MAX = 2
# As loadgen/plans/capacity.toml, with a search that is short and coarse.
HALF = Workload("latency-half-capacity", "two rooms of 100 at half of what the server holds: p99",
                {"mode": "open", "connections": 200, "members": 100, "payload": 64,
                 "wait": "sweep"}, unit="ns", value="p99", less_is_better=True, peers=())
SEARCH = ("--vary", "rate", "--from", 8000, "--precision", 0.1, "--confirm", 1,
          "--criteria", "p99 < 5ms, loss == 0")
SEARCH_TIMES = {"duration": "2s", "warm-up": "500ms"}
SEARCH_BRIEF = ("--vary", "rate", "--from", 100, "--precision", 0.5, "--confirm", 1,
                "--criteria", "deliveries < 15k/s")
SEARCH_BRIEF_TIMES = {"duration": "100ms", "warm-up": "100ms"}


def search(bench):
    """The report of a search for the highest rate that holds."""
    server = Server(SUBJECT)
    protocol, path = dialect_of(server)
    port = free_port()
    start = (f"exec {SERVERS / server.name / 'start'} --port {port} --core {bench.server_core} "
             f"--build-dir {server.build_dir}")
    return reported("capacity", "--server", start, "--url", f"ws://127.0.0.1:{port}{path}",
                    "--protocol", protocol, *bench.size(SEARCH, SEARCH_BRIEF),
                    *flags_of(HALF.plan | bench.size(SEARCH_TIMES, SEARCH_BRIEF_TIMES)),
                    core=bench.load_core)


def half_of_capacity(bench):
    report = search(bench)
    rate = report["answer"]
    if rate is None:
        raise Failed("no rate holds: the search for the capacity found none")
    progress(f"capacity: {rate:.0f} publications/s")
    pairs = bench.pairs(HALF, rate=f"{rate / 2:.0f}/s")
    values, of_floor = ([HALF.value_of(run) / 1e6 if is_valid(run) else None for run in runs]
                        for runs in zip(*pairs))
    of = "half of what the generator can ask" if report["limited_by_generator"] \
        else "half the capacity"
    floor = ", ".join("-" if value is None else f"{value:.2f}" for value in of_floor)
    note = (f"at {rate / 2:,.0f} of {rate:,.0f} publications/s, to 100 members each; the relay "
            f"floor's: {floor} ms")
    if None in values:
        note += f"; {values.count(None)} of {len(values)} rounds left out: invalid"
    return Bar(SECTION.name, f"p99 at {of}", values, "ms", P99_MS_MAX, AT_MOST, note,
               faults_of(run for pair in pairs for run in pair))


def measure(bench):
    p50, p99 = workload("latency"), workload("latency-p99")
    pairs = bench.pairs(p50)
    for name, one in (("p50", p50), ("p99", p99)):
        yield ratio_bar(SECTION.name, f"{name} at 100,000 deliveries/s", pairs, one, by_cpu=False,
                        limit=RATIO_MAX, direction=AT_MOST)
    yield half_of_capacity(bench)


SECTION = Section("latency", "From when a message was due to its receipt, open loop, evenly "
                  "spaced: 1000 members in rooms of 100, parleyd's over the relay floor's. Then "
                  "two rooms of 100 at half of the highest rate at which p99 stays below 5 ms, "
                  "which a short search finds first.", measure)
