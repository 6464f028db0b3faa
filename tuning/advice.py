"""What no program should set by itself: settings left alone, counters, and a host of one's own."""

import os
from dataclasses import dataclass

from checks import shown


@dataclass(frozen=True)
class Advice:
    title: str
    when: str  # When it matters.
    here: list  # What this machine shows of it.
    commands: list


def cpus_in(text):
    """The numbers of a list such as `0-3,8`."""
    found = []
    for part in filter(None, (text or "").strip().split(",")):
        low, _, high = part.partition("-")
        found.extend(range(int(low), int(high or low) + 1))
    return found


def mask(cpus):
    """CPUs as the kernel writes a mask: hexadecimal, a comma before each eight digits."""
    digits = f"{sum(1 << cpu for cpu in cpus):x}"
    groups = []
    while digits:
        groups.insert(0, digits[-8:])
        digits = digits[:-8]
    return ",".join(groups)


def counted(count, what):
    return f"{count} {what}" + ("" if count == 1 else "s")


@dataclass(frozen=True)
class Nic:
    name: str
    driver: str
    rx: int
    tx: int
    interrupts: dict  # Number to the CPUs that may serve it.
    rps: list  # Of each receive queue, the mask of CPUs; 0 is off.
    xps: list


def nics(host):
    """The network cards: interfaces with a device behind them."""
    return [nic(host, device.parent) for device in host.glob("/sys/class/net/*/device")]


def nic(host, path):
    device = (path / "device").resolve()
    # A virtio device has its interrupts at the bus device above it.
    folders = [device / "msi_irqs", device.parent / "msi_irqs"]
    numbers = next(([int(file.name) for file in folder.iterdir()] for folder in folders
                    if folder.is_dir()), [])
    interrupts = {number: host.text(f"/proc/irq/{number}/smp_affinity_list") or "?"
                  for number in sorted(numbers)}
    driver = (device / "driver").resolve().name if (device / "driver").exists() else "unknown"
    return Nic(path.name, driver, len(list(path.glob("queues/rx-*"))),
               len(list(path.glob("queues/tx-*"))), interrupts,
               masks(path, "rx-*/rps_cpus"), masks(path, "tx-*/xps_cpus"))


def masks(path, pattern):
    found = []
    for file in sorted(path.glob(f"queues/{pattern}")):
        try:
            found.append(file.read_text().strip())
        except OSError:
            found.append("fixed")  # A card of one queue says ENOENT: there is no choice.
    return found


class Look:
    """What the advice looks at, read once."""

    def __init__(self, host):
        self.host = host
        self.cpus = cpus_in(host.text("/sys/devices/system/cpu/online")) or \
            list(range(os.cpu_count() or 1))
        self.nics = nics(host)
        self.cmdline = (host.text("/proc/cmdline") or "").split()

    def on_cmdline(self, *names):
        said = [word for word in self.cmdline if word.partition("=")[0] in names]
        return "kernel command line: " + (" ".join(said) or "none of " + ", ".join(names))


def interrupts(look):
    here = []
    for card in look.nics:
        served = ", ".join(f"{number} on {cpus}" for number, cpus in card.interrupts.items())
        here.append(f"{card.name} ({card.driver}): {counted(card.rx, 'receive queue')},"
                    f" {counted(card.tx, 'transmit queue')}, {counted(len(look.cpus), 'CPU')};"
                    f" interrupts {served or 'not seen'}")
    name = look.nics[0].name if look.nics else "eth0"
    return Advice(
        "A queue of the network card on each core, and its interrupt there",
        "The card has several queues and parleyd runs with pin_workers: what arrives for a"
        " connection is then taken in on few cores, and not wherever an interrupt happens to fall.",
        here or ["no network card is seen"],
        [f"ethtool -L {name} combined {len(look.cpus)}",
         "systemctl disable --now irqbalance",
         "echo CPU > /proc/irq/NUMBER/smp_affinity_list    # for each interrupt of the card"])


def packet_steering(look):
    here = []
    for card in look.nics:
        off = not any(set(value) - set("0,") for value in card.rps)
        few = "fewer receive queues than CPUs" if card.rx < len(look.cpus) else \
            "a receive queue for each CPU: leave RPS off"
        xps = " ".join(card.xps) or "not offered"
        here.append(f"{card.name}: RPS is {'off' if off else ' '.join(card.rps)}, XPS {xps}; {few}")
    name = look.nics[0].name if look.nics else "eth0"
    return Advice(
        "RPS and XPS: cores share the work of a card with few queues",
        "Fewer queues than cores, and one core busy in softirq (top, column si) while others idle."
        " RPS sends each packet on to a core by its connection, at the price of waking that core.",
        here or ["no network card is seen"],
        [f"echo {mask(look.cpus)} > /sys/class/net/{name}/queues/rx-0/rps_cpus",
         f"echo {mask(look.cpus[:1])} > /sys/class/net/{name}/queues/tx-0/xps_cpus"
         "    # one CPU a queue"])


def isolation(look):
    isolated = shown(look.host.text("/sys/devices/system/cpu/isolated"))
    rest = [cpu for cpu in look.cpus if cpu >= 2]
    cpus = f"{min(rest)}-{max(rest)}" if len(rest) > 1 else "2-N"
    few = [] if len(look.cpus) >= 4 else \
        [f"{counted(len(look.cpus), 'CPU')}: too few to set some apart"]
    return Advice(
        "Cores that do nothing but parleyd",
        "Four cores or more, and the slowest 0.1 % of deliveries matter. The scheduler puts nothing"
        " on isolated cores by itself, so the unit must name them and workers must be pinned.",
        [look.on_cmdline("isolcpus", "nohz_full", "rcu_nocbs"), f"isolated CPUs: {isolated}", *few],
        [f"GRUB_CMDLINE_LINUX=\"isolcpus={cpus} nohz_full={cpus} rcu_nocbs={cpus}\""
         "    # in /etc/default/grub; update-grub; restart",
         f"CPUAffinity={cpus}    # in the [Service] part of parleyd.service",
         "PARLEY_PIN_WORKERS=true    # in /etc/parley/parleyd.env"])


def sleep(look):
    governors = sorted({file.read_text().strip() for file in
                        look.host.glob("/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor")})
    driver = look.host.text("/sys/devices/system/cpu/cpuidle/current_driver")
    idle = look.host.text("/sys/devices/system/cpu/cpuidle/current_governor")
    states = [file.read_text().strip() for file in
              look.host.glob("/sys/devices/system/cpu/cpu0/cpuidle/state*/name")]
    return Advice(
        "Clock speed and sleep of the cores",
        "Little traffic and latency matters: a core that is deeply asleep or clocked down answers"
        " late. Under load cores do not sleep, and this changes nothing but the bill.",
        ["frequency governor: " + (", ".join(governors) or "none (a guest, or fixed by firmware)"),
         f"idle driver {shown(driver)}, governor {shown(idle)},"
         f" states {', '.join(states) or 'not seen'}",
         look.on_cmdline("intel_idle.max_cstate", "processor.max_cstate", "idle")],
        ["cpupower frequency-set -g performance",
         "cpupower idle-set -D 10    # no state that takes longer than 10 us to leave"])


def mitigations(look):
    said = {file.name: file.read_text().strip() for file in
            look.host.glob("/sys/devices/system/cpu/vulnerabilities/*")}
    active = [name for name, text in said.items() if text.startswith("Mitigation")]
    return Advice(
        "Mitigations of processor faults",
        "Only on a machine that runs nobody else's code. Every system call pays for them, and"
        " chat is mostly system calls; measure with and without before giving up the protection.",
        [f"mitigated: {', '.join(active) or 'none'}", look.on_cmdline("mitigations")],
        ["lscpu | grep -i vulnerability",
         "GRUB_CMDLINE_LINUX=\"mitigations=off\"    # in /etc/default/grub; update-grub; restart"])


def card_buffers(look):
    here = []
    for card in look.nics:
        lost = {name: look.host.text(f"/sys/class/net/{card.name}/statistics/{name}")
                for name in ("rx_dropped", "rx_missed_errors", "rx_fifo_errors")}
        here.append(f"{card.name}: " + ", ".join(f"{name} {shown(value)}"
                                                 for name, value in lost.items()))
    name = look.nics[0].name if look.nics else "eth0"
    return Advice(
        "Buffers, offloads and interrupt pacing of the network card",
        "rx_missed_errors or rx_fifo_errors grow: larger rings. Offloads (TSO, GSO, GRO) belong on:"
        " parleyd sends many frames at once. Pacing trades latency for fewer interrupts.",
        here or ["no network card is seen"],
        [f"ethtool -g {name}; ethtool -G {name} rx 4096 tx 4096",
         f"ethtool -k {name}; ethtool -K {name} tso on gso on gro on",
         f"ethtool -c {name}; ethtool -C {name} adaptive-rx on"])


def connection_hash(look):
    buckets = look.host.read_sysctl("net.ipv4.tcp_ehash_entries")
    return Advice(
        "The kernel's hash table of connections",
        "More than a million connections: each bucket then holds several, and opening further ones"
        " becomes slower. Its size is chosen at start only.",
        [f"{shown(buckets)} buckets", look.on_cmdline("thash_entries")],
        ["GRUB_CMDLINE_LINUX=\"thash_entries=2097152\""
         "    # in /etc/default/grub; update-grub; restart"])


TOPICS = (interrupts, packet_steering, isolation, sleep, mitigations, card_buffers,
          connection_hash)


def print_left_alone(profile, host):
    print("\nLeft alone: what guides like to turn and no run of this project has shown to matter")
    counters = host.counters()
    for item in profile.left_alone:
        values = [f"{key} = {shown(host.read_sysctl(key))}" for key in item.keys]
        values += [f"{path}: {shown(host.text(path))}" for path in item.paths]
        print("\n  " + "\n  ".join(values))
        print(f"    {item.why}")
        if item.counter:
            count = counters.get(item.counter)
            print(f"    counted here since the start ({item.counter}): "
                  + ("unknown" if count is None else str(count)))


def print_advice(profile, host):
    print_left_alone(profile, host)
    print("\nFor a machine of its own: never applied, measure before and after")
    look = Look(host)
    for topic in TOPICS:
        advice = topic(look)
        print(f"\n  {advice.title}")
        print(f"    when: {advice.when}")
        for line in advice.here:
            print(f"    here: {line}")
        for line in advice.commands:
            print(f"    do:   {line}")
