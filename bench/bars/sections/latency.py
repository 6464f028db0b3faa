"""How long a delivery takes: beside the relay floor, and at half of what the server holds."""

from lib.load import SERVERS, Failed, Server, dialect_of, flags_of, free_port, reported
from lib.workloads import SUBJECT, Workload, workload

from bar import AT_MOST, Bar, faults_of, is_valid, ratio_bar
from bench import progress
from section import Section

RATIO_MAX = 1.15
P99_MS_MAX = 2
# Publications a second where no search succeeds: median of results/2026-11-25-capacity-2.
CAPACITY_KNOWN = 26_900

# As loadgen/plans/capacity.toml, with a search that is short and coarse.
HALF = Workload("latency-half-capacity", "two rooms of 100 at half of what the server holds: p99",
                {"mode": "open", "connections": 200, "members": 100, "payload": 64,
                 "wait": "sweep"}, unit="ns", value="p99", less_is_better=True, floor="", peers=())
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


def capacity(bench):
    """Publications a second that the server holds, and what is to be said of that."""
    try:
        report = search(bench)
    except Failed as failure:
        progress(f"capacity: {failure}")
        report = {"answer": None}
    if report["answer"] is None:
        return CAPACITY_KNOWN, " (of earlier searches: this one found none)"
    progress(f"capacity: {report['answer']:.0f} publications/s")
    return report["answer"], " (at least)" if report["limited_by_generator"] else ""


def half_of_capacity(bench):
    rate, lower = capacity(bench)
    runs = [bench.run(HALF, rate=f"{rate / 2:.0f}/s") for _ in range(bench.rounds)]
    values = [HALF.value_of(run) / 1e6 if is_valid(run) else None for run in runs]
    note = f"at {rate / 2:,.0f} of {rate:,.0f} publications/s{lower}, to 100 members each"
    if None in values:
        note += f"; {values.count(None)} of {len(values)} rounds left out: invalid"
    return Bar(SECTION.name, "p99 at half the capacity", values, "ms", P99_MS_MAX, AT_MOST, note,
               faults_of(runs))


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
